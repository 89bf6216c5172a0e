#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Clients of the agent: many, stopped and killed ones, those that do not keep
# to the protocol, those of other users, and their signals.
# shellcheck disable=SC2030,SC2031 # each test sets its variables anew

load helper
load agents

setup_file() {
	start_serve || return 1
	export device=coap://127.0.0.1:${port}
	export device_tcp=coap+tcp://127.0.0.1:${port}
}

teardown_file() {
	stop_peers
}

setup() {
	folder=${XDG_RUNTIME_DIR}/coap-shell
	socket=${folder}/agent
	cd "${BATS_TEST_TMPDIR}" || return 1
}

teardown() {
	stop_agents
	stop_peers
	[[ -z ${open_folder:-} ]] || rm -rf "${open_folder}"
}

# ---- many -------------------------------------------------------------------

@test 'fifty clients at once get their own answers' {
	local n pids=()
	keep udp "${device}"
	keep tcp "${device_tcp}"
	for n in {1..50}; do
		local to=udp
		((n % 2)) || to=tcp
		start_client "${n}" -S "${to}" -c "post /echo -d '${n} a '
			ping
			post /echo -d '${n} b '
			get /hello?name=${n}"
		pids+=("${client_pid}")
	done
	for n in {1..50}; do
		end_client "${n}" "${pids[n - 1]}"
		assert_equal "${status} ${stderr}" '0 '
		# Without the peer's address and the time of the ping.
		assert_equal "$(sed -E 's/127.*\t1\t[0-9.]+\t//' \
			"out.${n}" | tr -d '\n')" "${n} a ${n} b Hello, ${n}!"
	done
	clients_are 0
}

@test 'more clients than there may be are told so, the others are served' {
	keep one "${device}"
	start_control crowd "${socket}" 300
	assert_equal "$(grep ready "${peer_log}")" 'ready 256 44'
	run_apart cs -S one get /hello
	assert_failure 9
	assert_equal "${output}" ''
	[[ ${stderr} == *'says: there are too many clients' ]]
	kill "${peer_pid}"
	wait_until clients_are 0
	assert_equal "$(cs -S one get /hello)" 'Hello, world!'
}

@test 'a burst of clients waits for an agent that is busy' {
	local pid
	keep one "${device}"
	pid=$(agent_pid)
	kill -STOP "${pid}"
	start_peer control /usr/bin/python3 -IS "${control}" crowd \
		"${socket}" 250
	wait_line "${peer_log}" '^connected'
	kill -CONT "${pid}"
	wait_line "${peer_log}" '^ready 250 0'
}

@test 'three hundred at once are served, or told that they are too many' {
	local n pids=() served=0
	keep one "${device}"
	for n in {1..300}; do
		start_client "${n}" -S one get /hello
		pids+=("${client_pid}")
	done
	for n in {1..300}; do
		end_client "${n}" "${pids[n - 1]}"
		if [[ ${status} == 9 ]]; then
			[[ ${stderr} == *'too many clients'* ]]
		else
			assert_equal "${status} ${output} ${stderr}" \
				'0 Hello, world! '
			((served += 1))
		fi
	done
	((served >= 256))
	clients_are 0
}

# ---- slow and stopped ---------------------------------------------------------

# Print how many MiB of memory the process $1 has.
memory_of() {
	awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$1/status"
}

# Has the process $1 taken no processor time for a while?
rests() {
	local before
	before=$(cut -d ' ' -f 14,15 "/proc/$1/stat")
	sleep 0.3
	[[ $(cut -d ' ' -f 14,15 "/proc/$1/stat") == "${before}" ]]
}

@test 'a stopped client holds up itself alone' {
	local agent slow
	keep one "${device}"
	agent=$(agent_pid)
	start_client slow -S one get /hello -n 50000 --interval 0
	slow=${client_pid}
	wait_until wrote slow
	kill -STOP "${slow}"
	run_apart cs -S one ping -n 300 --interval 0 --json
	assert_success
	jq -es '.[-1].answered == 300' <<<"${output}"
	wait_until rests "${agent}"
	[[ ${COAP_SHELL} == *asan* ]] || (($(memory_of "${agent}") < 64))
	kill -CONT "${slow}"
	# A busy machine takes its time for so many.
	WAIT_LIMIT=200 end_client slow "${slow}"
	assert_equal "${status} ${stderr}" '0 '
	assert_equal "$(grep -o 'Hello, world!' out.slow | wc -l)" 50000
	assert_equal "$(wc -c <out.slow)" 650000
}

@test 'what a stopped client does not take has a ceiling' {
	local agent slow size=1000000
	keep one "${device_tcp}"
	agent=$(agent_pid)
	start_client slow -S one get "/large?size=${size}" -n 1000 --interval 0
	slow=${client_pid}
	wait_until wrote slow
	kill -STOP "${slow}"
	run_apart cs -S one ping -n 100 --interval 0 --json
	assert_success
	wait_until rests "${agent}"
	[[ ${COAP_SHELL} == *asan* ]] || (($(memory_of "${agent}") < 128))
	kill -CONT "${slow}"
	end_client slow "${slow}"
	assert_equal "${status}" 23
	assert_equal "${stderr}" \
		'coap-shell: cannot write the output: No buffer space available'
	# As much as there is is what it should be: whole bodies, one after the
	# other, but for the last one.
	cs -S one get "/large?size=${size}" -o whole
	assert_equal "$(stat -c %s whole)" "${size}"
	/usr/bin/python3 -IS -c 'if 1:
		got, whole = (open(name, "rb").read() for name in ("out.slow", "whole"))
		assert len(got) >= len(whole)
		assert got == (whole * (len(got) // len(whole) + 1))[:len(got)]'
}

# ---- traces -------------------------------------------------------------------

@test 'a client that traces is told of its own session alone' {
	local watcher before
	keep one "${device}"
	keep two "${device}"
	start_client watching -S one ping -n 1000 --interval 100ms \
		--format human -vv
	watcher=${client_pid}
	wait_until wrote watching
	cs -S two get '/hello?name=stranger'
	before=$(wc -l <out.watching)
	wait_until more_lines out.watching "${before}"
	kill -TERM "${watcher}"
	end_client watching "${watcher}"
	assert_equal "${status}" 143
	[[ ${stderr} == *one*CON* ]]
	[[ ${stderr} != *stranger* ]]
}

# ---- signals ------------------------------------------------------------------

# Ping by a client of the session one until it is sent the signal $1, while
# another goes on; and without an agent, for comparison. Sets status and stderr,
# and own_status and own_stderr.
ping_until() {
	local signal=$1 ended other before
	keep one "${device}"
	start_client alone ping "${device}" -n 1000 --interval 100ms \
		--format human
	ended=${client_pid}
	wait_until wrote alone
	kill "-${signal}" "${ended}"
	end_client alone "${ended}"
	own_status=${status} own_stderr=${stderr} own_output=${output}
	start_client other -S one ping -n 1000 --interval 100ms \
		--format human
	other=${client_pid}
	start_client ended -S one ping -n 1000 --interval 100ms \
		--format human
	ended=${client_pid}
	wait_until wrote ended
	wait_until wrote other
	kill "-${signal}" "${ended}"
	end_client ended "${ended}"
	# The other one is not done.
	before=$(wc -l <out.other)
	wait_until more_lines out.other "${before}"
	wait_until clients_are 1
	kill "${other}"
}

more_lines() {
	(($(wc -l <"$1") > $2))
}

# What stands in a ping's output, without numbers.
shape() {
	sed -E 's/<?[0-9.]+/N/g' <<<"$1" | sort -u
}

@test 'Ctrl-C ends the command of that client alone, with its summary' {
	ping_until INT
	assert_equal "${status} ${own_status}" '130 130'
	[[ ${stderr}${output} == *sent*answered* ]]
	assert_equal "$(shape "${stderr}")" "$(shape "${own_stderr}")"
	assert_equal "$(shape "${output}")" "$(shape "${own_output}")"
}

@test 'SIGTERM does so too' {
	ping_until TERM
	assert_equal "${status} ${own_status}" '143 143'
	assert_equal "$(shape "${stderr}")" "$(shape "${own_stderr}")"
}

@test 'Ctrl-C and -T end a file of commands as they end the one that runs' {
	keep one "${device}"
	echo 'ping -n 1000 --interval 100ms --format human' >file
	start_client sourced -S one -c 'source file; echo more'
	wait_until wrote sourced
	kill -INT "${client_pid}"
	end_client sourced "${client_pid}"
	assert_equal "${status}" 130
	[[ ${stderr}${output} == *sent*answered* ]]
	[[ ${output} != *more* ]]
	run_apart cs -S one source file -T 300ms
	assert_failure 28
	[[ ${stderr} == *'timed out after 300 ms'* ]]
	wait_until clients_are 0
}

@test 'a client that was killed leaves nothing going on' {
	local before
	ping_until KILL
	assert_equal "${status}" 137
	wait_until clients_are 0
	# Nobody asks the peer any more.
	before=$(cs session get stats.tx one)
	((before > 0))
	cs sleep 500ms
	assert_equal "$(cs session get stats.tx one)" "${before}"
	assert_equal "$(cs -S one get /hello)" 'Hello, world!'
}

@test 'an agent that ends under its clients' {
	local end pid client
	for end in 'kill -KILL' 'kill -TERM' 'cs agent stop #'; do
		keep one "${device}"
		pid=$(agent_pid)
		start_client served -S one ping -n 1000 --interval 100ms
		client=${client_pid}
		wait_until wrote served
		eval "${end} ${pid}"
		end_client served "${client}"
		assert_equal "${status}" 9
		assert_equal "${stderr##*$'\n'}" "coap-shell: the process that \
owns 'one' (pid ${pid}) ended before the command did"
		wait_until agents_are 0
	done
}

@test 'a stopped agent is told of' {
	local pid
	keep one "${device}"
	pid=$(agent_pid)
	kill -STOP "${pid}"
	run_apart cs -S one get /hello -T 500ms
	assert_failure 28
	run_apart cs -S one get /hello
	assert_failure 9
	assert_equal "${stderr}" "coap-shell: the process that owns 'one' (pid \
${pid}) does not answer; is it stopped?"
	run_apart cs agent status
	assert_failure 9
	kill -CONT "${pid}"
	assert_equal "$(cs -S one get /hello)" 'Hello, world!'
	wait_until clients_are 0
}

# ---- other versions, and none --------------------------------------------------

@test 'an owner of another version' {
	start_control owner "${BATS_TEST_TMPDIR}/new" 2
	run_apart cs --control new -S one get /hello
	assert_failure 9
	assert_equal "${output}" ''
	assert_equal "${stderr}" "coap-shell: the process that owns 'one' (pid \
${peer_pid}) speaks version 2 of the control protocol, and this program \
version 1; end it, or use the program it is from"
}

@test 'a client of another version' {
	keep one "${device}"
	run control client "${socket}" hello:2 end
	assert_success
	[[ ${lines[0]} == 'HELLO 0 1 coap-shell '* ]]
	[[ ${lines[1]} == 'ERROR 0 1 '*'version 1'* ]]
	assert_equal "${lines[2]}" closed
	clients_are 0
}

@test 'a message of an unknown type is answered, and skipped' {
	keep one "${device}"
	run control client "${socket}" hello:1 raw:00000006400000002a2b \
		'start:1:get one:/hello' until:EXIT
	assert_success
	[[ ${lines[1]} == 'ERROR 42 5 '* ]]
	assert_equal "${lines[2]}" 'OUTPUT 1 1 Hello, world!'
	[[ ${lines[3]} == 'EXIT 1 0'* ]]
}

@test 'what is no message ends that connection alone' {
	local bad served
	keep one "${device}"
	start_client served -S one ping -n 1000 --interval 100ms
	served=${client_pid}
	wait_until wrote served
	# Too short; too long; a HELLO that is cut; one with something behind it;
	# START before HELLO; HELLO twice; an owner's message; a request 0; words
	# that are not there.
	for bad in raw:00000004ffffffff raw:ffffffff01 \
		raw:000000080100000000000000 \
		raw:0000000e01000000000000000100000000ff \
		start:1:version 'hello:1 hello:1' \
		'hello:1 raw:0000000d83000000010000000000000000' \
		'hello:1 start:0:version' 'hello:1 raw:000000091000000001ffffffff'; do
		# shellcheck disable=SC2086 # several steps
		run control client "${socket}" ${bad} end
		assert_success
		assert_equal "${bad} ${lines[-1]}" "${bad} closed"
		[[ ${lines[-2]} == 'ERROR 0 4 '* ]]
	done
	alive "${served}"
	clients_are 1
	kill "${served}"
}

# ---- other users ---------------------------------------------------------------

@test 'another user is refused, though the socket lets everybody in' {
	make_open_folder
	cs --control "${open_folder}/socket" agent start
	chmod 666 "${open_folder}/socket"
	run control client --uid 65534 "${open_folder}/socket" hello:1 \
		'start:1:version' end
	assert_success
	[[ ${lines[1]} == 'ERROR 0 2 '* ]]
	assert_equal "${lines[2]}" closed
	assert_equal "${#lines[@]}" 3
	cs --control "${open_folder}/socket" agent stop
	# Its lock is elsewhere than those that stop_agents knows.
	wait_until not cs --control "${open_folder}/socket" agent status
}

@test 'a folder or socket of another user is not used' {
	((EUID == 0)) || skip 'only root can be another user'
	mkdir -m 700 "${folder}"
	chown 65534 "${folder}"
	run_apart cs open "${device}" --persist 1m
	assert_failure 3
	assert_equal "${stderr}" "coap-shell: ${folder} belongs to another user \
(65534); set XDG_RUNTIME_DIR to a folder of yours"
	run_apart cs -S one get /hello
	assert_failure 3
	chown 0 "${folder}"
	start_control owner "${socket}" 1
	chown 65534 "${socket}"
	run_apart cs agent status
	assert_failure 3
	[[ ${stderr} == *'no control socket of yours'* ]]
}

@test 'a folder that is open to others, or no folder, is not used' {
	mkdir "${folder}"
	chmod 750 "${folder}"
	run_apart cs open "${device}" --persist 1m
	assert_failure 3
	assert_equal "${stderr}" "coap-shell: ${folder} is open to other users \
(mode 0750); try: chmod 700 ${folder}"
	rmdir "${folder}"
	mkdir -m 700 elsewhere
	ln -s "${PWD}/elsewhere" "${folder}"
	run_apart cs open "${device}" --persist 1m
	assert_failure 3
	[[ ${stderr} == *"${folder} is a file or a symbolic link"* ]]
	assert_equal "$(ls elsewhere)" ''
	run_apart cs agent start
	assert_failure 3
	[[ ${stderr} == *"${folder} is a file or a symbolic link"* ]]
	# What needs no other process goes on without.
	assert_equal "$(cs get "${device}/hello")" 'Hello, world!'
}
