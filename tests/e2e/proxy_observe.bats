#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Observing through our proxy, forward and reverse.
# shellcheck disable=SC2030,SC2031 # each test sets its variables anew

load helper
load peers
load observing

teardown() {
	stop_peers
}

# A device that changes often behind a reverse proxy: sets device and proxy,
# both without their scheme.
start_pair() {
	start_serve --notify-interval 100ms
	device=127.0.0.1:${port}
	start_serve --reverse "$1://${device}"
	proxy=127.0.0.1:${port}
}

# Has the file $1 as many times of day as $2? There are no ends of lines.
has_times() {
	[[ $(grep -oE '[0-9]{2}:[0-9]{2}:[0-9]{2}' "$1" | wc -l) -ge $2 ]]
}

@test 'observe through a reverse proxy, from each protocol to the other' {
	local from to device proxy
	for to in coap coap+tcp; do
		start_pair "${to}"
		for from in coap coap+tcp; do
			run_apart cs observe "${from}://${proxy}/obs" -n 3
			assert_success
			assert_equal "${#lines[@]}" 3
			assert_equal "${stderr}" ''
		done
	done
}

@test 'a large notification comes whole' {
	local device proxy
	start_pair coap+tcp
	run_apart cs observe "coap://${proxy}/obs-large" -n 2 -b 64 -vv
	assert_success
	[[ ${stderr} == *'Block2:0/1/64'* ]] || fail "${stderr}"
	# 162 bytes, of which the first 8 are the time.
	assert_equal "$(grep -cE '^[0-9]{2}(:[0-9]{2}){2}$' <<<"${output}")" 2
	assert_equal "${#output}" 325
}

@test 'a device behind WebSocket is observed by UDP, and the other way' {
	local device proxy
	start_on tcp:PORT ws "${COAP_SHELL}" serve coap+ws://127.0.0.1:PORT \
		--notify-interval 100ms
	start_serve --reverse "coap+ws://127.0.0.1:${port}"
	run_apart cs observe "coap://127.0.0.1:${port}/obs" -n 3
	assert_success
	assert_equal "${#lines[@]}" 3
	start_pair coap
	start_on tcp:PORT wss "${COAP_SHELL}" serve coaps+ws://127.0.0.1:PORT \
		--reverse "coap://${device}" --psk-identity me --psk secret
	run_apart cs observe "coaps+ws://127.0.0.1:${port}/obs" -n 3 \
		--psk-identity me --psk secret
	assert_success
	assert_equal "${#lines[@]}" 3
}

@test 'two clients share one observation, which ends with the last' {
	local first first_log
	start_notifier 1=a
	start_serve --reverse "coap://127.0.0.1:${port}"
	observe_in_background "coap://127.0.0.1:${port}/t"
	first=${observer} first_log=${observer_log}
	wait_line "${first_log}" '^a$'
	observe_in_background "coap+tcp://127.0.0.1:${port}/t"
	wait_line "${observer_log}" '^a$'
	assert_equal "$(grep -c '^GET register' "${notifier_log}")" 1
	kill -INT "${first}"
	wait_until not alive "${first}"
	run ! grep deregister "${notifier_log}"
	kill -INT "${observer}"
	ends_with_status 130
	wait_line "${notifier_log}" '^GET deregister'
	assert_equal "$(grep -c '^GET register' "${notifier_log}")" 1
}

@test 'what cannot be observed is answered, and that is told' {
	local device proxy
	start_pair coap
	run_apart cs observe "coap+tcp://${proxy}/hello"
	assert_equal "${output}" 'Hello, world!'
	[[ ${stderr} == *'will not tell of changes'* ]] || fail "${stderr}"
}

@test 'a device that starts anew is observed again, one that stays away is not' {
	local device proxy place
	start_serve --notify-interval 100ms
	place=${port} device=${peer_pid}
	start_serve --reverse "coap+tcp://127.0.0.1:${port}"
	observe_in_background "coap://127.0.0.1:${port}/obs"
	wait_until has_lines "${observer_log}" 2
	kill -KILL "${device}"
	wait_until not alive "${device}"
	start_peer again "${COAP_SHELL}" serve --notify-interval 100ms \
		"coap+tcp://127.0.0.1:${place}"
	device=${peer_pid}
	wait_until has_lines "${observer_log}" \
		"$(($(wc -l <"${observer_log}") + 10))"
	kill -KILL "${device}"
	wait_line "${observer_log}" '5\.04'
	ends_with_status 5
}

# ---- with Debian's ----------------------------------------------------------

@test "Debian's server behind our proxy" {
	# shellcheck disable=SC2119
	start_coap_server
	start_serve --reverse "coap://127.0.0.1:${port}"
	run_apart cs observe "coap+tcp://127.0.0.1:${port}/time" -n 3
	assert_success
	assert_equal "${#lines[@]}" 3
}

@test "Debian's client through our proxies" {
	local device proxy server
	start_pair coap+tcp
	start_peer client coap-client-notls -s 30 "coap://${proxy}/obs"
	wait_until has_times "${peer_log}" 3
	# shellcheck disable=SC2119
	start_coap_server
	server=coap://127.0.0.1:${port}/time
	start_serve --proxy
	start_peer client coap-client-notls -s 30 \
		-P "coap://127.0.0.1:${port}" "${server}"
	wait_until has_times "${peer_log}" 2
}
