#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Where keys and certificates come from, and what is wrong with them: all that
# is said before anything is sent.

load helper

# Nothing listens there; whatever gets that far is refused.
closed=coaps://127.0.0.1:9

setup() {
	cd "${BATS_TEST_TMPDIR}" || return 1
	umask 077
	printf '00010203\n' >key.hex
	printf 'secret\n' >key
	mkdir home
	export HOME=${BATS_TEST_TMPDIR}/home
	export COAP_SHELL_HISTORY=${BATS_TEST_TMPDIR}/history
}

teardown() {
	term_stop
	stop_peers
}

# Run the program; it ends with the status $1, and its stderr has the text $2.
fails() {
	local want=$1 text=$2
	shift 2
	run_apart cs "$@"
	assert_equal "${status}" "${want}"
	[[ ${stderr} == *"${text}"* ]] || fail "${stderr}"
	assert_equal "${output}" ''
}

# A key and a certificate for it, $1.key and $1.pem.
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$1.key" -out "$1.pem" -subj "/CN=$1" -days 30 \
		2>/dev/null
}

needs_tls() {
	[[ $(cs version) == *' dtls'* ]] || skip 'this build has no TLS'
}

# ---- usage ------------------------------------------------------------------

@test 'credentials for what is not secured are an error that says so' {
	fails 2 'coap is not secured; did you mean coaps://h/x?' \
		get coap://h/x --psk-identity a --psk-file key
	fails 2 'coap+tcp is not secured; did you mean coaps+tcp://h?' \
		open coap+tcp://h --insecure
	fails 2 'coap+ws is not secured; did you mean coaps+ws://h?' \
		ping coap+ws://h --ca ca.pem
	fails 2 'coap is not secured' listen coap://127.0.0.1:0 --psk-file key
	fails 2 'coap is not secured' \
		serve coap://127.0.0.1:0 coap+tcp://127.0.0.1:0 --psk-file key
}

@test 'credentials are for opening, not for a session that is open' {
	fails 2 "'/x' is of one that is open" get /x --psk-identity a --psk-file key
	fails 2 'give a URI' discover --insecure
	fails 2 'give a URI' get lamp:/x --ca ca.pem
}

@test 'what is missing is said' {
	needs_tls
	fails 2 'its key is missing; give --psk-file' get "${closed}" \
		--psk-identity a
	fails 2 'the identity of the key is missing' get "${closed}" \
		--psk-file key
	fails 2 'its certificate is missing' get "${closed}" --key key
	fails 2 '--peer-rpk says which' get "${closed}" --rpk key
	fails 2 'give the key once' get "${closed}" --psk-identity a \
		--psk-file key --psk-hex-file key.hex
	fails 2 'what it proves itself with is missing' \
		listen coaps://127.0.0.1:0
	fails 2 'what it proves itself with is missing' \
		serve coap://127.0.0.1:0 coaps://127.0.0.1:0
}

# ---- files ------------------------------------------------------------------

@test 'a key that others may read is refused, with what to do' {
	needs_tls
	local file
	certificate own
	printf 'a:00\n' >table
	chmod 640 key key.hex own.key table
	for file in key key.hex; do
		fails 3 "${file}: others may read this key (mode 0640)" \
			get "${closed}" --psk-identity a "--psk-file=${file}"
		[[ ${stderr} == *"'chmod 600 ${file}' keeps it to you"* ]]
	done
	fails 3 'others may read' get "${closed}" --psk-identity a \
		--psk-hex-file key.hex
	fails 3 'others may read' get "${closed}" --cert own.pem --key own.key
	fails 3 'others may read' get "${closed}" --rpk own.key --insecure
	fails 3 'others may read' listen coaps://127.0.0.1:0 --psk-table table
	# With its certificate in one file, too.
	cat own.pem own.key >both.pem
	chmod 644 both.pem
	fails 3 'others may read' get "${closed}" --cert both.pem
	# A certificate may be read by all.
	chmod 600 own.key
	chmod 644 own.pem
	fails 7 'nothing listens' get "${closed}" --cert own.pem --key own.key
}

@test 'keys that are none' {
	: >empty
	printf '00 0g\n' >bad.hex
	head -c 65 /dev/zero | tr '\0' k >long
	fails 3 'No such file' get "${closed}" --psk-identity a --psk-file nope
	fails 3 'is a folder' get "${closed}" --psk-identity a --psk-file .
	fails 3 'the key is empty' get "${closed}" --psk-identity a \
		--psk-file empty
	fails 3 'the key is empty' get "${closed}" --psk-identity a \
		--psk-hex-file empty
	fails 3 'not in hex' get "${closed}" --psk-identity a \
		--psk-hex-file bad.hex
	[[ ${stderr} != *0g* ]]
	fails 3 'longer than 64 bytes' get "${closed}" --psk-identity a \
		--psk-file long
	head -c 5000 /dev/zero >longer
	fails 3 'more than 4096 bytes' get "${closed}" --psk-identity a \
		--psk-file longer
}

@test 'certificates that are none' {
	needs_tls
	certificate own
	openssl pkey -in own.key -aes128 -passout pass:x -out locked.key
	openssl pkey -in own.key -pubout -out own.pub
	fails 3 'no certificate in it' get "${closed}" --ca key
	fails 3 'no certificate in it' get "${closed}" --cert own.key --key own.key
	fails 3 'no private key in it' get "${closed}" --cert own.pem --key own.pem
	fails 3 'the key has a password' get "${closed}" --cert own.pem \
		--key locked.key
	fails 3 'its private key is missing' get "${closed}" --cert own.pem
	fails 3 'this is a private key' get "${closed}" --peer-rpk own.key
	fails 3 'no public key in it' get "${closed}" --peer-rpk own.pem
	fails 7 'nothing listens' get "${closed}" --peer-rpk own.pub
	fails 7 'nothing listens' get "${closed}" --rpk own.key \
		--peer-rpk own.pub
}

@test 'a table of keys: what is wrong, and in which line' {
	needs_tls
	printf 'a:00\nb\n' >table
	fails 3 'table: line 2 is not of the form IDENTITY:HEXKEY' \
		listen coaps://127.0.0.1:0 --psk-table table
	printf '# none\n' >table
	fails 3 'has no line of the form' \
		serve coaps://127.0.0.1:0 --psk-table table
}

# ---- commands ---------------------------------------------------------------

@test '--psk-cmd: what it prints is the key; what fails is exit 3' {
	needs_tls
	fails 7 'nothing listens' get "${closed}" --psk-identity a \
		--psk-cmd 'echo secret'
	fails 3 'failed with exit status 3' get "${closed}" --psk-identity a \
		--psk-cmd 'echo secret; exit 3'
	fails 3 'ended by signal 15' get "${closed}" --psk-identity a \
		--psk-cmd 'kill $$'
	fails 3 'failed with exit status 127' get "${closed}" --psk-identity a \
		--psk-cmd 'no-such-command-here 2>/dev/null'
	fails 3 'the key is empty' get "${closed}" --psk-identity a \
		--psk-cmd true
	fails 3 'prints more than a key can be' get "${closed}" \
		--psk-identity a --psk-cmd yes
	# stdin is for commands.
	fails 7 'nothing listens' -c \
		"get ${closed} --psk-identity a --psk-cmd 'cat; echo k'"
}

@test '--psk-cmd is killed when the time is over, with all that it started' {
	local pid
	fails 28 'timed out after 300 ms waiting for the command of --psk-cmd' \
		get "${closed}" --psk-identity a -T 300ms \
		--psk-cmd 'sleep 1000 & echo $! >pid; wait'
	pid=$(cat pid)
	[[ -n ${pid} ]]
	wait_until not alive "${pid}"
}

# ---- on the command line ----------------------------------------------------

@test 'SSLKEYLOGFILE is warned of once, and its file is for the owner alone' {
	needs_tls
	local -x SSLKEYLOGFILE=${BATS_TEST_TMPDIR}/keys
	run_apart cs get coap://127.0.0.1:9/
	[[ ${stderr} != *SSLKEYLOGFILE* ]]
	umask 022
	run_apart cs --keep-going -c "get ${closed}; get ${closed}"
	assert_equal "$(grep -c 'warning: SSLKEYLOGFILE' <<<"${stderr}")" 1
	assert_equal "$(stat -c %a "${SSLKEYLOGFILE}")" 600
	run_apart cs -q get "${closed}"
	[[ ${stderr} != *SSLKEYLOGFILE* ]]
}

@test '--psk KEY works, warns once, and is gone from the arguments' {
	needs_tls
	local waiting='echo $PPID >parent; sleep 1000'
	fails 7 'warning: a key behind --psk can be seen by others' \
		get "${closed}" --psk-identity a --psk geheim
	[[ ${stderr} != *geheim* ]]
	run_apart cs --keep-going -x -c \
		"get ${closed} --psk-identity a --psk geheim; get ${closed} --psk-identity b --psk=geheim"
	assert_equal "${status}" 7
	assert_equal "$(grep -c warning: <<<"${stderr}")" 1
	[[ ${stderr} == *"--psk ..."* ]]
	[[ ${stderr} != *geheim* ]]
	run_apart cs -q get "${closed}" --psk-identity a --psk geheim
	[[ ${stderr} != *warning* ]]

	# While it waits for a PIN.
	start_peer argv "${COAP_SHELL}" get "${closed}" --psk-identity a \
		--psk geheim --cert pkcs11:a --key pkcs11:a \
		--pin-cmd "${waiting}"
	wait_until test -s parent
	assert_equal "$(cat parent)" "${peer_pid}"
	run tr '\0' ' ' <"/proc/${peer_pid}/cmdline"
	assert_output --partial 'get coaps://127.0.0.1:9 --psk-identity a --psk'
	refute_output --partial geheim
	rm parent
	start_peer list "${COAP_SHELL}" -c \
		"get ${closed} --psk-identity a --psk geheim --cert pkcs11:a --key pkcs11:a?pin-value=geheim --pin-cmd '${waiting}'"
	wait_until test -s parent
	run tr '\0' ' ' <"/proc/${peer_pid}/cmdline"
	assert_output --partial ' -c '
	refute_output --partial geheim
}

# ---- typed ------------------------------------------------------------------

@test '--psk - without a terminal, or with --no-input, is exit 3' {
	run_apart setsid -w "${COAP_SHELL}" get "${closed}" --psk-identity a \
		--psk - </dev/null
	assert_equal "${status}" 3
	[[ ${stderr} == *'nothing can be asked: there is no terminal'* ]]
	fails 3 '--no-input is given' get "${closed}" --psk-identity a \
		--psk - --no-input
}

@test '--psk - asks without showing, and leaves the terminal as it was' {
	needs_tls
	term_start bash -c \
		'"$1" get "$2" --psk-identity dev1 --psk -; echo "status $?"; stty -a' \
		bash "${COAP_SHELL}" "${closed}"
	term_wait '^Key of dev1 \(not shown\): $'
	term_line geheim
	term_wait 'status 7'
	term_wait ' echo '
	term_status
	run term_screen
	assert_output --partial 'nothing listens'
	refute_output --partial geheim
	refute_output --regexp '-echo( |$)'
}

@test 'keys that do nothing are no part of the key, Ctrl-D is no answer' {
	needs_tls
	printf geheim >"${BATS_TEST_TMPDIR}/key"
	chmod 600 "${BATS_TEST_TMPDIR}/key"
	start_on udp:PORT secure "${COAP_SHELL}" serve coaps://127.0.0.1:PORT \
		--psk-identity dev1 --psk-file "${BATS_TEST_TMPDIR}/key"
	term_start bash -c \
		'for i in dev1 dev2; do "$1" get "$2" --psk-identity $i --psk -; done' \
		bash "${COAP_SHELL}" "coaps://127.0.0.1:${port}/hello"
	term_wait '^Key of dev1'
	term_keys geh C-z eim C-\\
	term_line ''
	term_wait '^Hello, world!'
	term_wait '^Key of dev2'
	term_keys C-d
	term_wait '^coap-shell: nothing was typed on the terminal$'
}

@test 'Ctrl-C at the question ends the command, and SIGTERM the program' {
	local pid
	term_start bash -c \
		'"$1" get "$2" --psk-identity dev1 --psk -; echo "status $?"; stty -a' \
		bash "${COAP_SHELL}" "${closed}"
	term_wait 'Key of dev1'
	term_keys C-c
	term_wait 'status 130'
	term_status
	run term_screen
	refute_output --regexp '-echo( |$)'
	term_stop

	term_start bash -c \
		'"$1" get "$2" --psk-identity dev1 --psk -; echo "status $?"; stty -a' \
		bash "${COAP_SHELL}" "${closed}"
	term_wait 'Key of dev1'
	pid=$(pgrep -f -x "${COAP_SHELL} get ${closed} --psk-identity dev1 --psk -")
	kill -TERM "${pid}"
	term_wait 'status 143'
	term_status
	run term_screen
	refute_output --regexp '-echo( |$)'
}

@test 'at the prompt: asked between two lines, kept in no history' {
	needs_tls
	term_start "${COAP_SHELL}" --quiet
	term_wait 'coap-shell> '
	term_line "get ${closed} --psk-identity dev1 --psk -"
	term_wait 'Key of dev1'
	term_line geheim
	term_wait 'nothing listens'
	term_line 'echo still here'
	term_wait '^still here'
	term_line "get ${closed} --psk-identity dev1 --psk geheim2"
	term_wait 'nothing listens(.|\n)*nothing listens|there; check'
	term_line "get ${closed} --psk-identity dev1 --psk - &"
	term_wait 'this command is in the background'
	term_line 'exit 0'
	term_status
	run cat "${COAP_SHELL_HISTORY}"
	assert_output --partial 'echo still here'
	refute_output --partial geheim
	run term_screen
	refute_output --regexp 'geheim$'
}

# ---- help, completion -------------------------------------------------------

@test 'help, explain and completion know them' {
	needs_tls
	run cs help get
	assert_output --partial '--psk-identity'
	assert_output --partial '--insecure'
	run cs help serve
	assert_output --partial '--psk-table'
	refute_output --partial '--sni'
	run cs explain exit 60
	assert_output --partial 'its issuer is not trusted'
	run cs explain alert 115
	assert_output --partial 'unknown_psk_identity'
	run cs explain certificate_required
	assert_output --partial 'give --cert and --key'
	local option
	for option in ca cert key rpk peer-rpk psk-file psk-hex-file pin-file; do
		run cs __complete --line "coap-shell get coaps://h --${option} "
		assert_output --partial ':files'
	done
	run cs __complete --line 'coap-shell listen coaps://h --psk-table '
	assert_output ':files'
	run cs __complete --line 'coap-shell open coaps://h --psk '
	assert_output --partial '-'
	run cs __complete --line 'coap-shell session get tls.peer.n'
	assert_line --partial tls.peer.not-after
}

@test 'the manual page names every alert' {
	local number name
	for number in {1..255}; do
		name=$(cs explain alert "${number}" 2>/dev/null | cut -f 3) || continue
		[[ -n ${name} ]] || continue
		grep -qw "${name}" "${BATS_TEST_DIRNAME}/../../man/coap-shell.1" \
			|| fail "${name}"
	done
}
