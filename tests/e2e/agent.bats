#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Sessions that the agent keeps for scripts: handshakes that are saved, how it
# starts, ends and dies, which process a command is for, and who calls home.
# shellcheck disable=SC2030,SC2031 # each test sets its variables anew

load helper
load peers
load pki
load agents

setup_file() {
	start_serve || return 1
	export device=coap://127.0.0.1:${port}
	export device_tcp=coap+tcp://127.0.0.1:${port}
	[[ $(cs version) == *' dtls'* ]] || return 0
	make_pki || return 1
}

teardown_file() {
	stop_peers
}

teardown() {
	term_stop
	stop_agents
	stop_peers
}

# ---- one handshake -----------------------------------------------------------

need_dtls() {
	[[ $(cs version) == *' dtls'* ]] || skip 'this build lacks DTLS'
}

# GET the path $1 of the DTLS server at the port forty times, as a script does,
# and count what that takes.
get_forty_times() {
	local n
	start_relay "${port}"
	keep far "coaps://127.0.0.1:${port}" --ca "${pki}/ca.pem" \
		--cert "${pki}/client.pem" --key "${pki}/client.key"
	# A busy machine is no reason to ask twice.
	cs session set far ack-timeout=30
	assert_equal "$(cs session get tls.verify far)" trusted
	for n in {1..40}; do
		cs -S far get "$1" --expect 2.05 >"${BATS_TEST_TMPDIR}/${n}"
		[[ -s ${BATS_TEST_TMPDIR}/${n} ]]
	done
	assert_equal "$(grep -E '^> hello' "${relay_log}" | sort -u | wc -l)" 1
	assert_equal "$(passed '^> data')" 40
	assert_equal "$(passed '^< data')" 40
	assert_equal "$(passed 'alert|other')" 0
	cs close far
	wait_line "${relay_log}" '^> alert'
}

@test 'forty requests of a script cost our device one handshake' {
	need_dtls
	start_on udp:PORT serve-dtls "${COAP_SHELL}" serve \
		coaps://127.0.0.1:PORT --ca "${pki}/ca.pem" \
		--cert "${pki}/server.pem" --key "${pki}/server.key"
	get_forty_times /hello
}

@test 'forty requests of a script cost a server on OpenSSL one handshake' {
	need_dtls
	start_coaps_server openssl -n -c "${pki}/server+key.pem" \
		-C "${pki}/ca.pem"
	get_forty_times /time
}

# ---- the agent starts ---------------------------------------------------------

# The process $1 has nothing of who started it.
assert_nothing_held() {
	assert_equal "$(readlink "/proc/$1/fd/"{0,1,2} | sort -u)" /dev/null
	assert_equal "$(find "/proc/$1/fd" -lname 'pipe:*')" ''
	assert_equal "$(readlink "/proc/$1/cwd")" /
}

@test 'open in a command substitution returns, and the agent holds no pipe' {
	local end pid
	# The pipes of these are not those of this test, should they stay open.
	# shellcheck disable=SC2016
	for end in '' '2>&1' '2>&1 | cat' '| cat 2>&1'; do
		timeout 30 bash -c \
			'x=$("${COAP_SHELL}" open "${device}" --persist 1m --json '"${end}"')
			printf "%s\n" "$?" "${x}"' >"${BATS_TEST_TMPDIR}/said" 3>&-
		assert_equal "$(head -n 1 "${BATS_TEST_TMPDIR}/said")" 0
		tail -n +2 "${BATS_TEST_TMPDIR}/said" \
			| jq -e '.state == "established"'
		pid=$(agent_pid)
		# It shows these to root alone.
		((EUID != 0)) || assert_nothing_held "${pid}"
		cs agent stop
		wait_until agents_are 0
	done
}

@test 'twenty that open at once share one agent' {
	local n pids=()
	for n in {1..20}; do
		start_client "${n}" open "${device}" --name "one${n}" --persist 1m
		pids+=("${client_pid}")
	done
	for n in {1..20}; do
		end_client "${n}" "${pids[n - 1]}"
		assert_equal "${n} ${status} ${stderr}" "${n} 0 "
	done
	wait_until agents_are 1
	assert_equal "$(agent_pids)" "$(agent_pid)"
	assert_equal "$(sessions)" 20
}

@test 'ten agents that start at once are one' {
	local n pids=()
	for n in {1..10}; do
		start_client "${n}" agent start
		pids+=("${client_pid}")
	done
	for n in {1..10}; do
		end_client "${n}" "${pids[n - 1]}"
		assert_equal "${n} ${status} ${output} ${stderr}" "${n} 0  "
	done
	wait_until agents_are 1
	assert_equal "$(agent_pids)" "$(agent_pid)"
}

# ---- and ends -----------------------------------------------------------------

@test 'an agent that was killed is told of, and replaced by the next' {
	local pid
	keep one "${device}"
	keep two "${device}"
	pid=$(agent_pid)
	kill -KILL "${pid}"
	wait_until not alive "${pid}"
	run_apart cs -S one get /hello
	assert_failure 9
	assert_equal "${stderr}" "coap-shell: one: the process that had it has \
ended, and its sessions with it"
	run_apart cs agent status
	assert_failure 9
	assert_equal "${stderr}" \
		"coap-shell: no agent is running; 'agent start' starts one"
	assert_equal "$(sessions)" 0
	# Also the name that nobody has asked for since.
	keep two "${device}"
	keep one "${device}"
	[[ $(agent_pid) != "${pid}" ]]
	assert_equal "$(sessions)" 2
	assert_equal "$(cs get one:/hello)" 'Hello, world!'
}

@test 'a new agent takes the place of a dead one at once' {
	local pid
	keep one "${device}"
	pid=$(agent_pid)
	kill -KILL "${pid}"
	wait_until not alive "${pid}"
	[[ -S ${XDG_RUNTIME_DIR}/coap-shell/agent ]]
	[[ -S ${XDG_RUNTIME_DIR}/coap-shell/session/one ]]
	keep one "${device}"
	assert_equal "$(cs -S one get /hello)" 'Hello, world!'
	agents_are 1
}

@test 'nothing is left of an agent that ended' {
	keep one "${device}"
	cs agent stop
	wait_until agents_are 0
	assert_equal "$(find "${XDG_RUNTIME_DIR}" -type s)" ''
	keep one "${device}"
	kill -TERM "$(agent_pid)"
	wait_until agents_are 0
	assert_equal "$(find "${XDG_RUNTIME_DIR}" -type s)" ''
}

@test 'a session that nobody could find by its name is not kept' {
	local word
	keep one "${device}"
	rm -r "${XDG_RUNTIME_DIR}/coap-shell/session"
	for word in --name=two -q; do
		run_apart cs open "${device}" --persist 1m "${word}"
		assert_failure 9
		[[ ${stderr} == "coap-shell: others could not find a session \
named '"*"': No such file or directory" ]]
	done
	assert_equal "$(sessions)" 1
}

@test 'an agent says that it is ready where it was told to, and nowhere else' {
	local fd pid
	for fd in {3..9}; do
		run_apart bash -c 'exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; exec "$@"' bash "${COAP_SHELL}" \
			agent start --foreground --idle 0s --ready-fd "${fd}"
		assert_failure 2
	done
	start_client ready agent start --foreground --ready-fd 1
	wait_until wrote ready
	pid=$(agent_pid)
	assert_equal "${pid}" "${client_pid}"
	assert_equal "$(readlink "/proc/${pid}/fd/1")" /dev/null
	cs agent stop
	end_client ready "${pid}"
	assert_equal "${output} ${status}" 'R 0'
}

@test 'an agent without sessions and clients ends by itself' {
	cs agent start --idle 200ms
	wait_until agents_are 0
	run_apart cs agent status
	assert_failure 9
}

@test 'an agent with a session, a listener or a client stays' {
	local client socket=${XDG_RUNTIME_DIR}/coap-shell/agent
	cs -c "agent start --idle 1s
		open ${device} --name one --persist 1m"
	start_control crowd "${socket}" 1
	client=${peer_pid}
	cs close one
	cs sleep 1500ms
	agents_are 1
	cs --control "${socket}" listen coap://127.0.0.1:0 --name home
	kill "${client}"
	wait_until not alive "${client}"
	cs sleep 1500ms
	agents_are 1
	keep one "${device}"
	cs listen stop home
	cs sleep 1500ms
	assert_equal "$(cs -S one get /hello)" 'Hello, world!'
	cs close one
	wait_until agents_are 0
}

@test 'a session that nobody uses is closed, one that is in use is not' {
	# From one process, so that no command is far behind the last one. The
	# ping takes longer than the session lasts, which begins anew at its end.
	run_apart cs --json -c "agent start --idle 1s
		open ${device} --name short --persist 4s
		ping -n 20 --interval 250ms
		sleep 500ms
		get /separate?ms=4500
		sleep 500ms
		ping"
	assert_success
	jq -es 'map(select(.type == "ping_summary").answered) == [20]' \
		<<<"${output}"
	wait_until agents_are 0
}

# ---- which process it is -------------------------------------------------------

@test 'status and stop, with and without an agent' {
	run_apart cs agent stop
	assert_failure 9
	assert_equal "${stderr}" \
		"coap-shell: no agent is running; 'agent start' starts one"
	run_apart cs agent start --format human
	assert_success
	assert_equal "${output}${stderr}" 'the agent is running'
	run_apart cs agent start --format human
	assert_success
	assert_equal "${stderr}" 'an agent is running already'
	keep one "${device}"
	run_apart cs agent status --json
	assert_success
	jq -e --arg socket "${XDG_RUNTIME_DIR}/coap-shell/agent" '.title == "agent"
		and .fields.socket == $socket and .fields.sessions == 1
		and .fields.listeners == 0 and .fields.clients == 0' \
		<<<"${output}"
	run_apart cs agent stop --format human
	assert_success
	assert_equal "${stderr}" 'the agent ends'
	wait_until agents_are 0
}

@test '--no-agent knows nobody else' {
	keep one "${device}"
	run_apart cs --no-agent -S one get /hello
	assert_failure 9
	[[ ${stderr} == *"no session named 'one'"* ]]
	run_apart cs --no-agent session list
	assert_success
	assert_output ''
	run_apart cs --no-agent open "${device}" --persist 1m
	assert_failure 2
	[[ ${stderr} == *'--no-agent forbids'* ]]
	local command
	for command in start stop status; do
		run_apart cs --no-agent agent "${command}"
		assert_failure 2
		assert_equal "${stderr}" \
			"coap-shell: --no-agent forbids what 'agent ${command}' does"
	done
	assert_equal "$(cs -S one get /hello)" 'Hello, world!'
}

@test 'an agent at a path of its own' {
	local path=${BATS_TEST_TMPDIR}/own/socket
	mkdir "${BATS_TEST_TMPDIR}/own"
	run_apart cs --control "${path}" agent status
	assert_failure 9
	cd "${BATS_TEST_TMPDIR}/own"
	cs --control socket agent start
	[[ $(stat -c %a "${path}") == 600 ]]
	cs --control socket open "${device}" --name one --persist 1m
	cs --control socket open "${device}" --name two
	cd /
	assert_equal "$(cs --control "${path}" -S one get /hello)" 'Hello, world!'
	local -x COAP_SHELL_CONTROL=${path}
	assert_equal "$(cs get two:/hello)" 'Hello, world!'
	assert_equal "$(sessions)" 2
	jq -e --arg path "${path}" '.fields.socket == $path' \
		<<<"$(cs agent status --json)"
	unset COAP_SHELL_CONTROL
	# The folder's is another.
	assert_equal "$(sessions)" 0
	keep one "${device}"
	agents_are 2
	cs --control "${path}" agent stop
	wait_until agents_are 1
	[[ ! -e ${path} ]]
	assert_equal "$(sessions)" 1
}

@test 'the list is that of all processes, a prompt and the agent' {
	keep one "${device}"
	term_start "${COAP_SHELL}" --color never "${device_tcp}" --name mine
	term_wait '^mine:/> '
	run_apart cs session list
	assert_success
	assert_equal "$(cut -f 1,4 <<<"${output}" | sort)" $'mine\ttcp\none\tudp'
	assert_equal "$(cs -S mine get /hello)" 'Hello, world!'
	run_apart cs open "${device}" --name mine --persist 1m
	assert_failure 9
	run_apart cs close one mine
	assert_failure 9
	assert_equal "${stderr}" "coap-shell: 'one' and 'mine' belong to \
different processes; do them one by one"
	term_line 'session list'
	term_wait 'mine .*tcp'
	# The other way.
	term_line 'get one:/hello'
	term_wait '^Hello, world!'
	term_line exit
	assert_equal "$(term_status)" 0
	assert_equal "$(cs session list | cut -f 1)" one
}

@test 'close --all is for the agent, not for the prompts of people' {
	keep one "${device}"
	keep two "${device}"
	term_start "${COAP_SHELL}" --color never "${device_tcp}" --name mine
	term_wait '^mine:/> '
	run_apart cs -S mine close --all
	assert_success
	assert_equal "$(cs session list | cut -f 1)" mine
	term_line exit
	assert_equal "$(term_status)" 0
	run_apart cs close --all
	assert_success
	# What was named has to be there.
	run_apart cs --control "${BATS_TEST_TMPDIR}/none" close --all
	assert_failure 9
	[[ ${stderr} == *'nobody listens there'* ]] || fail "${stderr}"
}

@test 'a socket that systemd listens at is served, and stays' {
	local socket=${XDG_RUNTIME_DIR}/coap-shell/agent
	mkdir -m 700 "${XDG_RUNTIME_DIR}/coap-shell"
	start_control systemd "${socket}" "${COAP_SHELL}" agent start --foreground
	keep one "${device}"
	assert_equal "$(agent_pid)" "${peer_pid}"
	assert_equal "$(cs -S one get /hello)" 'Hello, world!'
	assert_equal "$(sessions)" 1
	cs agent stop
	wait_until not alive "${peer_pid}"
	assert_equal "$(find "${XDG_RUNTIME_DIR}" -type s)" "${socket}"
}

# ---- calling home --------------------------------------------------------------

@test 'a device calls home to a listener in the agent' {
	local uri
	local -x COAP_SHELL_SESSION COAP_SHELL_CONTROL=${BATS_TEST_TMPDIR}/home
	cs agent start
	uri=$(cs listen coap+tcp://127.0.0.1:0 --name home)
	[[ ${uri} == coap+tcp://127.0.0.1:* ]]
	start_peer caller "${COAP_SHELL}" --no-agent -c \
		"serve coap://127.0.0.1:0; open ${uri}; ping; sleep 60"
	run_apart cs session wait --from home --state established --json -T 30s
	assert_success
	COAP_SHELL_SESSION=$(jq -r 'select(.type == "session").name' \
		<<<"${output}")
	assert_equal "$(cs session get type)" server
	cs session set-type client
	assert_equal "$(cs session get type)" client
	assert_equal "$(cs get /hello)" 'Hello, world!'
	cs listen stop home
	run_apart cs get /hello
	assert_failure 9
}
