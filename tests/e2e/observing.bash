#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A peer that notifies, and observations that run beside a test: `load
# observing` after `load helper`.

# A peer that notifies as "$@" say. Sets port, and notifier_log.
start_notifier() {
	start_on udp:PORT notifier /usr/bin/python3 -BES \
		"${BATS_TEST_DIRNAME}/observe_peer.py" PORT "$@" || return 1
	notifier_log=${peer_log}
	wait_line "${notifier_log}" '^ready$'
}

# Has the file $1 at least $2 lines?
has_lines() {
	[[ $(wc -l <"$1") -ge $2 ]]
}

# Start the observation "$@" as a peer. Sets observer and observer_log.
observe_in_background() {
	# The shell has SIGINT ignored in the background.
	start_peer observer env --default-signal=INT \
		"${COAP_SHELL}" observe "$@"
	observer=${peer_pid} observer_log=${peer_log}
}

# Wait until the observer has ended with the status $1.
ends_with_status() {
	local status=0
	wait_until not alive "${observer}"
	wait "${observer}" || status=$?
	assert_equal "${status}" "$1"
}

# Was the notifier asked to stop $1 times?
deregistered() {
	[[ $(grep -c deregister "${notifier_log}") == "$1" ]]
}
