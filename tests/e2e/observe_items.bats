#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# observe start and what works on it, observe for a session of another process,
# and both at the prompt.
# shellcheck disable=SC2030,SC2031 # each test sets its variables anew

load helper
load agents
load screen
load observing

setup() {
	export XDG_STATE_HOME=${BATS_TEST_TMPDIR}/state
	export EDITRC=/dev/null
	unset VISUAL EDITOR
}

teardown() {
	term_stop
	stop_agents
	stop_peers
}

# ---- in the background ------------------------------------------------------

@test "two at once: list, show, tail, diff, stop" {
	start_serve
	run_apart cs -c "open coap://127.0.0.1:${port} --name lamp
		observe start /time
		put /store/x -d one
		observe start /store/x
		session get observations
		observe tail 1 -n 2 --format none
		observe diff 1
		observe show 2
		observe list
		observe stop 1
		session get observations
		observe stop --all
		session get observations"
	assert_success
	assert_equal "$(head -n 3 <<<"${output}")" $'1\n2\n2'
	[[ ${lines[3]} =~ ^20.*Z\ -\>\ 20.*Z$ ]]
	assert_equal "${lines[4]}" one
	assert_equal "$(cut -f 1-4,6 <<<"${lines[5]}")" \
		$'1\tlamp\t/time\tregistered\t0'
	assert_equal "$(cut -f 1-6,8 <<<"${lines[6]}")" \
		$'2\tlamp\t/store/x\tregistered\t1\t0\tone'
	assert_equal "$(tail -n 2 <<<"${output}")" $'1\n0'
}

@test "an observation that is refused is none, and a wrong ID is said" {
	start_serve
	run_apart cs --keep-going -c "open coap://127.0.0.1:${port}
		observe start /nope
		observe start /hello
		observe list
		observe show
		observe stop 7"
	assert_failure 9
	assert_output 'Hello, world!'
	[[ ${stderr} == *'4.04'*'will not tell of changes'* ]]
	[[ ${stderr} == *'nothing is observed; '* ]]
	[[ ${stderr} == *"no observation '7'"* ]]
}

# Do all sessions together have $1 observations?
its_sessions_have() {
	[[ $(cs session list --json | jq -s 'map(.observations) | add') == "$1" ]]
}

@test "what the peer observes is counted at its session" {
	local at
	at=coap://127.0.0.1:$(free_port)
	term_start "${COAP_SHELL}" --color never
	term_line "serve ${at}"
	term_wait "^${at}"
	observe_in_background "${at}/time"
	wait_until has_lines "${observer_log}" 1
	observe_in_background "${at}/time"
	wait_until has_lines "${observer_log}" 1
	its_sessions_have 2
	assert_equal "$(cs session list --json \
		| jq -r '"\(.session_type) \(.observations)"' | sort -u)" 'server 1'
	assert_equal "$(cs session get observers \
		"$(cs session list | cut -f 1 | head -n 1)")" 1
	kill -INT "${observer}"
	wait_until its_sessions_have 1
	term_line exit
	[[ $(term_status) == 0 ]]
}

@test "they go with their session, and survive a reconnect" {
	start_serve
	local uri=coap+tcp://127.0.0.1:${port} server=${peer_pid}
	run_apart cs --format human -c "open ${uri} --name lamp
		observe start /time
		close lamp
		observe list"
	assert_success
	[[ ${stderr} == *'lamp: observation 1 ended: /time: '* ]]
	assert_output ''
	start_peer keeper "${COAP_SHELL}" --format human -c \
		"open ${uri} --name lamp --reconnect 1; observe start /time;
		echo started; sleep 1h"
	local keeper_log=${peer_log}
	wait_line "${keeper_log}" '^started$'
	kill -KILL "${server}"
	wait_line "${keeper_log}" '^lamp: observation lost: '
	start_peer again "${COAP_SHELL}" serve "${uri}"
	wait_line "${keeper_log}" '^lamp: observation restored: '
}

# ---- by the control socket --------------------------------------------------

# Does the session lamp have $1 observations?
lamp_has() {
	[[ $(cs session get observations lamp) == "$1" ]]
}

@test "a session of the agent: in the foreground, and by several clients" {
	start_notifier 1=a 2=b
	run -0 cs open "coap://127.0.0.1:${port}" --name lamp --persist 10m
	run_apart cs observe lamp:/t -n 2
	assert_success
	assert_output $'a\nb'
	wait_line "${notifier_log}" '^GET deregister$'
	# Ctrl-C of the client deregisters, and so does its death.
	local signal n=2
	for signal in INT KILL; do
		observe_in_background lamp:/t
		wait_until has_lines "${observer_log}" 2
		lamp_has 1
		kill -"${signal}" "${observer}"
		wait_until lamp_has 0
		wait_until deregistered "${n}"
		n=$((n + 1))
	done
	# What is started stays there.
	run_apart cs observe start lamp:/t
	assert_success
	assert_output 1
	run -0 cs observe list
	assert_equal "$(cut -f 1-5 <<<"${output}")" \
		$'1\tlamp\t/t\tregistered\t2'
	run -0 cs open "coap://127.0.0.1:${port}" --name other --persist 10m
	run_apart cs -S other observe list --format human
	assert_success
	assert_output ''
	[[ ${stderr} == 'nothing is observed; '* ]] || fail "${stderr}"
	run -0 cs observe start other:/t
	run -0 cs -S other observe list
	assert_equal "$(cut -f 1-3 <<<"${output}")" $'2\tother\t/t'
	run -0 cs -S lamp session list
	assert_equal "$(cut -f 1 <<<"${output}")" lamp
	run_apart cs -S nobody observe list
	assert_failure 9
	# A process that has sessions of its own asks the one that has it.
	run -0 cs -c "open coap://127.0.0.1:${port} --name mine; \
		observe list -S other"
	assert_equal "$(cut -f 1-3 <<<"${output}")" $'2\tother\t/t'
	run -0 cs close other
	run -0 cs -S lamp observe show 1
	assert_output b
	run bash_offers 'coap-shell -S lamp observe stop '
	assert_line --partial 1
	run -0 cs -S lamp observe stop 1
	wait_until lamp_has 0
	run -0 cs agent stop
}

# Does the screen show at least $1 notifications of lamp:/time?
screen_has_notifications() {
	[[ $(term_screen | grep -c 'lamp:/time #') -ge $1 ]]
}

# ---- at the prompt ----------------------------------------------------------

@test "prompt: notifications print above the line being typed" {
	start_serve
	term_start "${COAP_SHELL}" --color never
	wait_until at_prompt
	command_line "open coap://127.0.0.1:${port} --name lamp"
	type_text 'observe /time &'
	term_keys Enter
	term_wait 'lamp:/time #[0-9]+ 2\.05'
	type_text 'get /hel'
	wait_until screen_has_notifications 2
	await_row 'lamp:/> get /hel'
	type_text 'lo --raw'
	term_keys Enter
	term_wait '^Hello, world!$'
	# What is observed is not observed twice.
	command_line 'observe start /time'
	term_wait "/time is observed already, as 1; 'observe tail 1 -S lamp' shows"
	command_line 'observe start /obs --quiet'
	command_line 'observe list'
	term_wait '^1 +lamp +/time +registered'
	term_wait '^2 +lamp +/obs +registered'
	command_line 'session list'
	term_wait '^\* +lamp .* 2 +[0-9]'
	# What was left in the background can be stopped.
	command_line 'observe stop 1'
	term_wait '^\[1\] (done|ended).*observe /time'
	# Tab knows their numbers.
	type_text 'observe sto'
	term_keys Tab
	await_row 'lamp:/> observe stop'
}

@test "prompt: Ctrl-C ends the observation, and not the prompt" {
	start_serve
	term_start "${COAP_SHELL}" --color never
	wait_until at_prompt
	command_line "open coap://127.0.0.1:${port} --name lamp"
	type_text 'observe /time'
	term_keys Enter
	term_wait '^[0-9:.]+Z #[0-9]+ 2\.05'
	term_keys C-c
	await_row 'lamp:/>'
	command_line 'echo $?'
	term_wait '^130$'
	command_line 'session get observations'
	term_wait '^0$'
}
