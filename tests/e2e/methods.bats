#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Methods and options: what is sent, and what is made of the answers.

load helper
load peers

setup_file() {
	start_on udp:PORT methods /usr/bin/python3 -BES \
		"${BATS_TEST_DIRNAME}/method_peer.py" PORT || return 1
	wait_line "${peer_log}" '^ready$' || return 1
	export peer=coap://127.0.0.1:${port} said=${peer_log}
	start_coap_server || return 1
	export udp=coap://127.0.0.1:${port}
	start_serve || return 1
	export device=coap://127.0.0.1:${port}
	export device_tcp=coap+tcp://127.0.0.1:${port}
}

teardown_file() {
	stop_peers
}

teardown() {
	stop_peers
}

# What the scripted peer saw last.
last() {
	tail -n 1 "${said}"
}

# ---- methods ----------------------------------------------------------------

@test 'fetch, patch and ipatch send their codes, and a payload' {
	run_apart cs fetch "${peer}/mirror" -d one -t cbor
	assert_output '0.05 one'
	run_apart cs patch "${peer}/mirror" -d two
	assert_output '0.06 two'
	run_apart cs ipatch "${peer}/mirror" -d three
	assert_output '0.07 three'
	assert_success
}

@test 'a FETCH without a format is sent, with a note' {
	local words
	run_apart cs -v fetch "${peer}/mirror" -d one
	assert_output '0.05 one'
	[[ ${stderr} == *'say what its payload is; add -t FORMAT'* ]] \
		|| fail "${stderr}"
	for words in 'fetch -d 1 -t cbor' 'fetch -d 1 -O 12=uint:0' \
		'fetch --cbor 1' 'post -d 1'; do
		# shellcheck disable=SC2086 # several words
		run_apart cs -v ${words} "${peer}/mirror"
		assert_success
		[[ ${stderr} != *'say what'* ]] || fail "${words}: ${stderr}"
	done
}

@test 'request takes a method by name and by number, also an unknown one' {
	run_apart cs request FETCH "${peer}/mirror" -d x
	assert_output '0.05 x'
	run_apart cs request ipatch "${peer}/mirror" --data-hex 79
	assert_output '0.07 y'
	run_apart cs request 0.31 "${peer}/mirror"
	assert_output '0.31 '
	run_apart cs request GET "${peer}/mirror" -d odd
	assert_output '0.01 odd'
	run_apart cs request 0.30 "${device}/hello"
	assert_equal "${status}" 4
	[[ ${stderr} == *'4.05 Method Not Allowed'* ]]
}

@test '4.08 is a refusal as any other, where no body was sent' {
	run_apart cs get "${device}/code?code=4.08"
	assert_equal "${status}" 4
	assert_equal "${#stderr_lines[@]}" 1
}

@test 'PROBING_RATE that holds requests back is named' {
	start_on udp:PORT silent /usr/bin/python3 -BESc '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", int(sys.argv[1])))
while s.recv(2000): pass' PORT
	run_apart cs put -N --no-response -n 30 --interval 1ms -T 2s \
		-d "$(printf '%100s' x)" "coap://127.0.0.1:${port}/sensor"
	assert_equal "${status}" 28
	assert_regex "${stderr}" 'wait for PROBING_RATE .*probing-rate=N'
}

@test 'request refuses what is no request, and says so' {
	local before
	before=$(wc -l <"${said}")
	for code in 2.05 0.00 7.01 nope 0.32 4.04; do
		run_apart cs request "${code}" "${peer}/mirror"
		assert_equal "${status}" 2
		assert_equal "${#stderr_lines[@]}" 1
	done
	run_apart cs request 2.05 "${peer}/mirror"
	[[ ${stderr} == *'2.05 is the code of a response'* ]]
	assert_equal "$(wc -l <"${said}")" "${before}"
}

@test 'request with credentials looks at its target, not at its code' {
	run_apart cs request GET coap://127.0.0.1/ --psk-identity a --psk-cmd 'echo b'
	assert_equal "${status}" 2
	[[ ${stderr} == *'coap is not secured'* ]] || fail "${stderr}"
}

@test 'request works on the path of an open session' {
	run_apart cs -c "open ${peer} --name p ; request FETCH /mirror -d a ; fetch p:/mirror -d b"
	assert_success
	[[ ${output} == *'0.05 a'*'0.05 b' ]] || fail "${output}"
}

@test 'fetch goes and comes in blocks, over UDP and TCP' {
	local uri file=${BATS_TEST_TMPDIR}/body
	head -c 20000 /dev/urandom >"${file}"
	for uri in "${device}" "${device_tcp}"; do
		cs fetch "${uri}/echo" -t octets -d @"${file}" -o "${file}.back"
		cmp "${file}" "${file}.back"
	done
}

@test 'patch and ipatch of a JSON document: 2.04, 4.09, 4.15 and 4.22' {
	run_apart cs ipatch "${device}/json" -t merge-patch \
		-d '{"methods":1}' -i
	[[ ${output} == *'2.04 Changed'* ]] || fail "${output} ${stderr}"
	run_apart cs patch "${device}/json" -t json-patch \
		-d '[{"op":"replace","path":"/methods","value":2}]' -i
	[[ ${output} == *'2.04 Changed'* ]] || fail "${output} ${stderr}"
	run_apart cs fetch "${device}/json" -t 0 -d /methods
	assert_output 2
	run_apart cs patch "${device}/json" -t json-patch --expect 4.09 \
		-d '[{"op":"test","path":"/methods","value":3}]'
	assert_success
	run_apart cs patch "${device}/json" -t text/plain -d x --expect 4.15
	assert_success
	run_apart cs patch "${device}/json" -t json-patch --expect 4.22 \
		-d '{"no":"patch"}'
	assert_success
}

@test "fetch of Debian's server, and of a resource that has none of it" {
	run_apart cs fetch "${udp}/time" -t text/plain -d ticks
	assert_success
	run_apart cs patch "${udp}/time" -d x
	assert_equal "${status}" 4
	[[ ${stderr} == *'4.05 Method Not Allowed'* ]]
}

# ---- options by their bytes -------------------------------------------------

# The options of the request "$@" are $1, as the peer prints them.
sends() {
	local want=$1
	shift
	cs "$@" >/dev/null || :
	[[ $(last) == *" 11=6d6972726f72${want:+,}${want} "* ]] \
		|| fail "$(last), not ${want}"
}

@test 'each option of a request by its bytes' {
	local m=${peer}/mirror
	sends '' get "${m}"
	sends '17=3c' get "${m}" --accept cbor
	sends '12=,17=32' put "${m}" -t text/plain -a json -d x
	sends '15=613d62,15=63' get "${m}" -u a=b -u c
	sends '16=ff' get "${m}" --hop-limit 255
	sends '258=1a' put "${m}" --no-response
	sends '258=12' put "${m}" --no-response=2,5
	sends '60=00ff' get "${m}" -O Size1=hex:00ff
	sends '252=01' get "${m}" -O Echo=01
	sends '292=' get "${m}" -O Request-Tag
	sends '258=08' get "${m}" -O no-response=8
	sends '65000=0102' get "${m}" -O 65000=uint:258
	sends '65001=6162' get "${m}" -O 65001=str:ab
	sends '65001=' get "${m}" -O 65001=empty
}

@test 'conditions come in front of the path' {
	cs put "${peer}/mirror" --if-match 0102 --if-match '' \
		--if-none-match --etag aabb -d x
	[[ $(last) == '0.03 mirror 1=0102,1=,4=aabb,5=,11='* ]] || fail "$(last)"
}

@test 'a token is sent as it is' {
	run_apart cs get "${peer}/mirror" --token 0102030405060708 -vv
	assert_success
	[[ ${stderr} == *'token=0102030405060708'* ]]
}

@test 'an unknown option wants to know how it is meant: 2' {
	run_apart cs get "${peer}/mirror" -O 65000=5
	assert_equal "${status}" 2
	[[ ${stderr} == *'uint:'* ]]
	run_apart cs get "${peer}/mirror" -O Frobnicate=5
	assert_equal "${status}" 2
}

@test 'an option that may occur once is sent twice when asked to, with a note' {
	run_apart cs get "${peer}/mirror" -O Accept=0 -O Accept=50 -v
	assert_success
	[[ $(last) == *'17=,17=32'* ]]
	[[ ${stderr} == *'Accept may occur once only'* ]]
	run_apart cs get "${device}/hello" -O Accept=0 -O Accept=0
	assert_equal "${status}" 4
	[[ ${stderr} == *'4.02 Bad Option'*'more than once'* ]]
}

@test 'bytes by hex: are sent as they are, with a note about a wrong length' {
	run_apart cs get "${peer}/mirror" -O Accept=hex:000032 -v
	assert_success
	[[ $(last) == *'17=000032'* ]]
	[[ ${stderr} == *'Accept may be 0 to 2 bytes long, and is sent with 3'* ]]
	run_apart cs get "${device}/hello" -O Accept=hex:000032
	assert_equal "${status}" 4
	[[ ${stderr} == *'4.02 Bad Option'*'wrong length'* ]]
}

@test 'every registered option is offered with a description, and known' {
	local name rest
	run_apart cs __complete --line 'get -O ' --point 7
	for name in Echo Request-Tag No-Response Hop-Limit Q-Block1 Q-Block2 \
		EDHOC OSCORE If-Match Size2; do
		grep -qP "^${name}=?\t[0-9]+, .+" <<<"${output}" \
			|| fail "${name}: ${output}"
	done
	while IFS=$'\t' read -r name rest; do
		[[ ${name} != :* ]] || continue
		cs explain option "${name%=}" >/dev/null || fail "${name}"
	done <<<"${output}"
}

# ---- Uri-Host and Uri-Port (RFC 7252 section 6.4, RFC 8323 section 8.5) ------

@test 'a name goes along as Uri-Host, lower case; an address and a port do not' {
	local scheme host
	for scheme in coap coaps coap+tcp coaps+tcp coap+ws coaps+ws; do
		run_apart cs get "${scheme}://Device.Example:4711/x" --dry-run
		assert_success
		[[ ${lines[1]} == *'[Uri-Host:device.example, Uri-Path:x]'* ]] \
			|| fail "${scheme}: ${output}"
		for host in 127.0.0.1 '[::1]' 127.0.0.1:4711 '[fe80::1%25lo]:99'; do
			run_apart cs get "${scheme}://${host}/x" --dry-run
			assert_success
			[[ ${lines[1]} == *'[Uri-Path:x]'* ]] \
				|| fail "${scheme} ${host}: ${output}"
		done
	done
}

@test 'Uri-Host is sent after the name was looked up' {
	run_apart cs get "${peer/127.0.0.1/localhost}/mirror" -v
	assert_success
	[[ $(last) == '0.01 mirror 3=6c6f63616c686f7374,11='* ]] || fail "$(last)"
}

@test 'options of -O can say another host and port' {
	cs get "${peer}/mirror" -O Uri-Host=virtual -O Uri-Port=99 >/dev/null
	[[ $(last) == '0.01 mirror 3=7669727475616c,7=63,11='* ]] || fail "$(last)"
}

# ---- a device's rules -------------------------------------------------------

@test 'the device keeps the rules of options' {
	local row
	for row in '4.00 -O|Hop-Limit=hex:00' '4.00 -O|Hop-Limit=hex:0001' '4.02 -O|65001=hex:00' \
		'4.02 -O|65001=empty' '4.02 -O|OSCORE=00' \
		'5.05 -O|Proxy-Uri=coap://x/' '5.05 -O|Proxy-Scheme=coap' \
		'4.12 --if-none-match' '2.05 -O|65000=hex:00' \
		'2.05 -O|Hop-Limit=1' '2.05 -O|No-Response=0'; do
		IFS='|' read -ra words <<<"${row#* }"
		run_apart cs get "${device}/hello" "${words[@]}" --json \
			--expect "${row%% *}"
		assert_success
		run_apart cs get "${device_tcp}/hello" "${words[@]}" --json \
			--expect "${row%% *}"
		assert_success
	done
	run_apart cs delete "${device}/nothing/here" --if-match '' --expect 4.12
	assert_success
}

@test 'No-Response: the device is silent about the classes that it names' {
	run_apart cs get "${device}/hello" -N --no-response=4,5 -w '%{code}' -T 20s
	assert_success
	# A CON is acknowledged all the same, and then nothing comes.
	run_apart cs get "${device}/hello" --no-response -vv -T 20s
	assert_success
	assert_output ''
	[[ ${stderr} == *'ACK 0.00'* ]] || fail "${stderr}"
}

# ---- answers ----------------------------------------------------------------

@test '2.03 is a success and has no payload' {
	run_apart cs get "${peer}/valid" --etag 0a0b -i
	assert_success
	[[ ${output} == *'2.03 Valid'* ]]
	assert_equal "${stderr}" ''
}

@test '4.29 says when to try again, by default in a minute' {
	run_apart cs get "${peer}/tired"
	assert_equal "${status}" 4
	[[ ${stderr} == *'4.29 Too Many Requests: slow down; try again in 60 s' ]] \
		|| fail "${stderr}"
}

@test 'repeating waits as long as 4.29 and 5.03 ask for' {
	local word begin
	for word in busy down; do
		begin=${EPOCHREALTIME/./}
		run_apart cs get "${peer}/${word}" -n 2 --interval 1ms -v
		((${EPOCHREALTIME/./} - begin >= 1000000)) || fail "${word}"
		[[ ${stderr} == *'try again in 1 s'*'waiting 1 s'* ]] \
			|| fail "${stderr}"
		assert_output 2
	done
}

@test 'Echo: a request is sent again with it, once, and shown as one' {
	local before
	before=$(wc -l <"${said}")
	run_apart cs put "${peer}/fresh" -d hello --token aa --json
	assert_success
	assert_equal "${#lines[@]}" 1
	assert_equal "$(jq -r '.code + .payload.text + .request.token' \
		<<<"${output}")" 2.05helloaa
	assert_equal "$(tail -n +"$((before + 1))" "${said}")" \
		"0.03 fresh 11=6672657368 68656c6c6f
0.03 fresh 11=6672657368,252=016563686f 68656c6c6f"
	run_apart cs get "${peer}/stale"
	assert_equal "${status}" 4
	[[ ${stderr} == *'4.01 Unauthorized: never fresh'* ]]
	assert_equal "$(grep -c stale "${said}")" 2
}

@test 'Echo: a value that came along goes with the next request of the session' {
	run_apart cs -c "open ${peer} --name p ; get /gift ; get /mirror ; get /mirror"
	assert_success
	[[ $(tail -n 2 "${said}" | head -n 1) == *',252=67696674'* ]]
	[[ $(last) != *252=* ]]
}

@test '5.08 names the proxies that it passed' {
	run_apart cs get "${peer}/hops"
	assert_equal "${status}" 5
	[[ ${stderr} == *'5.08 Hop Limit Reached'*'proxy-a, proxy-b'* ]] \
		|| fail "${stderr}"
	# Each one once, however often a circle was gone round.
	run_apart cs get "${peer}/circle"
	assert_equal "${status}" 5
	assert_equal "${stderr}" 'coap-shell: 5.08 Hop Limit Reached: it went in a circle, or too far, through proxy (3 times), proxy-b (2 times), c'
}

@test 'explain knows the codes of RFC 8132, 7959, 8516 and 8768' {
	for code in 2.03 2.31 4.08 4.09 4.22 4.29 5.08 FETCH PATCH iPATCH; do
		run_apart cs explain code "${code}"
		assert_success
		[[ ${output} == *'RFC '* ]]
	done
}

# ---- --dry-run --------------------------------------------------------------

@test '--dry-run shows bytes and meaning of each framing, and sends nothing' {
	local before scheme
	before=$(wc -l <"${said}")
	run_apart cs put "${peer}/mirror" -d hello -t json --token aabb --dry-run
	assert_success
	assert_equal "${lines[0]}" \
		42030001aabbb66d6972726f721132ff68656c6c6f
	[[ ${lines[1]} == 'CON 0.03 PUT mid=1 token=aabb [Uri-Path:mirror, '* ]]
	assert_equal "$(wc -l <"${said}")" "${before}"
	run_apart cs get coap+tcp://no.such.host.invalid/x --token aabb \
		--dry-run --hex
	assert_success
	assert_output "d20b01aabb3d076e6f2e737563682e686f73742e696e76616c69648178"
	run_apart cs get coap+ws://127.0.0.1/x --token aabb --dry-run --hex
	assert_output 0201aabbb178
}

@test '--dry-run --json is one object; decode reads its bytes' {
	run_apart cs fetch coap://h.example/a -d '{}' -t json --dry-run --json
	assert_success
	assert_equal "${#lines[@]}" 1
	assert_equal "$(jq -r .type <<<"${output}")" message
	assert_equal "$(jq -r .proto <<<"${output}")" udp
	run_apart cs decode "$(jq -r .hex <<<"${output}")"
	assert_success
	[[ ${output} == *'0.05 FETCH'*'Uri-Host:h.example'* ]]
}

@test '--dry-run is what is sent, but for the message id and the token' {
	local dry args
	start_odd silent
	local uri=coap://127.0.0.1:${port}
	for args in 'get /a/b?c=d -a json -b 64' 'put /x -d hello -t 0 -N' \
		'put /x -d 01234567890123456789 -b 16' 'fetch /f -d x -t cbor' \
		"post /big -d $(printf '%03000d' 0)" \
		"post /big -d $(printf '%01100d' 0)" \
		"put /q?$(printf '%0200d' 0) -u $(printf '%0200d' 1) -d $(printf '%03000d' 0)" \
		"put /edge -d $(printf '%01139d' 0)" "put /edge -d $(printf '%01138d' 0)" \
		"put /edge -d $(printf '%01137d' 0)" "put /edge -d $(printf '%01136d' 0)"; do
		read -ra words <<<"${args}"
		words[1]=${uri}${words[1]}
		dry=$(cs "${words[@]}" --token aabb --dry-run --hex)
		: >"${BATS_TEST_TMPDIR}/sent"
		cs "${words[@]}" --token aabb -T 300ms || :
		grep -F "datagram ${dry:0:4}" "${peer_log}" | tail -n 1 \
			| grep -F "${dry:8}" || fail "${dry}: $(cat "${peer_log}")"
	done
}

@test '--dry-run says when the options alone are too long' {
	local args=() i
	for i in 1 2 3 4 5 6; do
		args+=(-u "$(printf '%0200d' "${i}")")
	done
	run_apart cs put "${peer}/x" "${args[@]}" -d hello --dry-run -v
	assert_success
	[[ ${stderr} == *'too long for a datagram'* ]]
	[[ ${lines[0]} == *ff68656c6c6f ]]
	run_apart cs put "${peer}/x" "${args[@]}" -d hello
	assert_equal "${status}" 2
}

@test '--dry-run opens no session, and takes one that is open' {
	run_apart cs -c "get ${peer}/mirror --dry-run ; session list"
	assert_success
	assert_equal "${#lines[@]}" 2
	run_apart cs -c "open ${device_tcp} --name t ; get /x --token aa --dry-run"
	assert_success
	[[ ${output} == *2101aab178* ]] || fail "${output}"
}

# ---- --print-command --------------------------------------------------------

@test '--print-command is a line of sh that sends the same' {
	local dry args line
	start_odd silent
	local uri=coap://127.0.0.1:${port}
	for args in "put|/a%2fb|-d|it's %41 \$x \"|-t|json|--if-match|0102" \
		'get|/a?x=y%26z|-a|cbor|-O|65000=empty|-u|0x41|-u|two words|-N' \
		'fetch|/f|--data-hex|00ff0a25|-t|cbor|--no-response'; do
		IFS='|' read -ra words <<<"${args}"
		words[1]=${uri}${words[1]}
		dry=$(cs "${words[@]}" --token aabb --dry-run --hex)
		line=$(cs "${words[@]}" --print-command=coap-client)
		[[ ${line} == 'coap-client '* ]]
		: >"${peer_log}"
		start_peer client sh -c "${line/coap-client/coap-client-notls -B 1}"
		peer_log=$(peer_folder)/odd-silent.log
		wait_line "${peer_log}" "datagram.*${dry:12}" \
			|| fail "${dry}, ${line}: $(cat "${peer_log}")"
	done
}

@test '--print-command says what cannot be expressed' {
	run_apart cs get coaps+ws://h.example/a --token 01 \
		--psk-identity me --psk-cmd 'echo x' --expect 2.05 \
		--print-command=coap-client
	assert_success
	for what in --token --psk-cmd --expect WebSocket; do
		grep -q "^# ${what}: " <<<"${output}" || fail "${what}: ${output}"
	done
	assert_equal "${lines[-1]}" \
		'coap-client -m get -u me coaps+ws://h.example/a'
	# What it cannot send at all is no command of it.
	run_apart cs request 0.31 coap://h/a --print-command=coap-client
	assert_equal "${status}" 2
	assert_output ''
	[[ ${stderr} == *'registered methods alone'*' 0.31;'* ]]
	run_apart cs get coap://h/a --print-command=curl
	assert_equal "${status}" 2
}
