#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Long bodies through the agent and through pipes: no process keeps them, and
# whoever is slow is waited for.
# shellcheck disable=SC2030,SC2031 # each test sets its variables anew

load helper
load peers
load agents

# More than a command may have printed that nobody takes.
long=$((17 << 20))
# KiB that a process may take for one: windows, parts and copies of them, and
# what a sanitizer keeps of what was freed.
room=2048

setup_file() {
	start_on udp:PORT body /usr/bin/python3 -IS \
		"${BATS_TEST_DIRNAME}/body_peer.py" PORT || return 1
	export device=coap://127.0.0.1:${port}
	export told=${peer_log}
	export body=${BATS_FILE_TMPDIR}/body
	export body_sha
	/usr/bin/python3 -IS "${BATS_TEST_DIRNAME}/body_peer.py" make \
		"${long}" >"${body}"
	body_sha=$(sha256sum <"${body}" | cut -d ' ' -f 1)
}

teardown_file() {
	stop_peers
}

setup() {
	cd "${BATS_TEST_TMPDIR}" || return 1
}

teardown() {
	[[ -z ${reader:-} ]] || kill "${reader}" 2>/dev/null || :
	stop_agents
	stop_peers
}

# Print how many KiB process $1 has had at most.
peak_of() {
	awk '$1 == "VmHWM:" { print $2 }' "/proc/$1/status"
}

sanitized() {
	grep -aq __asan_init "${COAP_SHELL}"
}

# The agent, and the session d in it; what it has taken so far.
start_owner() {
	keep d "${device}"
	cs -S d get "/body?2000000" -o first
	owner=$(agent_pid)
	before=$(peak_of "${owner}")
}

assert_flat() {
	local after
	after=$(peak_of "$1")
	echo "$1 took $((after - $2)) KiB more"
	sanitized || ((after - $2 < room))
}

# Begin to count.
count_asked() {
	since=$(($(wc -l <"${told}") + 1))
}

# How far has the peer been asked since? Further than $1?
asked() {
	tail -n "+${since}" "${told}" | awk '$1 == "get" { n++ } END { print n + 0 }'
}

asked_beyond() {
	(($(asked) > $1))
}

# A pipe at $1 that is full soon, as nobody reads it until open_pipe.
close_pipe() {
	mkfifo "$1"
	sleep 600 >"$1" 3>&- 4>&- &
	reader=$!
	exec 9<"$1"
}

# Print the SHA-256 of all that comes.
open_pipe() {
	kill "${reader}"
	sha256sum <&9 | cut -d ' ' -f 1
	exec 9<&-
}

# Has nothing been asked for while the owner did something else?
stands_still() {
	local at
	at=$(asked)
	cs -S d ping -n 20 --interval 1ms
	[[ $(asked) == "${at}" ]]
}

@test 'a client that is slow is waited for, and the agent keeps nothing' {
	start_owner
	close_pipe pipe
	count_asked
	"${COAP_SHELL}" -S d get "/body?${long}" -o pipe 9<&- 3>&- &
	client=$!
	wait_until asked_beyond 100
	wait_until stands_still
	# 256 KiB without credit, and what fits into the pipe.
	not asked_beyond 1000
	assert_equal "$(open_pipe)" "${body_sha}"
	wait "${client}"
	assert_flat "${owner}" "${before}"
}

@test 'a client that is slow can be stopped' {
	start_owner
	close_pipe pipe
	count_asked
	"${COAP_SHELL}" -S d get "/body?${long}" -o pipe 9<&- 3>&- &
	client=$!
	wait_until asked_beyond 100
	wait_until stands_still
	kill -KILL "${client}"
	wait_until clients_are 0
	assert_equal "$(cs -S d get '/body?5' -o - | wc -c)" 5
	assert_flat "${owner}" "${before}"
}

@test 'a pipe that is full is waited for' {
	close_pipe pipe
	count_asked
	"${COAP_SHELL}" get "${device}/body?200000" -o pipe 9<&- 3>&- &
	client=$!
	wait_until asked_beyond 50
	assert_equal "$(open_pipe)" "$(head -c 200000 "${body}" | sha256sum \
		| cut -d ' ' -f 1)"
	wait "${client}"
}

@test 'who waits for a pipe can be interrupted' {
	close_pipe pipe
	count_asked
	run cs get "${device}/body?${long}" -o pipe -T 2s 9<&- 3>&-
	assert_failure 18
	# 64 KiB fit into a pipe.
	not asked_beyond 80
}

@test 'JSON has the hash of what is not shown' {
	local to
	keep d "${device}"
	for to in "${device}" d:; do
		cs get "${to}/body?2000000" -j -o got >json
		assert_equal "$(jq -r .payload.sha256 json) -" \
			"$(sha256sum <got | tr -s ' ')"
		assert_equal "$(jq -r .payload.length json)" 2000000
		cs get "${to}/body?2000000" -j >json
		assert_equal "$(jq -r .payload.sha256 json) -" \
			"$(sha256sum <got | tr -s ' ')"
		cs get "${to}/body?20000" -j -o got >json
		jq -e '.payload | has("base64") and (has("sha256") | not)' json
	done
}

# ---- uploads -------------------------------------------------------------------

# What the peer said last of a body.
taken() {
	awk '$1 == "put" { last = $0 } END { print last }' "${told}"
}

@test 'a file goes through the agent as the client reads it' {
	start_owner
	cs -S d put /body -d "@${body}"
	assert_equal "$(taken)" "put ${long} ${body_sha} ${long}"
	assert_flat "${owner}" "${before}"
}

@test 'a pipe goes through the agent as it comes, without a Size1' {
	start_owner
	cs -S d put /body -d @- < <(cat "${body}")
	assert_equal "$(taken)" "put ${long} ${body_sha} -"
	assert_flat "${owner}" "${before}"
}

@test 'a pipe is sent as it comes, and is not kept' {
	mkfifo pipe
	"${COAP_SHELL}" put "${device}/body" -d @- <pipe 3>&- &
	client=$!
	exec 8>pipe
	head -c 4000000 "${body}" >&8
	before=$(peak_of "${client}")
	tail -c +4000001 "${body}" >&8
	assert_flat "${client}" "${before}"
	exec 8>&-
	wait "${client}"
	assert_equal "$(taken)" "put ${long} ${body_sha} -"
}

@test 'a pipe that pauses is waited for' {
	mkfifo pipe
	"${COAP_SHELL}" put "${device}/body" -d @pipe 3>&- &
	client=$!
	exec 8>pipe
	head -c 1000000 "${body}" >&8
	kill -0 "${client}"
	head -c 2000000 "${body}" | tail -c 1000000 >&8
	exec 8>&-
	wait "${client}"
	assert_equal "$(taken)" "put 2000000 $(head -c 2000000 "${body}" \
		| sha256sum | cut -d ' ' -f 1) -"
}

@test 'a file is read once more when the device forgot what it had' {
	start_owner
	cs -S d put '/forget?1000' -d "@${body}"
	assert_equal "$(taken)" "put ${long} ${body_sha} ${long}"
	assert_flat "${owner}" "${before}"
}

# $1 is a session, or nothing.
assert_not_twice() {
	start_on udp:PORT forgetful /usr/bin/python3 -IS \
		"${BATS_TEST_DIRNAME}/body_peer.py" PORT
	[[ -z $1 ]] || keep "$1" "coap://127.0.0.1:${port}"
	run_apart cs put "${1:-coap://127.0.0.1:${port}}${1:+:}/forget?1000" \
		-d @- < <(cat "${body}")
	assert_failure 18
	[[ ${stderr} == *'stdin: '*'from its beginning again'*'-d @FILE'* ]]
}

@test 'a pipe is not read twice, and a sentence says so' {
	assert_not_twice ''
	assert_not_twice forgetful
}
