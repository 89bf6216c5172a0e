#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Bodies through a network that loses, repeats and reorders datagrams. The unit
# tests have more of it, and larger bodies, on a clock of their own.

setup_file() {
	load helper
	# shellcheck disable=SC2119
	start_serve || return 1
	export device=${port}
}

teardown_file() {
	load helper
	stop_peers
}

setup() {
	load helper
	body=${BATS_TEST_TMPDIR}/body
	got=${BATS_TEST_TMPDIR}/got
	head -c 65536 /dev/urandom >"${body}"
}

teardown() {
	stop_peers
}

# Run the command "$@" on a session to port ${port} that repeats soon and often.
patiently() {
	cs -c "open coap://127.0.0.1:${port};
		session set ack-timeout=0.05 max-retransmit=$1; $2"
}

@test 'a body of 64 KiB comes through losses of ten percent both ways' {
	for seed in 1 2; do
		start_relay "${device}" --seed "${seed}" --drop 10 \
			--duplicate 5 --reorder 5 --delay 2
		patiently 8 "put /store/lossy${seed} -d @${body}"
		rm -f "${got}"
		patiently 8 "get /store/lossy${seed} -o ${got}"
		cmp "${body}" "${got}"
		(($(passed '^> lost') > 0 && $(passed '^< lost') > 0))
		# Without the relay it is the same.
		cs get "coap://127.0.0.1:${device}/store/lossy${seed}" |
			cmp "${body}"
	done
}
