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
		cs get "coap://127.0.0.1:${device}/store/lossy${seed}" \
			| cmp "${body}"
	done
}

@test 'what breaks in the middle is exit 18, and --resume completes it' {
	cs put "coap://127.0.0.1:${device}/store/broken" -d "@${body}"
	start_relay "${device}" --only 20
	run_apart patiently 2 "get /store/broken -o ${got}"
	assert_failure 18
	assert [ ! -e "${got}" ]
	assert [ -s "${got}.part" ]
	(($(stat -c %s "${got}.part") < 65536))
	start_relay "${device}" --seed 3 --drop 10 --duplicate 5 --reorder 5
	patiently 8 "get --resume /store/broken -o ${got}"
	cmp "${body}" "${got}"
	assert [ ! -e "${got}.part" ]
}

@test 'an upload that breaks in the middle is exit 18' {
	start_relay "${device}" --only 20
	run_apart patiently 2 "put /store/half -d @${body}"
	assert_failure 18
	run_apart cs get "coap://127.0.0.1:${device}/store/half"
	assert_failure
}
