#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The built-in device: Debian's client against serve, its ends, and the demo.

load helper

setup_file() {
	start_serve || return 1
	export port
	export udp=coap://127.0.0.1:${port}
	export tcp=coap+tcp://127.0.0.1:${port}
}

teardown_file() {
	stop_peers
}

setup() {
	file=${BATS_TEST_TMPDIR}/file
}

teardown() {
	term_stop
	stop_peers
}

# Debian's client. It ends with 0 whatever comes, and adds a newline to
# a payload.
client() {
	coap-client-notls -B 10 "$@"
}

# ---- addresses that nobody has shown to be his ------------------------------

@test 'with --max-amplification a long answer takes an Echo, and no more' {
	start_server limited "${COAP_SHELL}" serve --max-amplification 3 \
		coap://127.0.0.1:PORT coap+tcp://127.0.0.1:PORT
	cs get "${udp}/large" -o "${file}.want"
	assert [ "$(wc -c <"${file}.want")" -eq 1280 ]
	for uri in "coap://127.0.0.1:${port}" "coap+tcp://127.0.0.1:${port}"; do
		run_apart cs -vv get "${uri}/large" -o "${file}.${uri%%:*}"
		assert_success
		cmp "${file}.want" "${file}.${uri%%:*}"
		# UDP alone is asked, and once for both blocks.
		assert_equal "$(grep -cE '^< .*4\.01 ' <<<"${stderr}" || :)" \
			"$([[ ${uri} == coap:* ]] && echo 1 || echo 0)"
	done
	run client -m get -o "${file}.debian" "coap://127.0.0.1:${port}/large"
	assert_success
	cmp "${file}.want" "${file}.debian"
	run -0 cs observe -n 1 "coap://127.0.0.1:${port}/obs"
	run -2 cs serve --max-amplification many coap://127.0.0.1:0
	assert_output --partial "such as 3, or 0 for no limit; not 'many'"
}

# ---- Debian's client --------------------------------------------------------

@test 'get, over UDP and TCP' {
	for uri in "${udp}" "${tcp}"; do
		run client -m get "${uri}/time"
		assert_success
		[[ ${output} =~ ^[0-9-]{10}T[0-9:]{8}Z$ ]] || fail "${output}"
		run client -m get "${uri}/hello?name=Debian"
		assert_output 'Hello, Debian!'
		run client -m get "${uri}/nope"
		assert_output --partial '4.04'
	done
	run client -m get "${udp}/who"
	assert_output --partial ' over udp'
	run client -m get "${tcp}/who"
	assert_output --partial ' over tcp'
}

@test 'put, get, post, delete, over UDP and TCP' {
	for uri in "${udp}" "${tcp}"; do
		run client -m put -e one -t text/plain "${uri}/store/a"
		assert_success
		run client -m get "${uri}/store/a"
		assert_output one
		run client -m put -e two "${uri}/store/a"
		assert_success
		run client -m get "${uri}/store/a"
		assert_output two
		run client -m get "${uri}/store"
		assert_output '</store/a>;sz=3'
		run client -m delete "${uri}/store/a"
		assert_success
		run client -m get "${uri}/store/a"
		assert_output --partial '4.04'
		run client -m post -e 'said and done' "${uri}/echo"
		assert_output 'said and done'
		run client -m put -e x "${uri}/elsewhere"
		assert_output --partial '4.04'
		run client -m delete "${uri}/time"
		assert_output --partial '4.05'
	done
}

@test 'discovery, with and without a filter' {
	for uri in "${udp}" "${tcp}"; do
		run client -m get "${uri}/.well-known/core"
		assert_success
		for path in time hello echo large separate store; do
			assert_output --partial "</${path}>"
		done
		run client -m get "${uri}/.well-known/core?rt=time"
		assert_output --partial '</time>'
		refute_output --partial '</hello>'
	done
}

@test 'a separate response, a NON, a large answer over TCP' {
	run client -m get "${udp}/separate?ms=50"
	assert_output 'This came by itself, after the ACK.'
	run client -N -m get "${udp}/separate?ms=50"
	assert_output 'This came by itself, after the ACK.'
	run client -m get "${tcp}/separate?ms=50"
	assert_output 'This came by itself, after the ACK.'
	run client -N -m get "${udp}/hello"
	assert_output 'Hello, world!'
	client -m get -o "${file}" "${tcp}/large?size=100000"
	assert_equal "$(stat -c %s "${file}")" 100000
}

# ---- the device -------------------------------------------------------------

@test 'the store has its limits, and says so' {
	local i commands=
	for i in {1..65}; do
		commands+="put ${tcp}/store/many/${i} -d ${i} -q; "
	done
	run_apart cs -c "${commands}"
	assert_equal "${status}" 4
	[[ ${stderr} == *'the store is full'* ]] || fail "${stderr}"
	run cs get "${tcp}/store"
	[[ ${output} == *'</store/many/64>;sz=2'* ]]
	for i in {1..64}; do
		printf 'delete %s/store/many/%d\n' "${tcp}" "${i}"
	done >"${file}"
	run_apart cs -f "${file}"
	assert_success
	assert_equal "$(cs get "${tcp}/store")" ''
}

@test 'queries that are no number are 4.00' {
	run_apart cs get "${udp}/large?size=x"
	assert_equal "${status}" 4
	[[ ${stderr} == *'4.00 Bad Request: size=N wants a number'* ]]
	run_apart cs get "${udp}/separate?ms=-1"
	assert_equal "${status}" 4
	run_apart cs get "${udp}/code?code=0.01"
	assert_equal "${status}" 4
	run_apart cs get "${udp}/code?code=5.00"
	assert_equal "${status}" 5
}

# ---- beginning and end ------------------------------------------------------

@test 'serve prints where it listens, port 0 resolved' {
	start_peer zero "${COAP_SHELL}" serve coap://127.0.0.1:0 \
		coap+tcp://127.0.0.1:0
	wait_line "${peer_log}" '^coap\+tcp://127.0.0.1:[0-9]+$'
	read -r uri <"${peer_log}"
	[[ ${uri} =~ ^coap://127.0.0.1:[0-9]+$ ]]
	assert_equal "$(cs get "${uri}/hello")" 'Hello, world!'
}

@test 'serve refuses a path, and a host that is none' {
	run_apart cs serve coap://127.0.0.1:0/path
	assert_failure 2
	[[ ${stderr} == *'/path: to listen takes a scheme, a host and a port'* ]]
	run_apart cs serve coap://127.0.0.1:0 --proxy-to ''
	assert_failure 2
	[[ ${stderr} == *'--proxy-to wants a host'* ]]
	run_apart cs serve coap://127.0.0.1:0 --proxy-to coap://h
	assert_failure 2
}

@test '/time is fresh for a second, /who for none' {
	run_apart cs get -i "${udp}/time"
	assert_line 'Max-Age: 1'
	run_apart cs get -i "${udp}/who"
	assert_line 'Max-Age: 0'
}

@test 'a port that is taken: exit 3, and what to try' {
	run_apart cs serve "${udp}"
	assert_equal "${status}" 3
	assert_equal "${output}" ''
	assert_equal "${stderr}" "coap-shell: ${udp}: the address is in use; choose another port, or 0 for a free one"
	run_apart cs serve coap://127.0.0.1:0 "${tcp}"
	assert_equal "${status}" 3
	run_apart cs serve nonsense
	assert_equal "${status}" 2
}

@test 'serve in a list of commands stays, or fails as a whole' {
	run_apart cs -c "serve coap://127.0.0.1:0 --name x"
	assert_equal "${status}" 2
	run_apart cs --keep-going -c "serve coap://127.0.0.1:0 ${tcp}; listen list"
	assert_equal "${status}" 3
	assert_output ''
	free=$(free_port)
	run_apart cs -c "serve coap://127.0.0.1:${free}; get coap://127.0.0.1:${free}/hello"
	assert_success
	assert_equal "${output}" "coap://127.0.0.1:${free}
Hello, world!"
}

@test 'serve ends with 143 on SIGTERM and 130 on SIGINT' {
	local signal
	for signal in TERM INT; do
		# Bash would let it ignore SIGINT in the background.
		start_peer "${signal}" env --default-signal=INT \
			"${COAP_SHELL}" serve coap://127.0.0.1:0
		wait_line "${peer_log}" '^coap://'
		kill "-${signal}" "${peer_pid}"
		status=0
		wait "${peer_pid}" || status=$?
		case ${signal} in
			TERM) assert_equal "${status}" 143 ;;
			*) assert_equal "${status}" 130 ;;
		esac
	done
}

@test 'what waits for a later answer does not keep serve from ending' {
	start_peer owing "${COAP_SHELL}" serve coap://127.0.0.1:0
	wait_line "${peer_log}" '^coap://'
	read -r uri <"${peer_log}"
	run_apart cs get -T 300ms "${uri}/separate?ms=60000"
	assert_equal "${status}" 28
	kill -TERM "${peer_pid}"
	status=0
	wait "${peer_pid}" || status=$?
	assert_equal "${status}" 143
}

# ---- demo -------------------------------------------------------------------

@test 'demo without a terminal makes a tour and ends with 0' {
	run_apart cs demo
	assert_success
	for line in 'session list' 'discover udp:/' 'get udp:/time' \
		'get tcp:/hello?name=CoAP' 'put udp:/store/lamp --data on' \
		'get tcp:/store/lamp' 'get udp:/separate?ms=50' 'ping udp' \
		'session get stats.rtt-avg udp'; do
		[[ ${stderr} == *"+ ${line}"* ]] || fail "${line}: ${stderr}"
	done
	assert_line --regexp '^ +udp +client +udp +established '
	assert_line --regexp '^. +tcp +client +tcp +established '
	assert_line --regexp '^/time '
	assert_line 'Hello, CoAP!'
	assert_line --partial '2.01 Created'
	assert_line on
	assert_line 'This came by itself, after the ACK.'
	assert_line --partial 'reply from 127.0.0.1:'
	assert_line --regexp '^[0-9.]+$'
	[[ ${output} != *$'\e'* ]]
}

@test 'demo in JSON is one object a line' {
	run_apart cs demo --json
	assert_success
	jq -es 'length > 10 and all(.v == 1)' <<<"${output}"
}

@test 'demo on a terminal shows the sessions and gives a prompt on them' {
	term_start "${COAP_SHELL}" demo
	term_wait ' udp +client +udp +established '
	term_wait ' tcp +client +tcp +established '
	term_wait '^(tcp|wss):/> *$'
	term_line 'get udp:/hello'
	term_wait '^Hello, world!$'
	term_line 'demo'
	term_wait 'the device is there already'
	term_line 'exit 0'
	assert_equal "$(term_status)" 0
}
