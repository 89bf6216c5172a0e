#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The plugtests' scenarios of observing (RFC 7641) by our client, of our device
# and of node-coap's server. A name begins with the identifier of the test in
# the descriptions of CoAP#4. Elsewhere are
#
#   TD_COAP_OBS_05  the client is dead: session_observe_server_test,
#                   unanswered_con_ends_it
#   TD_COAP_OBS_06  a Reset: plugtest_tcp.bats
#   TD_COAP_OBS_11  lossy: session_lossy_observe_test

load helper
load plugtest
load peers

setup_file() {
	start_serve --notify-interval 50ms || return 1
	export device=coap://127.0.0.1:${port}
}

teardown_file() {
	stop_peers
}

teardown() {
	stop_peers
}

# Observe the resource $1 in the background; further options behind it. What is
# shown is in ${peer_log}, with the messages.
observe() {
	local uri=$1
	shift
	start_peer "observer-${RANDOM}" "${COAP_SHELL}" observe -vv "$@" "${uri}"
	wait_line "${peer_log}" '^< .*2\.05 .*Observe:'
}

@test 'TD_COAP_OBS_01: CON notifications' {
	local token
	ask observe -n 4 "${device}/obs"
	traced '^> CON 0.01 GET mid=([0-9]+) token=([0-9a-f]+) \[Observe:0, '
	token=${BASH_REMATCH[2]}
	traced "^< ACK 2.05 Content mid=${BASH_REMATCH[1]} token=${token} \[Observe:[0-9]+, Content-Format:text/plain.*, Max-Age:1\]"
	traced "^< CON 2.05 Content mid=([0-9]+) token=${token} \[Observe:[0-9]+, Content-Format:text/plain"
	traced "^> ACK 0.00 Empty mid=${BASH_REMATCH[1]}$"
	# The numbers grow, and each is shown.
	sed -nE 's/^< .*Observe:([0-9]+).*/\1/p' <<<"${stderr}" | sort -ncu
	assert_equal "$(grep -cE '^[0-9:]{8}$' <<<"${output}")" 4
}

@test 'TD_COAP_OBS_02: NON notifications' {
	ask observe -N -n 4 "${device}/obs-non"
	traced '^> NON 0.01 GET .*token=([0-9a-f]+) \[Observe:0, '
	traced "^< NON 2.05 .*token=${BASH_REMATCH[1]} \[Observe:[0-9]+, "
	refute grep -qE '^(>|<) ACK .*Observe' <<<"${stderr}"
	assert_equal "$(grep -cE '^[0-9:]{8}$' <<<"${output}")" 4
}

@test 'TD_COAP_OBS_04: a server that has forgotten is asked again' {
	local log token uri
	start_peer one "${COAP_SHELL}" serve --notify-interval 1s \
		coap://127.0.0.1:0
	wait_line "${peer_log}" '^coap://'
	read -r uri <"${peer_log}"
	observe "${uri}/obs"
	log=${peer_log}
	token=$(sed -nE 's/^> .*token=([0-9a-f]+).*Observe:0.*/\1/p' "${log}")
	kill -KILL "$(head -n 1 "$(peer_folder)/peers")"
	start_peer two "${COAP_SHELL}" serve --notify-interval 1s "${uri}"
	wait_line "${peer_log}" '^coap://'
	# After Max-Age and 5 to 15 seconds.
	wait_until asked_twice "${log}" "${token}"
	: >"${log}"
	wait_line "${log}" "^< .* 2\.05 .*token=${token} \[Observe:"
}

asked_twice() {
	(($(grep -cE "^> CON 0\.01 .*token=$2 .*Observe:0" "$1") >= 2))
}

@test 'TD_COAP_OBS_07: the resource is deleted' {
	observe "${device}/obs"
	ask delete "${device}/obs"
	traced '^< ACK 2.02 '
	wait_line "${peer_log}" '^< CON 4\.04 '
	refute grep -qE '^< CON 4\.04 .*Observe' "${peer_log}"
	wait_until not alive "${peer_pid}"
	run wait "${peer_pid}"
	assert_equal "${status}" 4
}

@test 'TD_COAP_OBS_08: the format changes' {
	observe "${device}/obs"
	ask put "${device}/obs" -d '{}' -t 50
	wait_line "${peer_log}" '^< CON 4\.06 '
	refute grep -qE '^< CON 4\.06 .*Observe' "${peer_log}"
	wait_until not alive "${peer_pid}"
	cs delete "${device}/obs"
}

@test 'TD_COAP_OBS_09: a new value of the same format' {
	observe "${device}/obs"
	ask put "${device}/obs" -d changed -t 0
	wait_line "${peer_log}" '^changed$'
	cs delete "${device}/obs"
}

@test 'TD_COAP_OBS_10: a plain GET does not end it' {
	local log seen
	observe "${device}/obs"
	log=${peer_log}
	ask get "${device}/obs"
	refute grep -q Observe <<<"${stderr}"
	seen=$(grep -cE '^< CON 2\.05' "${log}" || :)
	wait_until has_notifications "$((seen + 2))" "${log}"
}

has_notifications() {
	(($(grep -cE '^< CON 2\.05' "$2") >= $1))
}

@test 'TD_COAP_OBS_12: Observe 1 ends it' {
	ask observe -n 2 "${device}/obs"
	traced '^> CON 0.01 GET .*token=([0-9a-f]+) \[Observe:0, '
	traced "^> CON 0.01 GET mid=([0-9]+) token=${BASH_REMATCH[1]} \[Observe:1, "
	traced "^< ACK 2.05 Content mid=${BASH_REMATCH[1]} token=[0-9a-f]+ \[Content-Format"
}

@test 'TD_COAP_OBS_13: notifications in blocks' {
	local token
	ask observe -n 3 -b 64 "${device}/obs-large"
	traced '^> CON .*token=([0-9a-f]+) \[Observe:0, .*Block2:0/0/64\]'
	token=${BASH_REMATCH[1]}
	traced "^< CON 2.05 .*token=${token} .*Observe:[0-9]+.*Block2:0/1/64"
	# The rest is asked for by other tokens and without Observe.
	traced '^> CON .*token=([0-9a-f]+) \[Uri-Path:obs-large, Block2:1/0/64\]'
	[[ ${BASH_REMATCH[1]} != "${token}" ]]
	refute grep -qE '^> .*Observe.*Block2:[1-9]' <<<"${stderr}"
	assert_equal "$(grep -cE '^C{34}$' <<<"${output}")" 3
}

@test 'TD_COAP_OBS_14: notifications of several sizes' {
	ask observe -n 6 -b 64 "${device}/obs-pumping"
	traced '^< .*Observe:[0-9]+.*Block2:0/1/64, Size2:164'
	traced '^< .*Observe:[0-9]+.*Block2:0/1/64, Size2:84'
	traced '^< .*Observe:[0-9]+.* 8 bytes$'
	ask observe -n 6 "${device}/obs-pumping-non"
	traced '^< .*Observe:[0-9]+.* 164 bytes$'
	traced '^< .*Observe:[0-9]+.* 8 bytes$'
}

# ---- node-coap --------------------------------------------------------------

@test 'TD_COAP_OBS_01, 12: node-coap notifies, and ends it by Observe 1' {
	need_node_coap
	start_node
	local n
	observe "coap://127.0.0.1:${port}/obs" -n 4
	wait_line "${peer_log}" '^change 1$'
	for n in 2 3 4; do
		cs post "coap://127.0.0.1:${port}/obs" -d change
		wait_line "${peer_log}" "^change ${n}\$"
	done
	wait_until not alive "${peer_pid}"
	grep -qE '^> CON 0\.01 GET .*Observe:1' "${peer_log}"
	grep -qE '^< CON 2\.05 .*Observe:' "${peer_log}"
}

@test 'TD_COAP_OBS_10: node-coap, a plain GET does not end it' {
	need_node_coap
	start_node
	observe "coap://127.0.0.1:${port}/obs"
	assert_equal "$(cs get "coap://127.0.0.1:${port}/obs")" 'change 1'
	cs post "coap://127.0.0.1:${port}/obs" -d change
	wait_line "${peer_log}" '^change 2$'
}
