#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Proxies: our client through ours and Debian's, theirs through ours.

load helper
load peers
load plugtest
load agents

setup_file() {
	# shellcheck disable=SC2119
	start_serve || return 1
	export device=coap://127.0.0.1:${port}
	export device_tcp=coap+tcp://127.0.0.1:${port}
	start_serve --proxy || return 1
	export proxy=coap://127.0.0.1:${port}
	export proxy_tcp=coap+tcp://127.0.0.1:${port}
	start_serve --reverse "${device}" || return 1
	export reverse=coap://127.0.0.1:${port}
	export reverse_tcp=coap+tcp://127.0.0.1:${port}
}

teardown_file() {
	stop_peers
}

teardown() {
	stop_agents
	stop_peers
}

# ---- our client -------------------------------------------------------------

@test 'through a proxy, from each protocol to the other' {
	local from to
	for from in "${proxy}" "${proxy_tcp}"; do
		for to in "${device}" "${device_tcp}"; do
			run_apart cs get "${to}/hello?name=you" \
				--proxy "${from}"
			assert_success
			assert_output 'Hello, you!'
		done
	done
}

@test 'the request says where to, and the session is to the proxy' {
	ask get "${device}/hello" -u name=me --proxy "${proxy_tcp}"
	assert_output 'Hello, me!'
	traced '^> .*GET .*Uri-Host:127.0.0.1, Uri-Port:[0-9]+, Uri-Path:hello'
	traced '^> .*GET .*Uri-Query:name=me.*Proxy-Scheme:coap'
}

@test 'COAP_PROXY names a proxy, none asks none' {
	COAP_PROXY=${proxy_tcp} run_apart cs -vv get "${device}/who"
	assert_success
	traced '^> .*GET .*Proxy-Scheme:coap'
	COAP_PROXY=${proxy_tcp} run_apart cs -vv get "${device}/who" \
		--proxy none
	assert_success
	[[ ${stderr} != *Proxy-Scheme* ]] || fail "${stderr}"
	# A session that is open is used as it is.
	COAP_PROXY=${proxy_tcp} run_apart cs -vv \
		-c "open ${device} --name u ; get u:/who"
	assert_success
	[[ ${stderr} != *Proxy-Scheme* ]] || fail "${stderr}"
	run_apart cs -c "open ${device} --name u ; get u:/who --proxy ${proxy}"
	assert_equal "${status}" 2
	[[ ${stderr} == *'--proxy is for a whole URI'* ]] || fail "${stderr}"
}

@test 'requests to several devices share the session to their proxy' {
	run_apart cs -c "get ${device}/who --proxy ${proxy} ; \
		get ${device_tcp}/who --proxy ${proxy} ; get ${device}/who ; \
		session list --raw"
	assert_success
	assert_equal "$(grep -c "${proxy#coap://}" <<<"${output}")" 1
}

@test 'large bodies go through, both ways' {
	head -c 300000 /dev/urandom >"${BATS_TEST_TMPDIR}/body"
	run_apart cs put "${device}/store/p" -d "@${BATS_TEST_TMPDIR}/body" \
		-t octets --proxy "${proxy}"
	assert_success
	run_apart cs get "${device}/store/p" -o "${BATS_TEST_TMPDIR}/back" \
		--proxy "${proxy_tcp}"
	assert_success
	cmp "${BATS_TEST_TMPDIR}/body" "${BATS_TEST_TMPDIR}/back"
	run_apart cs delete "${device}/store/p" --proxy "${proxy}"
	assert_success
}

@test 'discover asks through a proxy' {
	run_apart cs discover "${device}" --proxy "${proxy}" --raw
	assert_success
	[[ ${output} == *'/hello'* ]] || fail "${output}"
}

@test 'discover and ls tell that it is the proxy that fails' {
	local command nobody
	nobody=$(free_port)
	for command in discover ls; do
		run_apart cs "${command}" "${device}" \
			--proxy "coap://127.0.0.1:${nobody}"
		assert_equal "${status}" 7
		[[ ${stderr} == *"the proxy 127.0.0.1:${nobody} over udp: "* ]] \
			|| fail "${stderr}"
		run_apart cs -v "${command}" coap://127.0.0.1:1 \
			--proxy "${proxy}"
		assert_equal "${status}" 5
		[[ ${stderr} == *"the proxy at ${proxy} answered 5.04"* ]] \
			|| fail "${stderr}"
	done
}

@test 'what is in the way is told' {
	run_apart cs get coap://127.0.0.1:1/x --proxy "${proxy}"
	assert_equal "${status}" 5
	[[ ${stderr} == *'5.04'*'No answer from coap://127.0.0.1:1: '*refused* ]] \
		|| fail "${stderr}"
	run_apart cs get coap://no-such-host.invalid/x --proxy "${proxy}"
	assert_equal "${status}" 5
	[[ ${stderr} == *'5.04'*'coap://no-such-host.invalid'* ]] \
		|| fail "${stderr}"
	run_apart cs get "${device}/x" --proxy coap+tcp://127.0.0.1:1
	assert_equal "${status}" 7
	[[ ${stderr} == *'the proxy 127.0.0.1:1 over tcp: '* ]] \
		|| fail "${stderr}"
	run_apart cs get "${device}/hello" --proxy "${device_tcp}"
	assert_equal "${status}" 5
	[[ ${stderr} == *'5.05'* ]] || fail "${stderr}"
	run_apart cs get "${proxy}/" -O Proxy-Scheme=gopher -O Uri-Host=x
	assert_equal "${status}" 5
	[[ ${stderr} == *'5.05'*'does not speak that scheme'* ]] \
		|| fail "${stderr}"
	run_apart cs get "${proxy}/" -O Proxy-Uri=coap://224.0.1.187/x
	assert_equal "${status}" 5
	[[ ${stderr} == *'5.05'*'not possible with a multicast group'* ]] \
		|| fail "${stderr}"
	run_apart cs get http://x/y --proxy "${proxy}"
	assert_equal "${status}" 5
	[[ ${stderr} == *'5.05'*'does not speak that scheme'* ]] \
		|| fail "${stderr}"
}

@test 'observe asks through a proxy' {
	ask observe "${device}/time" -n 1 --proxy "${proxy_tcp}"
	traced '^> .*GET .*Observe:0.*Proxy-Scheme:coap'
	[[ ${output} == 2*T*Z ]] || fail "${output}"
	COAP_PROXY=${proxy} ask observe "${device}/time" -n 1
	traced '^> .*GET .*Observe:0.*Proxy-Scheme:coap'
	COAP_PROXY=${proxy} ask observe "${device}/time" -n 1 --proxy none
	[[ ${stderr} != *Proxy-Scheme* ]] || fail "${stderr}"
	run_apart cs -c "observe start ${device}/time --proxy ${proxy_tcp}" -vv
	traced '^> .*GET .*Observe:0.*Proxy-Scheme:coap'
}

@test 'observe tells whether it is the proxy that fails' {
	run_apart cs observe "${device}/hello" --proxy "${proxy}"
	assert_equal "${status}" 9
	[[ ${stderr} == *"${device}/hello: "*"the proxy at ${proxy} passes"* ]] \
		|| fail "${stderr}"
	run_apart cs observe "${device}/time" --proxy coap+tcp://127.0.0.1:1
	assert_equal "${status}" 7
	[[ ${stderr} == *'the proxy 127.0.0.1:1 over tcp: '* ]] \
		|| fail "${stderr}"
	run_apart cs -v observe coap://127.0.0.1:1/x --proxy "${proxy}"
	assert_equal "${status}" 5
	[[ ${stderr} == *"the proxy at ${proxy} answered 5.04"* ]] \
		|| fail "${stderr}"
}

@test 'a ping is for the next hop, and says so' {
	run_apart cs -vv ping "${device}" --proxy "${proxy}"
	assert_equal "${status}" 2
	[[ ${stderr} == *"'ping ${proxy}' asks the proxy that --proxy"* ]] \
		|| fail "${stderr}"
	[[ ${stderr} != *$'\n'* ]] || fail "${stderr}"
	COAP_PROXY=${proxy} run_apart cs ping "${device}"
	assert_equal "${status}" 2
	[[ ${stderr} == *"proxy that COAP_PROXY names"* ]] || fail "${stderr}"
	COAP_PROXY=${proxy} run_apart cs ping "${proxy}/"
	assert_success
	[[ ${output} == "${proxy#coap://} "* ]] || fail "${output}"
	COAP_PROXY=${proxy} run_apart cs ping "${device}" --proxy none
	assert_success
	[[ ${output} == "${device#coap://} "* ]] || fail "${output}"
}

@test 'a proxy is no more than a scheme, a host and a port' {
	local more
	for more in /path '?query' nonsense; do
		[[ ${more} == nonsense ]] || more=${proxy}${more}
		run_apart cs -v get "${device}/hello" --proxy "${more}"
		assert_equal "${status}" 2
		[[ ${stderr} == "coap-shell: --proxy"*"${more}"* ]] \
			|| fail "${stderr}"
		COAP_PROXY=${more} run_apart cs -v observe "${device}/hello"
		assert_equal "${status}" 3
		[[ ${stderr} == "coap-shell: COAP_PROXY"*"${more}"* ]] \
			|| fail "${stderr}"
	done
	run_apart cs get "${device}/hello" --proxy "${proxy}/"
	assert_success
}

@test 'the proxy is that of whoever types, never of the agent' {
	COAP_PROXY=coap://127.0.0.1:1 run_apart keep kept "${device}"
	assert_success
	run_apart cs -vv -S kept get /who
	assert_success
	[[ ${stderr} != *Proxy-Scheme* ]] || fail "${stderr}"
	run_apart cs -vv -S kept get "${device}/who"
	assert_success
	[[ ${stderr} != *Proxy-Scheme* ]] || fail "${stderr}"
	COAP_PROXY=${proxy} run_apart cs -vv -S kept observe "${device}/time" -n 1
	assert_success
	traced '^> .*GET .*Observe:0.*Proxy-Scheme:coap'
	COAP_PROXY=${proxy} run_apart cs -vv -S kept observe /time -n 1
	assert_success
	[[ ${stderr} != *Proxy-Scheme* ]] || fail "${stderr}"
	run_apart cs -S kept observe /time --proxy "${proxy}"
	assert_equal "${status}" 2
	[[ ${stderr} == *'--proxy is for a whole URI'* ]] || fail "${stderr}"
	cs close kept
}

@test 'the message and the command for coap-client name the proxy' {
	run_apart cs get coap://h.example/x --proxy "${proxy_tcp}" --dry-run
	assert_success
	[[ ${output} == *'Uri-Host:h.example, Uri-Path:x, Proxy-Scheme:coap'* ]] \
		|| fail "${output}"
	run_apart cs get coap://h.example/x --proxy "${proxy}" \
		--print-command=coap-client
	assert_output "coap-client -m get -P ${proxy} coap://h.example/x"
}

# ---- the device as a proxy --------------------------------------------------

@test 'what is wrong with COAP_PROXY is the configuration: exit 3' {
	COAP_PROXY=foo run_apart cs get "${device}/who"
	assert_equal "${status}" 3
	[[ ${stderr} == *"COAP_PROXY: 'foo' is no URI"* ]]
	run_apart cs get "${device}/who" --proxy foo
	assert_equal "${status}" 2
}

@test 'only the hosts of --proxy-to' {
	start_serve --proxy-to 127.0.0.1
	run_apart cs get "${device}/hello" --proxy "coap://127.0.0.1:${port}"
	assert_success
	run_apart cs get coap://localhost/x --proxy "coap://127.0.0.1:${port}"
	assert_equal "${status}" 4
	[[ ${stderr} == *'4.03'*'does not ask that host'* ]] || fail "${stderr}"
	run_apart cs serve coap://127.0.0.1:0 --proxy --reverse "${device}"
	assert_equal "${status}" 2
	run_apart cs -c "serve coap://127.0.0.1:0 -q ; \
		serve coap://127.0.0.1:0 --reverse ${device}"
	assert_equal "${status}" 9
}

@test 'a device with UDP alone is reached over DTLS, TLS and WSS' {
	local scheme
	echo 'dev1:0123' >"${BATS_TEST_TMPDIR}/table"
	printf '\001\043' >"${BATS_TEST_TMPDIR}/key"
	chmod 600 "${BATS_TEST_TMPDIR}"/{table,key}
	for scheme in coaps coaps+tcp coaps+ws; do
		[[ ${scheme} == coaps ]] && set -- udp:PORT || set -- tcp:PORT
		start_on "$1" secure "${COAP_SHELL}" serve \
			"${scheme}://127.0.0.1:PORT" --reverse "${device}" \
			--psk-table "${BATS_TEST_TMPDIR}/table"
		run_apart cs get "${scheme}://127.0.0.1:${port}/hello" \
			--psk-identity dev1 \
			--psk-file "${BATS_TEST_TMPDIR}/key"
		assert_success
		assert_output 'Hello, world!'
	done
}

@test 'credentials are for the proxy, whatever the device has' {
	local scheme
	printf '0123\n' >"${BATS_TEST_TMPDIR}/key"
	chmod 600 "${BATS_TEST_TMPDIR}/key"
	set -- --psk-identity dev1 --psk-hex-file "${BATS_TEST_TMPDIR}/key"
	for scheme in coaps coaps+tcp coaps+ws; do
		start_on "$([[ ${scheme} == coaps ]] && echo udp || echo tcp):PORT" \
			secure "${COAP_SHELL}" serve --proxy \
			"${scheme}://127.0.0.1:PORT" "$@"
		ask get "${device}/hello" "$@" \
			--proxy "${scheme}://127.0.0.1:${port}"
		assert_output 'Hello, world!'
		COAP_PROXY=${scheme}://127.0.0.1:${port} \
			ask observe "${device}/time" -n 1 "$@"
	done
	run_apart cs get "coaps://127.0.0.1:${port}/x" "$@" --proxy "${proxy}"
	assert_equal "${status}" 2
	[[ ${stderr} == *"coap is not secured; did you mean coaps${proxy#coap}?" ]] \
		|| fail "${stderr}"
}

@test 'fifty at once' {
	local -a pids=()
	local _
	for _ in {1..50}; do
		cs get "${device}/hello" --proxy "${proxy}" \
			>>"${BATS_TEST_TMPDIR}/all" &
		pids+=($!)
	done
	wait "${pids[@]}"
	assert_equal "$(grep -o 'Hello, world!' "${BATS_TEST_TMPDIR}/all" \
		| wc -l)" 50
}

# ---- with Debian's ----------------------------------------------------------

@test "our client through Debian's proxy" {
	# shellcheck disable=SC2119
	start_coap_server -P ,elsewhere
	run_apart cs get "${device}/hello" --proxy "coap://127.0.0.1:${port}"
	assert_success
	assert_output 'Hello, world!'
	run_apart cs get "${device}/hello" \
		--proxy "coap+tcp://127.0.0.1:${port}"
	assert_success
	assert_output 'Hello, world!'
}

@test "Debian's client through our proxy" {
	run coap-client-notls -B 20 -P "${proxy}" "${device}/hello"
	assert_success
	assert_output 'Hello, world!'
	run coap-client-notls -B 20 -P "${proxy_tcp}" "${device}/large"
	assert_success
	cs get "${device}/large" >"${BATS_TEST_TMPDIR}/large"
	assert_equal "${output}" "$(<"${BATS_TEST_TMPDIR}/large")"
}

# ---- the plugtests, with a reverse proxy between ----------------------------

@test 'CORE_24: Location-Path comes through a reverse proxy' {
	ask post "${reverse}/test" -d x
	traced '^< .*2\.01 .*Location-Path:'
}

@test 'CORE_25: Location-Query comes through a reverse proxy' {
	ask post "${reverse}/location-query" -d x
	traced '^< .*2\.01 .*Location-Query:first=1, Location-Query:second=2'
}

@test 'CORE_26: Accept goes through a reverse proxy' {
	ask get "${reverse}/multi-format" -a text/plain
	traced '^< .*2\.05 .*Content-Format:text/plain'
	ask get "${reverse}/multi-format" -a xml
	traced '^< .*2\.05 .*Content-Format:application/xml'
}

@test 'CORE_27: ETag and If-Match go through a reverse proxy' {
	local etag
	ask get "${reverse_tcp}/validate"
	traced '^< .*ETag:(0x)?([0-9a-f]+)'
	etag=${BASH_REMATCH[2]}
	ask get "${reverse}/validate" --etag "${etag}"
	traced '^< .*2\.03 '
	ask put "${reverse}/validate" --if-match "${etag}" -d "new ${RANDOM}"
	ask_refused '4\.12' put "${reverse}/validate" --if-match "${etag}" -d b
}

@test 'CORE_28: If-None-Match goes through a reverse proxy' {
	ask put "${reverse}/create3" --if-none-match -d a
	ask_refused '4\.12' put "${reverse}/create3" --if-none-match -d b
	ask delete "${reverse}/create3"
}

@test 'EXT_06: Hop-Limit 1 ends at a proxy' {
	run_apart cs -vv get "${reverse}/hello" --hop-limit 1
	assert_equal "${status}" 5
	traced '^< .*5\.08 '
}
