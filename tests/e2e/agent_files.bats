#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# What stays a client's when its command runs in the agent: keys and files.
# shellcheck disable=SC2030,SC2031 # each test sets its variables anew

load helper
load peers
load pki
load agents

setup_file() {
	start_serve || return 1
	export device=coap://127.0.0.1:${port}
	export device_tcp=coap+tcp://127.0.0.1:${port}
	export pki=${BATS_FILE_TMPDIR}/keys
	mkdir -m 700 "${pki}"
	(umask 077 && make_psks)
	[[ $(cs version) == *' dtls'* ]] || return 0
	start_on udp:PORT serve-dtls "${COAP_SHELL}" serve \
		--psk-identity dev1 --psk-file "${pki}/psk.key" \
		coaps://127.0.0.1:PORT || return 1
	export secured=coaps://127.0.0.1:${port}
}

teardown_file() {
	stop_peers
}

setup() {
	cd "${BATS_TEST_TMPDIR}" || return 1
}

teardown() {
	term_stop
	stop_agents
	stop_peers
	[[ -z ${open_folder:-} ]] || rm -rf "${open_folder}"
}

# ---- keys ----------------------------------------------------------------------

need_dtls() {
	[[ -n ${secured:-} ]] || skip 'this build lacks DTLS'
}

# The agent has the key that was used, and shows it to nobody.
assert_secret_kept() {
	local pid file
	pid=$(agent_pid)
	for file in cmdline environ; do
		[[ ! -r /proc/${pid}/${file} ]] \
			|| not grep -aq "${psk_key}" "/proc/${pid}/${file}"
	done
	not grep -rq "${psk_key}" "${XDG_RUNTIME_DIR}"
	assert_equal "$(cs -S k get /hello)" 'Hello, world!'
	assert_equal "$(cs session get psk.identity k)" dev1
}

@test 'the key is asked for on the terminal of the client' {
	need_dtls
	term_start "${COAP_SHELL}" open "${secured}" --psk-identity dev1 \
		--psk - --name k --persist 1m
	term_wait '[Kk]ey.*: *$'
	term_line "${psk_key}"
	assert_equal "$(term_status)" 0
	not term_shows "${psk_key}"
	assert_secret_kept
	run_apart cs --no-input open "${secured}" --psk-identity dev1 --psk - \
		--persist 1m
	assert_failure 3
}

@test 'what is waited for behind the question is told by the agent alone' {
	need_dtls
	start_silent
	term_start "${COAP_SHELL}" open "coaps://127.0.0.1:${port}" \
		--psk-identity dev1 --psk - --persist 1m
	term_wait '[Kk]ey.*: *$'
	# Who types takes longer than it takes until a wait is told.
	cs sleep 400ms
	term_line "${psk_key}"
	term_wait '^waiting for'
	# By now the client would have said so, too.
	cs sleep 400ms
	not term_shows 'waiting for the process'
	term_keys C-c
	assert_equal "$(term_status)" 130
}

@test 'Ctrl-C at the question ends the command, and opens nothing' {
	need_dtls
	term_start "${COAP_SHELL}" open "${secured}" --psk-identity dev1 \
		--psk - --name k --persist 1m
	term_wait '[Kk]ey.*: *$'
	term_keys C-c
	assert_equal "$(term_status)" 130
	wait_until clients_are 0
	assert_equal "$(sessions)" 0
}

@test 'the command that knows the key runs in the client' {
	need_dtls
	cs agent start
	mkdir here
	cd here
	cp "${pki}/psk.key" mine
	run_apart env MARK=seen "${COAP_SHELL}" open "${secured}" \
		--psk-identity dev1 --name k --persist 1m \
		--psk-cmd "printf %s \"\${MARK}\" >mark; cat mine"
	assert_success
	assert_equal "$(<mark)" seen
	assert_secret_kept
	run_apart cs open "${secured}" --psk-identity dev1 --persist 1m \
		--psk-cmd 'echo no such key >&2; exit 4'
	assert_failure 3
	[[ ${stderr} == *'no such key'* ]]
	assert_equal "$(sessions)" 1
}

@test 'an agent that is not needed stays for who thinks of the key' {
	need_dtls
	run_apart cs -c "agent start --idle 1s
		open ${secured} --psk-identity dev1 --name k --persist 1m \\
			--psk-cmd 'sleep 2; cat ${pki}/psk.key'"
	assert_success
	assert_secret_kept
}

@test 'a key in a file is read by the client, if nobody else can' {
	need_dtls
	cs agent start
	cp "${pki}/psk.key" mine
	chmod 644 mine
	run_apart cs open "${secured}" --psk-identity dev1 --psk-file mine \
		--name k --persist 1m
	assert_failure 3
	[[ ${stderr} == *mine*644* ]]
	assert_equal "$(sessions)" 0
	chmod 600 mine
	keep k "${secured}" --psk-identity dev1 --psk-file mine
	assert_secret_kept
	run_apart cs open "${secured}" --psk-identity dev1 --persist 1m \
		--psk-file gone
	assert_failure 3
	[[ ${stderr} == *gone*'No such file'* ]]
}

@test 'a key among the words is nowhere to be seen afterwards' {
	need_dtls
	run_apart cs open "${secured}" --psk-identity dev1 --psk "${psk_key}" \
		--name k --persist 1m
	assert_success
	assert_secret_kept
}

@test 'the wrong key fails as it does in one process' {
	need_dtls
	cs agent start
	run_apart cs open "${secured}" --psk-identity dev1 \
		--psk-file "${pki}/wrong.key" -T 20s --no-agent
	local own_status=${status} own_stderr=${stderr}
	run_apart cs open "${secured}" --psk-identity dev1 \
		--psk-file "${pki}/wrong.key" -T 20s --persist 1m
	assert_equal "${status} ${stderr}" "${own_status} ${own_stderr}"
	assert_equal "$(sessions)" 0
}

@test 'an agent leaves no core, and its memory is nobody else'\''s' {
	local pid
	cs agent start
	pid=$(agent_pid)
	assert_equal "$(awk '/^Max core file size/ { print $5, $6 }' \
		"/proc/${pid}/limits")" '0 0'
	if ((EUID != 0)); then
		not head -c 1 "/proc/${pid}/mem"
		not cat "/proc/${pid}/environ"
		return
	fi
	make_open_folder
	chown 65534 "${open_folder}"
	setpriv --reuid 65534 --regid 65534 --clear-groups test -x "${COAP_SHELL}" \
		|| skip 'the program is where another user cannot run it'
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		"${COAP_SHELL}" --control "${open_folder}/socket" agent start
	pid=$(setpriv --reuid 65534 --regid 65534 --clear-groups \
		"${COAP_SHELL}" --control "${open_folder}/socket" \
		agent status --json | jq .fields.pid)
	assert_equal "$(awk '/^Uid/ { print $2 }' "/proc/${pid}/status")" 65534
	# It is root's because the process cannot be dumped.
	assert_equal "$(stat -c %u "/proc/${pid}/mem")" 0
	run setpriv --reuid 65534 --regid 65534 --clear-groups \
		head -c 1 "/proc/${pid}/environ"
	assert_failure
	kill "${pid}"
	wait_until not alive "${pid}"
}

# ---- files ---------------------------------------------------------------------

@test 'files that are written are the client'\''s' {
	keep one "${device}"
	mkdir sub
	cd sub
	cs -S one get /hello -o out
	assert_equal "$(<out)" 'Hello, world!'
	# A failing body leaves what was there.
	run_apart cs -S one get /nope -o out
	assert_failure 4
	assert_equal "$(<out)" 'Hello, world!'
	# The empty one is a file, too.
	cs -S one put /store/e --data-raw ''
	cs -S one get /store/e -o out
	[[ -e out && ! -s out ]]
	run_apart cs -S one get /hello -o nowhere/out
	assert_failure 3
	local own=${stderr}
	run_apart cs get "${device}/hello" -o nowhere/out
	assert_equal "${status} ${stderr}" "3 ${own}"
	assert_equal "$(ls)" out
}

@test 'a body that is cut by the end of the agent leaves the old file' {
	local pid
	keep one "${device}"
	printf old >out
	pid=$(agent_pid)
	start_client cut -S one get /separate?ms=30000 -o out
	wait_until clients_are 1
	kill -KILL "${pid}"
	end_client cut "${client_pid}"
	assert_equal "${status}" 9
	assert_equal "$(<out)" old
	assert_equal "$(find . -name '*out*' ! -name out ! -name 'out.cut')" ''
}

@test 'a pipe with a name, a full disk, and a reader that is gone' {
	keep one "${device}"
	mkfifo fifo
	cat fifo >copy 3>&- &
	local reader=$!
	cs -S one get /hello -o fifo
	wait "${reader}"
	assert_equal "$(<copy)" 'Hello, world!'
	[[ -p fifo ]]
	run_apart cs -S one get /hello -o /dev/full
	assert_failure 23
	assert_equal "${stderr}" \
		"coap-shell: cannot write '/dev/full': No space left on device"
	run_apart bash -c '"${COAP_SHELL}" -S one get /hello >/dev/full'
	assert_failure 23
	assert_equal "${stderr}" \
		'coap-shell: cannot write the output: No space left on device'
	run_apart bash -c '"${COAP_SHELL}" -S one get /hello -n 1000 \
		--interval 1ms | head -c 1; exit "${PIPESTATUS[0]}"'
	assert_failure 23
	assert_equal "${output} ${stderr}" 'H '
	wait_until clients_are 0
}

@test 'a mebibyte comes from a pipe, and goes to a file' {
	keep one "${device_tcp}"
	head -c 1048576 /dev/urandom >big
	# In pieces, one of them late.
	{
		head -c 1000
		sleep 0.3
		cat
	} <big | cs -S one put /store/big -d @-
	cs -S one get /store/big -o copy
	cmp big copy
	cs -S one get /store/big | cmp big
	cs -S one put /store/big -d @copy
	cs -S one delete /store/big
	run_apart cs -S one put /store/big -d @gone
	assert_failure 3
	[[ ${stderr} == *gone*'No such file'* ]]
	run_apart bash -c '"${COAP_SHELL}" -S one put /store/big -d @- <&-'
	assert_failure 3
	assert_equal "${stderr}" 'coap-shell: stdin: Bad file descriptor'
}
