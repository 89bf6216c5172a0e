#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The plugtests' scenarios through a gateway that loses datagrams, by our client
# and device. A name begins with the identifier of the test in the descriptions
# of CoAP#4. What is lost is always the same, by the seed; how soon our side
# repeats is set, the device waits as long as RFC 7252 has it.

load helper
load plugtest

setup_file() {
	start_serve --notify-interval 50ms || return 1
	export device=${port}
}

teardown_file() {
	stop_peers
}

teardown() {
	stop_peers
}

# Run $2 for $1 times on one session through the relay, which repeats soon.
patiently() {
	local i lines=''
	for ((i = 0; i < $1; i++)); do
		lines+="; $2"
	done
	run_apart cs -vv -c "open coap://127.0.0.1:${port};
		session set ack-timeout=0.1 max-retransmit=8${lines}"
	assert_success
}

# Something was lost each way.
both_lost() {
	(($(passed '^> lost') > 0 && $(passed '^< lost') > 0))
}

# Print message ID and token of each request on the way, in order.
requests() {
	sed -nE 's/^> s1: CON 0\.01 .*(mid=[0-9]+ token=[0-9a-f]+).*/\1/p' \
		<<<"${stderr}"
}

@test 'TD_COAP_CORE_15: GET, piggybacked, lossy' {
	start_relay "${device}" --seed 7 --drop 30
	patiently 12 'get /test'
	both_lost
	assert_equal "$(grep -o 'DELETE brings it back' <<<"${output}" | wc -l)" 12
	# 12 requests; what is repeated has its message ID and token.
	assert_equal "$(requests | sort -u | wc -l)" 12
	(($(requests | wc -l) > 12))
	assert_equal "$(requests | uniq | sort | uniq -d)" ''
	assert_equal "$(requests | sed 's/ .*//' | sort -u | wc -l)" 12
}

@test 'TD_COAP_CORE_16: GET, separate, lossy' {
	start_relay "${device}" --seed 9 --drop 25
	patiently 5 'get /separate?ms=20'
	both_lost
	assert_equal "$(grep -o 'came by itself' <<<"${output}" | wc -l)" 5
	assert_equal "$(requests | sort -u | wc -l)" 5
	# What the device repeats is acknowledged again and shown once.
	traced '^< s1: CON 2\.05 .* mid=([0-9]+) '
	traced "^> s1: ACK 0\.00 Empty mid=${BASH_REMATCH[1]}$"
}

@test 'TD_COAP_OBS_11: observing, lossy' {
	start_relay "${device}" --seed 9 --drop 25
	patiently 1 'observe -n 6 /obs'
	both_lost
	assert_equal "$(grep -cE '^[0-9:]{8}$' <<<"${output}")" 6
	# Each one that is shown is newer than the one before.
	sed -nE 's/^< s1: .*Observe:([0-9]+).*/\1/p' <<<"${stderr}" | uniq \
		| sort -ncu
}
