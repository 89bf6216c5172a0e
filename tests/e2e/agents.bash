#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Agents, their clients, and what is between them and a peer: `load agents`
# after `load helper`. Agents are no children of the tests: stop_agents, in
# teardown, finds them by what they hold, and ends them.

control=${BATS_TEST_DIRNAME}/control_peer.py

# An agent's words go nowhere, and so would those of a sanitizer.
if [[ -n ${BATS_TEST_TMPDIR:-} ]]; then
	export ASAN_OPTIONS=${ASAN_OPTIONS:+${ASAN_OPTIONS}:}log_path=${BATS_TEST_TMPDIR}/sanitizer
	export UBSAN_OPTIONS=${UBSAN_OPTIONS:+${UBSAN_OPTIONS}:}log_path=${BATS_TEST_TMPDIR}/sanitizer
fi

# ---- agents -----------------------------------------------------------------

# Print the process ids of those that hold the locks of agents of this test.
lock_holders() {
	find "${BATS_TEST_TMPDIR}" -name '*.lock' -printf ':%i\n' \
		| while read -r inode; do
			awk -v end="${inode}" '
				$2 == "FLOCK" && $6 ~ end "$" { print $5 }
			' /proc/locks
		done
}

# Print the process ids of all agents of this test, also of those that have no
# lock yet. Not everybody may look at their environment.
agent_pids() {
	{
		lock_holders
		grep -lszxF "XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR}" \
			/proc/[0-9]*/environ | cut -d / -f 3 \
			| while read -r pid; do
				grep -qszxF -e --foreground "/proc/${pid}/cmdline" \
					&& echo "${pid}"
			done
	} | sort -u
}

# Are there $1 agents?
agents_are() {
	[[ $(agent_pids | wc -l) == "$1" ]]
}

# End all agents of this test, stopped ones too. For teardown; fails when one
# had to be killed, or a sanitizer found something.
stop_agents() {
	local pid bad=0
	for pid in $(agent_pids); do
		kill -CONT "${pid}" 2>/dev/null || :
		kill -TERM "${pid}" 2>/dev/null || :
		wait_until not alive "${pid}" || {
			kill -KILL "${pid}"
			bad=1
		}
	done
	# What waited for its turn until now.
	for pid in $(agent_pids); do
		kill -KILL "${pid}" 2>/dev/null || :
	done
	compgen -G "${BATS_TEST_TMPDIR}/sanitizer.*" >/dev/null \
		&& bad=1 && cat "${BATS_TEST_TMPDIR}"/sanitizer.* >&2
	return "${bad}"
}

# Print the process id of the agent, by its own word.
agent_pid() {
	cs agent status --json "$@" | jq -re .fields.pid
}

# Open the URI $2 as the session $1 in the agent; "$@" are further options. It
# is gone by itself soon, should a test be.
keep() {
	local name=$1 uri=$2
	shift 2
	cs open "${uri}" --name "${name}" --persist 1m "$@"
}

# Print how many sessions there are.
sessions() {
	cs session list --json | jq -s 'map(select(.type == "session")) | length'
}

# Are there $1 sessions?
sessions_are() {
	[[ $(sessions) == "$1" ]]
}

# ---- clients ----------------------------------------------------------------

# Start coap-shell with the words "$2"... in the background, as the client
# called $1, whose outputs are in the files out.$1 and err.$1.log. Sets client_pid.
start_client() {
	local name=$1
	shift
	rm -f "${BATS_TEST_TMPDIR}/out.${name}"
	# In the background bash has SIGINT ignored.
	env --default-signal=INT "${COAP_SHELL}" "$@" </dev/null \
		>"${BATS_TEST_TMPDIR}/out.${name}" \
		2>"${BATS_TEST_TMPDIR}/err.${name}.log" 3>&- 4>&- &
	client_pid=$!
	printf '%d\n' "${client_pid}" >>"${BATS_TEST_TMPDIR}/peers"
}

# Wait for the end of the client $1 with the process id $2, if it comes. Sets
# status, output and stderr, as run does.
end_client() {
	wait_until not alive "$2" || return 1
	status=0
	wait "$2" || status=$?
	output=$(<"${BATS_TEST_TMPDIR}/out.$1")
	stderr=$(<"${BATS_TEST_TMPDIR}/err.$1.log")
}

# Has the client $1 written something?
wrote() {
	[[ -s ${BATS_TEST_TMPDIR}/out.$1 ]]
}

# Has the agent $1 clients, apart from the one that asks?
clients_are() {
	[[ $(cs agent status --json | jq .fields.clients) == "$1" ]]
}

# ---- the control socket -----------------------------------------------------

# Speak the protocol by hand; see control_peer.py.
control() {
	/usr/bin/python3 -IS "${control}" "$@"
}

# The same in the background, until it is ready.
start_control() {
	start_peer control /usr/bin/python3 -IS "${control}" "$@" || return 1
	wait_line "${peer_log}" '^ready'
}

# A folder that everybody can enter. Sets open_folder.
make_open_folder() {
	((EUID == 0)) || skip 'only root can be another user'
	open_folder=$(mktemp -d "${TMPDIR:-/tmp}/coap-shell-test.XXXXXX")
	chmod 755 "${open_folder}"
}
