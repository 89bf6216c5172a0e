#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The device's resources that can be observed, by Debian's client. A name begins
# with the identifier of the test in the descriptions of CoAP#4.

load helper
load plugtest

setup_file() {
	start_serve --notify-interval 100ms || return 1
	export port
	export device=coap://127.0.0.1:${port}
}

teardown_file() {
	stop_peers
}

# Debian's client ends its observation before it leaves, and takes its time.
teardown() {
	local pid
	while read -r pid; do
		kill -KILL "${pid}" || :
	done <"$(peer_folder)/peers" 2>/dev/null
	stop_peers
}

# Debian's client observes $2 with the options "${@:3}"; its messages are in the
# log of the peer $1, which is ${peer_log}. Waits until it is registered.
observe() {
	start_peer "$1" stdbuf -oL coap-client-notls -v 7 -s 60 -B 60 "${@:3}" \
		"${device}/$2"
	wait_line "${peer_log}" 'c:2.05 .*Observe:'
}

# Wait for $2 notifications of the type $1 or more in ${peer_log}.
notified() {
	wait_until has_lines "$2" "v:1 t:$1 c:2.05 .*Observe:"
}

has_lines() {
	(($(grep -cE -- "$2" "${peer_log}") >= $1))
}

# The observation of ${peer_log} has ended with the code $1: while another one
# of the resource $2 goes on, nothing more comes.
ended_with() {
	local ended=${peer_log} before
	wait_line "${ended}" "v:1 t:CON c:$1 "
	refute grep -qE "c:$1 .*Observe:" "${ended}"
	before=$(grep -cE '^v:1 t:(CON|NON) c:[245]' "${ended}")
	observe another "$2"
	notified '(CON|NON)' 3
	assert_equal "$(grep -cE '^v:1 t:(CON|NON) c:[245]' "${ended}")" \
		"${before}"
}

# Read messages from descriptor 7 until one, in hex, matches $1.
received() {
	local message
	while :; do
		message=$(timeout 30 dd bs=2048 count=1 status=none <&7 | xxd -p -c 0)
		[[ -n ${message} ]]
		[[ ! ${message} =~ $1 ]] || return 0
	done
}

@test 'TD_COAP_OBS_01: CON notifications' {
	observe debian obs
	notified CON 3
	grep -qE 't:CON .*Content-Format:text/plain, Max-Age:1' "${peer_log}"
}

@test 'TD_COAP_OBS_02: NON notifications' {
	observe debian obs-non -N
	notified NON 3
}

@test 'TD_COAP_OBS_07: the resource is deleted' {
	observe debian obs
	ask delete "${device}/obs"
	is_piggybacked 2.02
	ended_with 4.04 obs
}

@test 'TD_COAP_OBS_08: the format changes' {
	observe debian obs
	ask put "${device}/obs" -d '{}' -t 50
	is_piggybacked 2.04
	ended_with 4.06 obs
	grep -q 'Content-Format:application/json' "${peer_log}"
	ask delete "${device}/obs"
}

@test 'TD_COAP_OBS_09: a new value of the same format' {
	observe debian obs
	ask put "${device}/obs" -d changed -t 0
	wait_line "${peer_log}" "t:CON c:2.05 .*'changed'"
	assert_equal "$(cs get "${device}/obs")" changed
	ask delete "${device}/obs"
	[[ $(cs get "${device}/obs") =~ ^[0-9:]{8}$ ]]
}

@test 'TD_COAP_OBS_12: Observe 1 ends it' {
	# Debian's client does not wait for the answer.
	exec 7<>"/dev/udp/127.0.0.1/${port}"
	xxd -r -p <<<41011234616053"$(printf obs | xxd -p)" >&7
	received '^614512346160'
	received '^4.45....6161'
	xxd -r -p <<<4101123561610153"$(printf obs | xxd -p)" >&7
	received '^6145123561c0'
	exec 7>&-
}

@test 'TD_COAP_OBS_13: notifications in blocks' {
	observe debian obs-large -b 64
	wait_line "${peer_log}" 't:CON c:2.05 .*Observe:[0-9]+.*Block2:0/M/64'
	wait_line "${peer_log}" 't:ACK c:2.05 .*Block2:2/_/64'
	refute grep -qE 'c:2.05 .*Observe:.*Block2:[12]/' "${peer_log}"
}

@test 'TD_COAP_OBS_14: notifications of several sizes' {
	observe debian obs-pumping -b 64
	wait_line "${peer_log}" 't:CON c:2.05 .*Observe.*Block2:0/_/64, Size2:8 '
	wait_line "${peer_log}" 't:CON c:2.05 .*Observe.*Block2:0/M/64, Size2:84'
	wait_line "${peer_log}" 't:CON c:2.05 .*Observe.*Block2:0/M/64, Size2:164'
	observe non obs-pumping-non -b 64
	wait_line "${peer_log}" 't:NON c:2.05 .*Observe.*Block2:0/M/64, Size2:164'
}

@test '/obs-reset ends what is observed' {
	ask_refused 4.03 post "${device}/obs-reset" -d open
	observe debian obs
	ask post "${device}/obs-reset" -d sesame
	is_piggybacked 2.04
	ended_with 4.04 obs
}

@test 'what is kept can be observed: /store, /json, /echo' {
	ask put "${device}/store/seen" -d one -t 0
	observe store store/seen
	ask put "${device}/store/seen" -d two -t 0
	wait_line "${peer_log}" "t:CON c:2.05 .*Observe.*'two'"
	ask delete "${device}/store/seen"
	wait_line "${peer_log}" 't:CON c:4.04'
	observe json json
	coap-client-notls -m patch -t 52 -e '{"seen":1}' "${device}/json"
	wait_line "${peer_log}" 't:CON c:2.05 .*"seen":1'
	ask delete "${device}/json"
	wait_line "${peer_log}" 't:CON c:2.05 .*"on":false,"levels":\[10,20,30\]}'
	run cs discover --obs "${device}"
	for path in obs obs-non obs-large obs-pumping obs-pumping-non time \
		json; do
		assert_line --regexp "^/${path}"$'\t.*\tobs$'
	done
}

@test 'an interval of notifications that is none' {
	run_apart cs serve --notify-interval 1ms coap://127.0.0.1:0
	assert_equal "${status}" 2
	[[ ${stderr} == *'--notify-interval wants 10ms to 24h'*"not '1ms'"* ]]
}
