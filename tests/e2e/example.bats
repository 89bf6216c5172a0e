#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The program in coap_session(3), built as a user would build it.

setup_file() {
	load helper
	cd "${BATS_TEST_DIRNAME}/../.." || return 1
	# The links that the installed library has in a folder of its own.
	mkdir -p "${BATS_FILE_TMPDIR}/lib"
	ln -s "${O}/lib/libcoap-session-notls.so" \
		"${BATS_FILE_TMPDIR}/lib/libcoap-3-notls.so"
	# shellcheck disable=SC2086 # several words, or none
	${CC:-cc} -Wall -Werror ${SAN:+-fsanitize=${SAN}} -I lib/include \
		-o "${BATS_FILE_TMPDIR}/example" tests/e2e/example.c \
		-L "${BATS_FILE_TMPDIR}/lib" -lcoap-3-notls
	# shellcheck disable=SC2086
	${CC:-cc} -Wall -Werror ${SAN:+-fsanitize=${SAN}} -I lib/include \
		-o "${BATS_FILE_TMPDIR}/example-static" tests/e2e/example.c \
		"${O}/lib/libcoap-session.a" -pthread \
		${STATIC_LIBS--lgnutls -lwebsockets}
	# shellcheck disable=SC2086
	${CC:-cc} -Wall -Werror ${SAN:+-fsanitize=${SAN}} -I lib/include \
		-o "${BATS_FILE_TMPDIR}/send_recv" tests/e2e/send_recv.c \
		-L "${BATS_FILE_TMPDIR}/lib" -lcoap-3-notls
	start_coap_server
	export port
}

teardown_file() {
	load helper
	stop_peers
}

setup() {
	load helper
	export LD_LIBRARY_PATH=${O}/lib
	example=${BATS_FILE_TMPDIR}/example
}

# What the server's /time says.
assert_time() {
	assert_output --regexp '^[A-Z][a-z][a-z] [0-9]+ [0-9]+:[0-9]+:[0-9]+$'
}

@test 'the example prints the answer over UDP' {
	run "${example}" "coap://127.0.0.1:${port}/time"
	assert_success
	assert_time
}

@test 'the example prints the answer over TCP' {
	run "${example}" "coap+tcp://127.0.0.1:${port}/time"
	assert_success
	assert_time
}

@test 'the example prints the answer of a name' {
	run "${example}-static" "coap+tcp://localhost:${port}/time"
	# localhost may be ::1 alone, where the server does not listen.
	if getent ahosts localhost | head -n 1 | grep -q '^127'; then
		assert_success
		assert_time
	else
		assert_failure 1
	fi
}

@test 'the example built with the static library does the same' {
	run "${example}-static" "coap://127.0.0.1:${port}/time"
	assert_success
	assert_time
}

@test 'the example fails where nobody listens' {
	closed=$(free_port)
	run "${example}" "coap+tcp://127.0.0.1:${closed}/time"
	assert_failure 1
	refute_output
}

@test 'the example fails for what is no URI' {
	run "${example}" nonsense
	assert_failure 1
}

@test 'coap_send_recv() gives one answer after the other' {
	run "${BATS_FILE_TMPDIR}/send_recv" 127.0.0.1 "${port}" time 3
	assert_success
	assert_equal "${#lines[@]}" 3
	assert_line --regexp '^[A-Z][a-z][a-z] [0-9]+ [0-9]+:[0-9]+:[0-9]+$'
}

@test 'coap_send_recv() gives up when the reconnects do' {
	closed=$(free_port)
	run "${BATS_FILE_TMPDIR}/send_recv" 127.0.0.1 "${closed}" time 1
	assert_failure 1
	[[ ${output} =~ ^'coap_send_recv: -'[35]$ ]]
}

@test 'coap_session(3) has the text of the example' {
	diff <(sed 1,2d "${BATS_TEST_DIRNAME}/example.c") \
		<(sed -n '/^\.Sh EXAMPLES/,/^\.Ed/p' \
			"${BATS_TEST_DIRNAME}/../../man/coap_session.3" \
			| sed -e '1,/^\.Bd/d' -e '/^\.Ed/d' -e 's/\\e/\\/g' \
				-e 's/^\\&//')
}

@test 'coap_session(3) is correct mdoc' {
	run mandoc -T lint -W warning \
		"${BATS_TEST_DIRNAME}/../../man/coap_session.3"
	assert_success
	refute_output
}

@test 'coap_session(3) names each function of its header' {
	page=${BATS_TEST_DIRNAME}/../../man/coap_session.3
	missing=
	while read -r name; do
		grep -qE "^\\.Fo ${name}\$" "${page}" || missing+=" ${name}"
	done < <(awk -F '\t' '$2 == "coap_session.h" { print $1 }' \
		"${BATS_TEST_DIRNAME}/../../lib/include/api.tsv")
	assert_equal "${missing}" ''
}
