#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# A proxy that keeps answers: ours between Debian's client and Debian's server,
# or one that says what came. A name begins with the identifier of the test in
# the descriptions of CoAP#4.

load helper
load peers
load plugtest

setup_file() {
	start_coap_server -d 10 -v 7 || return 1
	export server=coap://127.0.0.1:${port} server_log=${peer_log}
	start_on udp:PORT methods /usr/bin/python3 -BES \
		"${BATS_TEST_DIRNAME}/method_peer.py" PORT || return 1
	wait_line "${peer_log}" '^ready$' || return 1
	export short=coap://127.0.0.1:${port}/short said=${peer_log}
	start_serve -vv --proxy || return 1
	export proxy=coap://127.0.0.1:${port} proxy_log=${peer_log}
	export proxy_tcp=coap+tcp://127.0.0.1:${port}
}

teardown_file() {
	stop_peers
}

teardown() {
	stop_peers
}

# Debian's client through our proxy: the messages, and the payload at the end.
client() {
	run coap-client-notls -v 7 -B 20 -P "${proxy}" "$@"
	assert_success
}

# What it got: code and options.
client_got() {
	[[ ${output} =~ c:$1' i:'[0-9a-f]+' {'[0-9a-f]+'} [ '(.*)' ]' ]] \
		|| fail "no $1: ${output}"
}

# How many requests Debian's server got.
requests() {
	grep -cE ' c:(GET|PUT) ' "${server_log}" || :
}

@test 'TD_COAP_CORE_29: the second GET is answered by the proxy' {
	local before
	before=$(requests)
	client "${server}"
	client_got 2.05
	[[ ${BASH_REMATCH[0]} == *Max-Age:196607* ]] || fail "${output}"
	assert_equal "$(requests)" "$((before + 1))"
	client "${server}"
	client_got 2.05
	[[ ${BASH_REMATCH[0]} =~ Max-Age:([0-9]+) ]] || fail "${output}"
	((BASH_REMATCH[1] < 196607 && BASH_REMATCH[1] > 196000))
	[[ ${output} == *'This is a test server made with libcoap'* ]] \
		|| fail "${output}"
	# Also to another client, by another protocol.
	run_apart cs -vv get "${server}" --proxy "${proxy_tcp}"
	assert_success
	traced '^< .*2\.05 .*Max-Age:196[0-9]{3}'
	assert_equal "$(requests)" "$((before + 1))"
	wait_line "${proxy_log}" 'answered from the cache, age [0-9]+ s'
}

@test 'TD_COAP_CORE_29: after Max-Age the server is asked again' {
	local before
	before=$(requests)
	client "${server}/time"
	client_got 2.05
	assert_equal "$(requests)" "$((before + 1))"
	# shellcheck disable=SC2317 # wait_until calls it
	asked_again() {
		client "${server}/time" && client_got 2.05 || return 1
		(($(requests) > before + 1))
	}
	wait_until asked_again
}

@test 'TD_COAP_CORE_30: what is stale is validated, and given again' {
	local asked
	client "${short}"
	client_got 2.05
	assert_equal "$(grep -c '^0.01 short ' "${said}")" 1
	run grep -E '^0.01 short (|.*,)4=' "${said}"
	assert_failure
	# shellcheck disable=SC2317 # wait_until calls it
	validated() {
		client "${short}" && client_got 2.05 || return 1
		[[ ${output} == *kept* ]] || return 1
		grep -qE '^0.01 short (|.*,)4=07' "${said}"
	}
	wait_until validated
	wait_line "${proxy_log}" 'answered from the cache, validated'
	# Who has it is told so, by whoever knows it.
	client -O 4,0x07 "${short}"
	client_got 2.03
	[[ ${BASH_REMATCH[0]} == *ETag:0x07* ]] || fail "${output}"
}

@test 'TD_COAP_CORE_30: the same before node-coap' {
	need_node_coap
	start_node
	local node=coap://127.0.0.1:${port} seen
	seen=$(grep -c 'the cache, validated' "${proxy_log}" || :)
	# shellcheck disable=SC2317 # wait_until calls it
	validated() {
		client "${node}/validate?short" && client_got 2.05 || return 1
		[[ ${output} == *first* ]] || return 1
		(($(grep -c 'the cache, validated' "${proxy_log}") > seen))
	}
	wait_until validated
	# A new one comes through.
	client -m put -e second "${node}/validate"
	client_got 2.04
	client "${node}/validate?short"
	client_got 2.05
	[[ ${output} == *second* ]] || fail "${output}"
}

@test 'what is changed through the proxy is new for all' {
	local before
	client -m put -t text/plain -e one "${server}/kept"
	client_got 2.01
	client "${server}/kept"
	before=$(requests)
	client "${server}/kept"
	[[ ${output} == *one* ]] || fail "${output}"
	assert_equal "$(requests)" "${before}"
	run_apart cs put "${server}/kept" -d two -t 0 --proxy "${proxy_tcp}"
	assert_success
	client "${server}/kept"
	[[ ${output} == *two* ]] || fail "${output}"
}

@test 'a body in blocks is kept whole' {
	local before
	seq 5000 >"${BATS_TEST_TMPDIR}/body"
	cs put "${server}/large" -d "@${BATS_TEST_TMPDIR}/body" -t 0
	run_apart cs get "${server}/large" -o "${BATS_TEST_TMPDIR}/one" \
		--proxy "${proxy_tcp}"
	assert_success
	before=$(requests)
	run coap-client-notls -B 20 -P "${proxy}" \
		-o "${BATS_TEST_TMPDIR}/two" "${server}/large"
	assert_success
	assert_equal "$(requests)" "${before}"
	cmp "${BATS_TEST_TMPDIR}/body" "${BATS_TEST_TMPDIR}/one"
	cmp "${BATS_TEST_TMPDIR}/body" "${BATS_TEST_TMPDIR}/two"
}

@test 'a reverse proxy keeps answers, too' {
	start_serve -vv --reverse "${server}"
	run coap-client-notls -B 20 "coap://127.0.0.1:${port}"
	assert_success
	run_apart cs -vv get "coap+tcp://127.0.0.1:${port}"
	assert_success
	traced '^< .*2\.05 .*Max-Age:196[0-9]{3}'
	wait_line "${peer_log}" 'answered from the cache'
}

@test '--no-cache asks each time, and is for proxies' {
	local before
	start_serve -vv --proxy --no-cache
	before=$(requests)
	for _ in 1 2; do
		run coap-client-notls -B 20 -P "coap://127.0.0.1:${port}" \
			"${server}"
		assert_success
	done
	assert_equal "$(requests)" "$((before + 2))"
	run_apart cs serve coap://127.0.0.1:0 --no-cache
	assert_equal "${status}" 2
	[[ ${stderr} == *'--no-cache is for a proxy'* ]] || fail "${stderr}"
}
