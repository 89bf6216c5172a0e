#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What the end-to-end tests share: `load helper` at the top of a .bats file.
# Nothing here sleeps for a fixed time; what is waited for is looked at again
# and again until it is there, or until it is certain that something hangs.

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert

# How many seconds wait_until looks, at most.
: "${WAIT_LIMIT:=30}"

# Each test has a folder of control sockets of its own, so that no prompt of
# one is seen by another, or by whoever runs the tests.
unset "${!COAP_SHELL_@}"
if [[ -n ${BATS_TEST_TMPDIR:-} ]]; then
	export XDG_RUNTIME_DIR=${BATS_TEST_TMPDIR}/run
	mkdir -p "${XDG_RUNTIME_DIR}" && chmod 700 "${XDG_RUNTIME_DIR}"
fi

# The program under test: `run cs get coap://...`.
cs() {
	"${COAP_SHELL}" "$@"
}

# Standard output and standard error apart, in ${output} and ${stderr}.
run_apart() {
	run --separate-stderr "$@"
}

# Print what bash would offer for the line $1, and the part $2 at its end, which
# is what bash takes for it when there are blanks in it.
bash_offers() {
	local COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()
	# shellcheck disable=SC2317 # the completion calls it
	compopt() {
		:
	}
	# shellcheck source=completions/coap-shell.bash
	source "${BATS_TEST_DIRNAME}/../../completions/coap-shell.bash"
	# Behind these a part begins that bash replaces, and with "@".
	local part=${1##*[[:blank:]\"\'=:]}
	_coap_shell "${COAP_SHELL}" "${2-${part}}"
	printf '%s\n' "${COMPREPLY[@]}"
}

# ---- waiting ----------------------------------------------------------------

# Wait until the command "$@" succeeds. Its output is dropped.
wait_until() {
	local end=$((SECONDS + WAIT_LIMIT))
	until "$@" >/dev/null 2>&1; do
		if ((SECONDS >= end)); then
			printf 'waited %d s for: %s\n' "${WAIT_LIMIT}" "$*" >&2
			return 1
		fi
		sleep 0.02
	done
}

# Wait until the file $1 holds a line that matches the pattern $2.
wait_line() {
	wait_until grep -qE -- "$2" "$1" && return 0
	printf '%s holds:\n' "$1" >&2
	cat "$1" >&2
	return 1
}

# ---- ports ------------------------------------------------------------------

# Is the port $2 bound by a socket of the protocol $1, udp or tcp?
bound() {
	local hex
	printf -v hex ':%04X' "$2"
	awk -v protocol="$1" -v end="${hex}" '
		protocol == "tcp" && $4 != "0A" { next }
		$2 ~ end "$" { found = 1 }
		END { exit !found }
	' "/proc/net/$1" "/proc/net/${1}6"
}

# Print a port that nobody uses, nor the one after it. It is below those that
# the kernel hands out by itself.
free_port() {
	local candidate n
	while :; do
		candidate=$((20000 + (RANDOM << 2 | RANDOM & 3) % 12000))
		for n in "${candidate}" "$((candidate + 1))"; do
			bound udp "${n}" && continue 2
			bound tcp "${n}" && continue 2
		done
		printf '%d\n' "${candidate}"
		return 0
	done
}

# ---- peers ------------------------------------------------------------------

# A peer started in setup_file lives for the file, else for the test.
peer_folder() {
	printf '%s\n' "${BATS_TEST_TMPDIR:-${BATS_FILE_TMPDIR}}"
}

# Is the process $1 there, and no zombie?
alive() {
	local stat
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
	[[ ${stat##*) } != Z* ]]
}

# Start "$2"... in the background as the peer called $1. Sets peer_pid and
# peer_log, which takes both of its outputs. stop_peers ends it.
start_peer() {
	local folder name=$1
	shift
	folder=$(peer_folder)
	peer_log=${folder}/${name}.log
	"$@" </dev/null >"${peer_log}" 2>&1 3>&- 4>&- &
	peer_pid=$!
	printf '%d\n' "${peer_pid}" >>"${folder}/peers"
}

# End all peers, stopped ones too, and wait until they are gone. For teardown.
stop_peers() {
	local folder pid
	folder=$(peer_folder)
	[[ -e ${folder}/peers ]] || return 0
	while read -r pid; do
		alive "${pid}" || continue
		kill -CONT "${pid}" || :
		kill -TERM "${pid}" || :
		if ! WAIT_LIMIT=5 wait_until not alive "${pid}"; then
			kill -KILL "${pid}" || :
			wait_until not alive "${pid}"
		fi
	done <"${folder}/peers" 2>/dev/null
	rm -f "${folder}/peers"
	no_findings "${folder}"/*.log
}

# What a sanitizer said in one of the logs "$@" fails the test.
no_findings() {
	not grep -E '(Address|Leak)Sanitizer|runtime error:' "$@" >&2
}

not() {
	! "$@"
}

# Is the process $1 dead, or are the sockets $2... (udp:PORT, tcp:PORT) bound?
dead_or_bound() {
	local pid=$1 socket
	shift
	alive "${pid}" || return 0
	for socket in "$@"; do
		bound "${socket%:*}" "${socket#*:}" || return 1
	done
}

# Start a server on a free port, again if somebody else took the port first.
# $1 are the sockets to wait for, $2 names it; in all words PORT stands for the
# port and NEXT for the one after it. Sets port.
start_on() {
	local name=$2 try
	local -a sockets
	read -ra sockets <<<"$1"
	shift 2
	for try in 1 2 3; do
		port=$(free_port)
		set_port "${sockets[@]}"
		local -a bind=("${words[@]}")
		set_port "$@"
		start_peer "${name}" "${words[@]}"
		wait_until dead_or_bound "${peer_pid}" "${bind[@]}" || return 1
		alive "${peer_pid}" && return 0
	done
	printf '%s did not start (%d tries):\n' "${name}" "${try}" >&2
	cat "${peer_log}" >&2
	return 1
}

# Put "$@" into the array words, with the port in them.
set_port() {
	words=("${@//PORT/${port}}")
	words=("${words[@]//NEXT/$((port + 1))}")
}

# The same for a server that binds both the UDP port and the TCP port.
start_server() {
	start_on 'udp:PORT tcp:PORT' "$@"
}

# Debian's server on UDP and TCP; "$@" are further options of its own.
# shellcheck disable=SC2120 # the files that load this pass them
start_coap_server() {
	start_server coap-server \
		coap-server-notls -A 127.0.0.1 -p PORT "$@"
}

# Our own device on UDP and TCP; "$@" are options of serve.
start_serve() {
	start_server serve "${COAP_SHELL}" serve "$@" \
		coap://127.0.0.1:PORT coap+tcp://127.0.0.1:PORT
}

# A port where UDP and TCP are bound and nobody ever answers. Sets port.
start_silent() {
	# shellcheck disable=SC2119
	start_coap_server || return 1
	kill -STOP "${peer_pid}"
}

# ---- what is on the way -----------------------------------------------------

# Count datagrams on their way to the UDP port $1, or lose some: further options
# are those of relay.py. Sets port, and relay_log, which has a line of each
# record.
start_relay() {
	local to=$1
	shift
	start_on udp:PORT relay /usr/bin/python3 -IS \
		"${BATS_TEST_DIRNAME}/relay.py" "$@" PORT "${to}" || return 1
	relay_log=${peer_log}
}

# Print how many lines of the relay match the pattern $1.
passed() {
	grep -cE -- "$1" "${relay_log}" || :
}

# ---- a terminal -------------------------------------------------------------

# There may be several: `on two term_line help` types into the one called two.
: "${term_name:=term}"

on() {
	local term_name=$1
	shift
	"$@"
}

term() {
	TMUX_TMPDIR=$(peer_folder) tmux -f /dev/null -L "${term_name}" "$@"
}

term_note() {
	printf '%s/%s.status\n' "$(peer_folder)" "${term_name}"
}

# Run "$@" in a terminal of 80 by 24 cells. The screen stays when it ends. A
# shell notes its exit status, which tmux loses now and then.
term_start() {
	rm -f "$(term_note)"
	# shellcheck disable=SC2016 # for the shell in the terminal
	term new-session -d -x 80 -y 24 \; \
		set-option -g remain-on-exit on \; \
		set-option -g status off \; \
		respawn-pane -k -- bash -c \
		'"${@:2}"; echo "$?" >"$1.new"; mv "$1.new" "$1"' \
		bash "$(term_note)" \
		env TERM="${TERM_NAME:-screen-256color}" "$@" 3>&- 4>&-
}

# Print the process id of the program in the terminal.
term_pid() {
	local pane
	pane=$(term display-message -p '#{pane_pid}')
	grep -lsx "PPid:[[:space:]]${pane}" /proc/[0-9]*/status | cut -d / -f 3
}

# Type: "$@" are tmux's names of keys (Enter, C-c, Tab), or text.
term_keys() {
	term send-keys -- "$@"
}

# Type the line $1 and press Enter.
term_line() {
	term send-keys -l -- "$1"
	term send-keys Enter
}

# Print what has been on the screen, scrolled lines first.
term_screen() {
	term capture-pane -p -J -S -2000
}

term_shows() {
	term_screen | grep -E -- "$1"
}

# Wait until the screen shows the pattern $1.
term_wait() {
	wait_until term_shows "$1" && return 0
	printf 'the screen shows:\n' >&2
	term_screen >&2
	return 1
}

term_ended() {
	[[ -e $(term_note) ]]
}

# Wait until the program ended, and print its exit status.
term_status() {
	wait_until term_ended || return 1
	cat "$(term_note)"
}

# For teardown; does nothing if no terminal was started.
term_stop() {
	term kill-server 2>/dev/null || :
}
