#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Requests, pings, discovery and decode: against Debian's server, and against
# our own device where that has no resource for it.

load helper

setup_file() {
	start_coap_server || return 1
	export udp=coap://127.0.0.1:${port}
	export tcp=coap+tcp://127.0.0.1:${port}
	start_serve || return 1
	export device=coap://127.0.0.1:${port}
	export device_tcp=coap+tcp://127.0.0.1:${port}
}

teardown_file() {
	stop_peers
}

setup() {
	file=${BATS_TEST_TMPDIR}/file
	# "bytes" has all of the 256 values.
	bytes=${BATS_TEST_TMPDIR}/bytes
	xxd -r -p >"${bytes}" <<<"$(printf '%02x' {0..255})"
}

teardown() {
	stop_peers
}

# One line on standard error that says $2, nothing on standard output, and
# exit status $1.
assert_told() {
	assert_equal "${status}" "$1"
	assert_equal "${output}" ''
	assert_equal "${#stderr_lines[@]}" 1
	[[ ${stderr} == "coap-shell: "*"$2"* ]] || fail "${stderr}"
}

# Run "$@"; it must end within a few seconds of the 30 that --timeout gives.
run_soon() {
	local begin=${SECONDS}
	run_apart "$@"
	((SECONDS - begin < 15))
}

# Wait for one datagram on a free port, write it to the file "datagram", and
# never answer. Sets port.
start_sink() {
	rm -f "${BATS_TEST_TMPDIR}/datagram"
	start_server sink python3 -c '
import socket, sys
t = socket.socket()
t.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.bind(("127.0.0.1", int(sys.argv[1])))
t.bind(("127.0.0.1", int(sys.argv[1])))
t.listen()
while True:
    with open(sys.argv[2], "ab") as f:
        f.write(u.recv(65536))
' PORT "${BATS_TEST_TMPDIR}/datagram"
}

datagram() {
	xxd -p "${BATS_TEST_TMPDIR}/datagram" | tr -d '\n'
}

# ---- get --------------------------------------------------------------------

@test '@- is refused where the commands themselves come from stdin' {
	run_apart cs <<<"put ${device}/store/x -d @-"
	assert_equal "${status}" 2
	[[ ${stderr} == *'where these commands come from'* ]]
	run_apart cs get "${device}/store/x"
	assert_equal "${status}" 4
}

@test 'a body that comes in blocks is shown whole' {
	body="$(printf '%0200d' 0)"
	cs put "${udp}/example_data" -d "${body}"
	# 64 bytes a block: the server sends the first one.
	run_apart cs get "${udp}/example_data" -O Block2=uint:2
	assert_success
	assert_output "${body}"
}

@test 'a block that was asked for alone is said to be only that: 18' {
	cs put "${udp}/example_data" -d "$(printf '%0200d' 0)"
	run_apart cs get "${udp}/example_data" -O Block2=uint:18
	assert_equal "${status}" 18
	assert_equal "${#output}" 64
	[[ ${stderr} == *'only a part'* ]]
}

@test 'get prints the payload and nothing else, over UDP and TCP' {
	for uri in "${udp}" "${tcp}"; do
		cs get "${uri}/example_data" >"${file}" 2>"${file}.err" \
			|| fail "$(cat "${file}.err")"
		[[ ! -s ${file}.err ]]
		run_apart cs get "${uri}/time"
		assert_success
		[[ ${output} =~ ^[A-Z][a-z]{2}\ [0-9]{2}\ [0-9:]{8}$ ]] \
			|| fail "${output}"
		assert_equal "${stderr}" ''
	done
}

@test 'a resource that is not there: exit 4, the diagnostic on stderr' {
	run_apart cs get "${udp}/nope"
	assert_told 4 '4.04 Not Found: '
	run_apart cs get "${tcp}/nope"
	assert_told 4 '4.04 Not Found: '
	run_apart cs get "${device}/code?code=5.03"
	assert_told 5 '5.03 Service Unavailable'
	run_apart cs delete "${device}/time"
	assert_told 4 '4.05 Method Not Allowed'
}

@test 'a closed port: exit 7, long before the timeout' {
	local closed
	closed=$(free_port)
	run_soon cs get --timeout 30s "coap://127.0.0.1:${closed}/time"
	assert_told 7 "127.0.0.1:${closed} over udp: nothing listens there"
	run_soon cs get --timeout 30s "coap+tcp://127.0.0.1:${closed}/time"
	assert_told 7 "127.0.0.1:${closed} over tcp: nothing listens there"
}

@test 'a silent port: exit 28 after the timeout, and what was waited for' {
	start_silent
	for scheme in coap coap+tcp; do
		uri=${scheme}://127.0.0.1:${port}/time
		run_soon cs get -T 300ms "${uri}"
		assert_told 28 "timed out after 300 ms waiting for a response from ${uri}"
	done
}

@test 'a name that does not resolve: exit 6' {
	run_soon cs get coap://device.invalid/time
	assert_told 6 'coap://device.invalid/time: the name does not resolve'
}

@test 'a bad option, format or file sends nothing: exit 2 or 3' {
	start_sink
	uri=coap://127.0.0.1:${port}/x
	run_apart cs get --no-such-option "${uri}"
	assert_told 2 "unknown option '--no-such-option'"
	run_apart cs get --accept no/such "${uri}"
	assert_told 2 "--accept: no format is named 'no/such'"
	run_apart cs put -t no/such -d x "${uri}"
	assert_told 2 "--content-format: no format is named 'no/such'"
	run_apart cs get --expect-ct no/such "${uri}"
	assert_told 2 "--expect-ct: no format is named 'no/such'"
	run_apart cs get --expect 0.01 "${uri}"
	assert_told 2 "'0.01' is no response code"
	run_apart cs get --expect-text '(' "${uri}"
	assert_told 2 "--expect-text '(': "
	run_apart cs get --expect-json a=1 "${uri}"
	assert_told 2 "--expect-json wants POINTER=VALUE"
	run_apart cs get -O no-such=1 "${uri}"
	assert_told 2 "no option is named 'no-such'"
	run_apart cs get -O accept=jsn "${uri}"
	assert_told 2 "'jsn' is not a format or its number, which Accept wants"
	run_apart cs get -O accept=65536 "${uri}"
	assert_told 2 'Accept takes numbers up to 65535'
	run_apart cs get -O 65000=1 "${uri}"
	assert_told 2 'option 65000 is not registered'
	run_apart cs get --token xyz "${uri}"
	assert_told 2 '--token wants 1 to 8 bytes'
	run_apart cs get --etag '' "${uri}"
	assert_told 2 '--etag wants 1 to 8 bytes'
	run_apart cs get --hop-limit 256 "${uri}"
	assert_told 2 '--hop-limit wants a number from 1 to 255'
	run_apart cs get --no-response=3 "${uri}"
	assert_told 2 '--no-response wants classes'
	run_apart cs get --no-response --expect 2.05 "${uri}"
	assert_told 2 '--no-response asks for no response'
	run_apart cs get -n 0 "${uri}"
	assert_told 2 '--count wants a number from 1'
	run_apart cs get -n 2 --interval soon "${uri}"
	assert_told 2 '--interval wants a time'
	run_apart cs put -d a --data-hex 61 "${uri}"
	assert_told 2 'give the payload once'
	run_apart cs put --data-hex 616 "${uri}"
	assert_told 2 '--data-hex wants pairs of hex digits'
	run_apart cs put --data-base64 'YQ=' "${uri}"
	assert_told 2 "--data-base64 'YQ=' is not base64"
	run_apart cs put -d @ "${uri}"
	assert_told 2 '--data @ wants a file'
	run_apart cs put -d "@${file}.none" "${uri}"
	assert_told 3 "${file}.none: No such file or directory"
	run_apart cs put -d "@${BATS_TEST_TMPDIR}" "${uri}"
	assert_told 3 "${BATS_TEST_TMPDIR}: Is a directory"
	run_apart cs get -w '%{no_such}' "${uri}"
	assert_told 2 'there is no %{no_such}'
	run_apart cs get -o "${file}/x/y" "${uri}"
	assert_told 3 "cannot create '${file}/x/y'"
	# What comes last proves that the sink was there all the time.
	run_apart cs get -N --no-response "${uri}"
	assert_success
	wait_until test -s "${BATS_TEST_TMPDIR}/datagram"
	# NON GET, mid, token; Uri-Path x; No-Response 26: one message only.
	[[ $(datagram) =~ ^5801.{4}.{16}b178d1ea1a$ ]] || fail "$(datagram)"
}

# ---- on the wire ------------------------------------------------------------

@test 'a payload is given once' {
	run_apart cs put "${device}/store/x" -d a -d b
	assert_failure 2
	[[ ${stderr} == *'give the payload once'* ]]
	run_apart cs put "${device}/store/x" -d a --data-hex 62
	assert_failure 2
}

@test '--bind takes an interface, and IPv4 its address' {
	run cs get "${device}/who" --bind 127.0.0.1%lo
	assert_success
	assert_output --partial '127.0.0.1:'
	run cs get "${device}/who" --bind 0.0.0.0%lo
	assert_success
	assert_output --partial '127.0.0.1:'
	run_apart cs get "${device}/who" --bind 127.0.0.1%no-such-if
	assert_failure 2
	[[ ${stderr} == *'no network interface of the name behind the %'* ]]
	run_apart cs get "${device}/who" --bind 192.0.2.99%lo
	assert_failure 7
	[[ ${stderr} == *"this host's interface"* ]]
}

@test 'options are encoded by their type' {
	start_sink
	run_apart cs get -N --no-response --token 0102 -O 17=50 \
		"coap://127.0.0.1:${port}/x"
	assert_success
	wait_until test -s "${BATS_TEST_TMPDIR}/datagram"
	# NON GET, mid, token; Uri-Path x; Accept 50; No-Response 26.
	[[ $(datagram) =~ ^5201.{4}0102b1786132d1e41a$ ]] || fail "$(datagram)"
}

@test 'options of all kinds are on the wire as they were typed' {
	start_sink
	run_apart cs put -N --no-response=2 --token 01 -d p -t 60 \
		-u a=1 -u b --if-none-match --if-match 0a0b --etag ff \
		--hop-limit 3 -O 65000=uint:258 -O 65001=empty -O 65002=hex:0a0b \
		-O uri-query=empty -O uri-query=str:hex:x \
		"coap://127.0.0.1:${port}/x?c=2"
	assert_success
	wait_until test -s "${BATS_TEST_TMPDIR}/datagram"
	run -0 cs decode "$(datagram)"
	assert_line --index 0 --partial 'NON 0.03 PUT'
	for option in If-Match:0x0a0b ETag:0xff If-None-Match Uri-Path:x \
		Content-Format:application/cbor Uri-Query:c=2 Uri-Query:a=1 \
		Uri-Query:b Uri-Query:empty Uri-Query:hex:x Hop-Limit:3 \
		No-Response:2 65000:0x0102 65001: 65002:0x0a0b; do
		assert_line --index 0 --partial "${option}"
	done
}

# ---- payloads ---------------------------------------------------------------

@test 'all byte values come back as they were sent' {
	for uri in "${device}" "${device_tcp}"; do
		cs post -d "@${bytes}" "${uri}/echo" >"${file}"
		cmp "${bytes}" "${file}"
		cs post -d @- "${uri}/echo" <"${bytes}" >"${file}"
		cmp "${bytes}" "${file}"
		# shellcheck disable=SC2002 # a pipe is what is tested
		cat "${bytes}" | cs post -d @- "${uri}/echo" | cmp "${bytes}"
		cs post -d @<(cat "${bytes}") "${uri}/echo" | cmp "${bytes}"
		cs post --data-hex "$(xxd -p "${bytes}")" "${uri}/echo" \
			| cmp "${bytes}" || fail 'newlines between hex digits'
		cs post --data-base64 "$(base64 "${bytes}")" "${uri}/echo" \
			| cmp "${bytes}"
		cs put -d "@${bytes}" -t octets "${uri}/store/bytes"
		cs get "${uri}/store/bytes" | cmp "${bytes}"
		cs get -o "${file}" "${uri}/store/bytes"
		cmp "${bytes}" "${file}"
		cs delete "${uri}/store/bytes"
	done
}

@test 'text is sent as it is, without a newline' {
	assert_equal "$(cs post -d 'grün  é' "${device}/echo" | xxd -p)" \
		"$(printf 'grün  é' | xxd -p)"
	assert_equal "$(cs post --data-raw @x "${device}/echo")" '@x'
	run_apart cs post -d '' "${device}/echo"
	assert_success
	assert_equal "${output}" ''
}

@test 'a payload of 1 MiB goes over TCP, from a file and from a pipe' {
	head -c 1048576 /dev/urandom >"${file}"
	cs put -d "@${file}" "${device_tcp}/store/mib"
	cs get -o "${file}.back" "${device_tcp}/store/mib"
	cmp "${file}" "${file}.back"
	# shellcheck disable=SC2002
	cat "${file}" | cs post -d @- "${device_tcp}/echo" | cmp "${file}"
	cs delete "${device_tcp}/store/mib"
	printf x >>"${file}"
	run_apart cs put -d "@${file}" "${device_tcp}/store/mib"
	assert_told 4 '4.13 '
}

@test 'a payload that is too large for a datagram goes in blocks' {
	local size uri
	head -c 50000 /dev/urandom >"${file}"
	for size in '' 16 1024; do
		run_apart cs put ${size:+-b "${size}"} -d "@${file}" \
			"${device}/store/x"
		assert_success
		cs get ${size:+-b "${size}"} "${device}/store/x" | cmp "${file}"
	done
	# The tag is that of the item, and no other.
	cs get -i "${device}/store/x" >"${BATS_TEST_TMPDIR}/all"
	assert_equal "$(grep -ac '^ETag: ' "${BATS_TEST_TMPDIR}/all")" 1
	cs delete "${device}/store/x"
	cs post -d "@${file}" "${device}/echo" -b 64 | cmp "${file}"
	# Who wants no response is done when the last block has left.
	for uri in "${device}" "${device_tcp}"; do
		timeout 60 "${COAP_SHELL}" put --no-response -b 64 -d "@${file}" \
			"${uri}/store/x"
		timeout 60 "${COAP_SHELL}" put -N --no-response -d "@${file}" \
			"${uri}/store/x"
		cs get "${uri}/store/x" | cmp "${file}"
		cs delete "${uri}/store/x"
	done
	run_apart cs get "${device}/large?size=5000"
	assert_success
	assert_equal "${#output}" 5000
	# So many, and no more, as -vv shows.
	run_apart cs get -b 512 -vv "${device}/large?size=1500" -o "${file}"
	assert_equal "$(grep -c '^> CON 0.01 GET' <<<"${stderr}")" 3
	run_apart cs get -b 100 "${device}/time"
	assert_told 2 '--block-size wants 16, 32, 64'
}

@test 'a large answer over TCP has its exact length' {
	cs get "${device_tcp}/large?size=1000000" >"${file}"
	assert_equal "$(stat -c %s "${file}")" 1000000
	run_apart cs -c "open ${device_tcp} --name tcp; get tcp:/large?size=100000"
	assert_success
	assert_equal "${#output}" 100000
}

# ---- options ----------------------------------------------------------------

@test 'the token is the one that was given' {
	run_apart cs get --token 0a0b0c0d --json "${device}/time"
	assert_success
	assert_equal "$(jq -r .request.token <<<"${output}")" 0a0b0c0d
}

@test '--token none is an empty one, over UDP and TCP' {
	local uri text
	for uri in "${device}" "${device_tcp}"; do
		for text in none ''; do
			run_apart cs get --token "${text}" -vv "${uri}/hello"
			assert_success
			assert_equal "${output}" 'Hello, world!'
			[[ ${stderr} =~ '> '(CON )?'0.01 GET '[^$'\n']*'[Uri-Path:hello]' ]]
			[[ ! ${BASH_REMATCH[0]} =~ token=[0-9a-f] ]]
		done
	done
	# One after the other, and parts of a body have tokens.
	run_apart cs get --token none -n 3 --interval 10ms "${device}/hello"
	assert_success
	run_apart cs get --token none "${device}/large?size=5000"
	assert_equal "${#output}" 5000
	run_apart cs get --token none --dry-run --hex "${device}/x"
	assert_output 40010001b178
	run_apart cs observe --token none "${device}/time"
	assert_told 2 'an empty token is for one request'
	run_apart cs get --token none --q-block "${device}/hello"
	assert_told 2 'an empty token is for one request'
	run_apart cs get --token 0 "${device}/hello"
	assert_told 2 '--token wants 1 to 8 bytes in hex, or none'
}

@test '--if-none-match: created once, then 4.12' {
	run_apart cs put --if-none-match -d a "${device}/store/once"
	assert_success
	run_apart cs put --if-none-match -d b "${device}/store/once"
	assert_told 4 '4.12 Precondition Failed'
	assert_equal "$(cs get "${device}/store/once")" a
	cs delete "${device}/store/once"
}

@test '--etag and --if-match: a known version, and the one to be changed' {
	cs put -d a "${device}/store/etag"
	etag=$(cs get -j "${device}/store/etag" \
		| jq -r '.options[] | select(.name == "ETag").value')
	run_apart cs get --etag 01 --etag "${etag}" -i "${device}/store/etag"
	assert_success
	assert_line '2.03 Valid'
	run_apart cs put --if-match 01 -d b "${device}/store/etag"
	assert_told 4 '4.12 Precondition Failed'
	cs put --if-match "${etag}" -d b "${device}/store/etag"
	assert_equal "$(cs get "${device}/store/etag")" b
	run_apart cs delete --if-match "${etag}" "${device}/store/etag"
	assert_told 4 '4.12 Precondition Failed'
	cs delete "${device}/store/etag"
}

@test '--query adds to the query of the URI' {
	assert_equal "$(cs get -u name=A+B "${device}/hello")" 'Hello, A+B!'
	assert_equal "$(cs get -u name=A "${device}/hello?x=1")" 'Hello, A!'
}

@test '--no-response ends at once, acknowledged or not' {
	run_soon cs get --no-response "${device}/time"
	assert_success
	assert_equal "${output}" ''
	run_soon cs get --no-response "${device_tcp}/time"
	assert_success
	start_silent
	run_soon cs get -N --no-response "coap://127.0.0.1:${port}/time"
	assert_success
}

@test 'a separate response, and a NON' {
	assert_equal "$(cs get "${device}/separate?ms=20")" \
		'This came by itself, after the ACK.'
	assert_equal "$(cs get -N "${device}/separate?ms=20")" \
		'This came by itself, after the ACK.'
	run_apart cs get -N "${device}/hello"
	assert_success
	assert_equal "${output}" 'Hello, world!'
}

@test '-n repeats and sums up' {
	run_apart cs get -n 3 --interval 10ms --format human "${device}/hello"
	assert_success
	assert_equal "$(grep -c '^Hello, world!$' <<<"${output}")" 3
	assert_line --partial '3 sent, 3 answered, 0% lost'
	run_apart cs get -n 3 --interval 10ms --json "${device}/hello"
	assert_success
	jq -es 'length == 4 and (.[:3] | all(.type == "response"))
		and .[3].type == "ping_summary" and .[3].answered == 3' \
		<<<"${output}"
	run_apart cs get -n 2 --interval 10ms "${device}/nope"
	assert_equal "${status}" 4
	assert_equal "${#stderr_lines[@]}" 2
}

# ---- expectations -----------------------------------------------------------

@test '--expect: the codes that are success' {
	run_apart cs get --expect 4.04 "${device}/nope"
	assert_success
	run_apart cs get --expect 'Content,4.04' "${device}/hello"
	assert_success
	run_apart cs get --expect 2.04 "${device}/hello"
	assert_equal "${status}" 10
	[[ ${stderr} == *'expected 2.04, got 2.05'* ]]
	assert_equal "${output}" 'Hello, world!'
}

@test '--expect-ct, --expect-text' {
	run_apart cs get --expect-ct text/plain --expect-text '^Hello, w.*!$' \
		"${device}/hello"
	assert_success
	run_apart cs get --expect-ct json "${device}/hello"
	assert_equal "${status}" 10
	[[ ${stderr} == *'expected content format application/json, got text/plain'* ]]
	run_apart cs get --expect-ct json "${device}/code?code=2.05"
	assert_equal "${status}" 10
	[[ ${stderr} == *'the response names none'* ]]
	run_apart cs get --expect-text '^hello' "${device}/hello"
	assert_equal "${status}" 10
	[[ ${stderr} == *"expected a payload that matches '^hello'"* ]]
	# A NUL neither ends the text nor fails.
	run_apart cs post --data-hex 610062 --expect-text 'b$' "${device}/echo"
	assert_success
}

@test '--expect-json' {
	json='{"a":{"b/c":[1,2.50,"x",true,null]},"":0}'
	run_apart cs post -d "${json}" --expect-json /a/b~1c/1=2.5 \
		--expect-json /a/b~1c/2=x --expect-json '/a/b~1c/2="x"' \
		--expect-json /a/b~1c/3=true --expect-json /a/b~1c/4=null \
		--expect-json /=0 "${device}/echo"
	assert_success
	assert_equal "${output}" "${json}"
	run_apart cs post -d "${json}" --expect-json /a/b~1c/0=2 "${device}/echo"
	assert_equal "${status}" 10
	[[ ${stderr} == *'expected /a/b~1c/0=2, got 1'* ]]
	run_apart cs post -d "${json}" --expect-json /x=2 "${device}/echo"
	assert_equal "${status}" 10
	[[ ${stderr} == *'expected /x=2, there is no such value'* ]]
	run_apart cs get --expect-json /x=2 "${device}/hello"
	assert_equal "${status}" 10
	[[ ${stderr} == *'expected JSON, or what can be had as JSON; the payload is none'* ]]
}

# ---- forms ------------------------------------------------------------------

@test 'a response in JSON' {
	run_apart cs post -j -d '{"on":true}' -t json "${device}/echo"
	assert_success
	jq -e --arg uri "${device}/echo" '
		.v == 1 and .type == "response" and .code == "2.04" and .ok
		and .request.method == "POST" and .request.uri == $uri
		and .session.proto == "udp" and .session.name == null
		and .payload.decoded.on == true and .payload.length == 11
		and .options[0].num == 12
	' <<<"${output}"
	run_apart cs get -j "${device}/nope"
	assert_equal "${status}" 4
	jq -e '.code == "4.04" and .ok == false' <<<"${output}"
	run_apart cs get -j -T 30s "coap://127.0.0.1:$(free_port)/"
	assert_equal "${status}" 7
	jq -e '.type == "error" and .status == 7' <<<"${output}"
	assert_equal "${stderr}" ''
}

@test '-i, -w, -o' {
	run_apart cs get -i "${device}/hello"
	assert_equal "${output}" "2.05 Content
Content-Format: text/plain;charset=utf-8

Hello, world!"
	run_apart cs get -w ' %{code} %{size}\n' "${device}/hello"
	assert_equal "${output}" 'Hello, world! 2.05 13'
	run_apart cs get -o "${file}" "${device}/hello"
	assert_success
	assert_equal "${output}" ''
	assert_equal "$(cat "${file}")" 'Hello, world!'
	# A failure leaves the file that was there.
	run_apart cs get -o "${file}" "${device}/nope"
	assert_equal "${status}" 4
	assert_equal "$(cat "${file}")" 'Hello, world!'
}

@test 'an output that cannot be written is exit 23' {
	cs get "${device}/hello" >/dev/full 2>"${file}" || status=$?
	assert_equal "${status}" 23
}

@test 'people are shown what came, and no escape codes in a pipe' {
	run_apart cs get --format human "${device}/hello"
	[[ ${lines[0]} =~ ^2.05\ Content\ .*text/plain\ .*13\ B\ .*ms$ ]] \
		|| fail "${lines[0]}"
	assert_equal "${lines[1]}" 'Hello, world!'
	[[ ${output} != *$'\e'* ]]
}

# ---- ping -------------------------------------------------------------------

@test 'ping over UDP and TCP' {
	for uri in "${udp}" "${tcp}" "${device}" "${device_tcp}"; do
		run_apart cs ping "${uri}"
		assert_success
		[[ ${output//$'\t'/ } =~ ^127.0.0.1:[0-9]+\ over\ (udp|tcp)\ 1\ [0-9.]+\ $ ]] \
			|| fail "${output}"
	done
	run_apart cs ping -n 3 --interval 5ms --format human "${device}"
	assert_success
	assert_line --partial 'seq=3'
	assert_line --partial '3 sent, 3 answered, 0% lost'
	run_apart cs -c "open ${device} --name lamp; ping lamp; ping"
	assert_success
	assert_equal "${#lines[@]}" 2
	run_apart cs ping lamp
	assert_told 9 "no session named 'lamp'"
}

@test 'ping: closed is 7, silent is 28' {
	run_soon cs ping -T 30s "coap://127.0.0.1:$(free_port)"
	assert_told 7 'nothing listens there'
	run_soon cs ping -T 30s "coap+tcp://127.0.0.1:$(free_port)"
	assert_told 7 'nothing listens there'
	run_soon cs ping -n 2 --interval 5ms "coap://127.0.0.1:$(free_port)"
	assert_equal "${status}" 7
	assert_equal "${#lines[@]}" 2
	start_silent
	for scheme in coap coap+tcp; do
		run_soon cs ping -T 300ms "${scheme}://127.0.0.1:${port}"
		assert_told 28 'waiting for an answer to a ping of '
	done
	run_apart cs ping -n 9 -T 300ms --format human \
		"coap://127.0.0.1:${port}"
	assert_equal "${status}" 28
	assert_line --partial '1 sent, 0 answered, 100% lost'
}

# ---- discover, decode -------------------------------------------------------

@test 'discover lists resources, all or those of a type' {
	run_apart cs discover "${udp}"
	assert_success
	assert_line --partial /time
	run_apart cs discover "${device_tcp}"
	assert_success
	assert_equal "$(cut -f 1 <<<"${output}" | head -n 8 | paste -s -d ' ')" \
		'/ /time /hello /who /echo /separate /code /store'
	run_apart cs discover --rt ti\* "${device}/hello?x"
	assert_success
	assert_equal "${output}" \
		$'/time\ttitle=The time of day, UTC\trt=time\tct=0\tobs'
	run_apart cs discover --rt nope "${device}"
	assert_success
	assert_equal "${output}" ''
	run_apart cs discover --obs "${device}"
	assert_success
	run_apart cs discover -j --rt time "${device}"
	jq -e '.type == "link" and .target == "/time"
		and .attributes.rt == "time"' <<<"${output}"
	run_apart cs discover --ct application/xml "${device}"
	assert_equal "$(cut -f 1 <<<"${output}")" /multi-format
	run_apart cs discover --href '/seg1*' --title 'A path*' "${device}"
	assert_equal "$(cut -f 1 <<<"${output}" | paste -s -d ' ')" \
		'/seg1 /seg1/seg2/seg3'
	run_apart cs discover --ct nonsense "${device}"
	assert_told 2 "no format is named 'nonsense'"
	run_soon cs discover -T 30s "coap://127.0.0.1:$(free_port)"
	assert_told 7 'nothing listens there'
}

@test 'discover --tree draws paths, ls lists what is below one' {
	run_apart env LC_ALL=C "${COAP_SHELL}" discover --tree \
		--href '/seg1*' "${device}"
	assert_success
	assert_equal "${output}" '/
`- seg1        title="A path"  ct=0 (text/plain)
   `- seg2     title="A longer path"  ct=0 (text/plain)
      `- seg3  title="A path of three segments"  ct=0 (text/plain)'
	run_apart cs discover --tree --rt 'Type2' -j "${device}"
	assert_equal "$(jq -r .target <<<"${output}")" $'/link1\n/link2'
	run_apart cs ls "${device}/path"
	assert_success
	assert_equal "$(cut -f 1 <<<"${output}" | paste -s -d ' ')" \
		'sub1 sub2 sub3'
	run_apart cs -c "open ${device} --name d; cd /seg1; ls; ls ..; ls seg2/seg3"
	assert_success
	assert_line --partial 'seg2/'
	assert_line --partial 'path/'
	assert_line --partial '/seg1/seg2/seg3'
	refute_line --partial 'sub1'
	run_apart cs ls --format human "${device}/nowhere"
	assert_success
	[[ ${stderr} == *'/nowhere: nothing is listed there'* ]]
}

@test 'decode: a message from hex, a file and stdin' {
	hex=40017d34bb74656d7065726174757265
	want='CON 0.01 GET mid=32052 [Uri-Path:temperature]'
	run_apart cs decode "${hex}"
	assert_success
	assert_equal "${output}" "${want}"
	xxd -r -p <<<"${hex}" >"${file}"
	run_apart cs decode "@${file}"
	assert_equal "${output}" "${want}"
	run_apart cs decode @- <"${file}"
	assert_equal "${output}" "${want}"
	run_apart cs decode --proto tcp 0001
	assert_success
	[[ ${output} == *GET* ]]
	run_apart cs decode -j "${hex}"
	jq -e --arg want "${want}" '.type == "message"
		and (.text | rtrimstr("\n")) == $want' <<<"${output}"
}

@test 'decode: what is no message is exit 8, what is no hex exit 2' {
	run_apart cs decode ff017d34
	assert_told 8 'these 4 bytes are no CoAP message over udp'
	run_apart cs decode ff
	assert_told 8 'this byte is no CoAP message over udp'
	run_apart cs decode --proto tcp 40017d34bb
	assert_told 8 'no CoAP message over tcp'
	run_apart cs decode 4001zz
	assert_told 2 "'4001zz' is not pairs of hex digits"
	run_apart cs decode --proto sctp 4001
	assert_told 2 'udp, tcp or ws'
	run_apart cs decode "@${file}.none"
	assert_told 3 'No such file or directory'
}

# Whether two requests, each answered at once, said that they wait. 2: they
# were not, which on a busy machine may be.
false_wait() {
	local late
	cs get -n 2 --interval 600ms "coap://127.0.0.1:${port}/time" -v --json \
		>"${BATS_TEST_TMPDIR}/out" 2>"${BATS_TEST_TMPDIR}/err" \
		|| return 3
	late=$(jq -s 'map(select(.rtt_ms > 150)) | length' \
		"${BATS_TEST_TMPDIR}/out")
	((late == 0)) || return 2
	grep '^waiting for' "${BATS_TEST_TMPDIR}/err"
}

@test 'the time between two requests is no wait for an answer' {
	local result=2
	start_serve
	while ((result == 2)); do
		result=0
		false_wait || result=$?
	done
	assert_equal "${result}" 1
	run cs get "coap://127.0.0.1:${port}/separate?delay=900" -v
	assert_line --partial 'waiting for a response from'
}
