#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Sessions that outlive their connection: a server that is killed and comes
# back, a peer that stops, and what keepalive and reconnect make of it.

load helper

teardown() {
	term_stop
	stop_peers
}

# A prompt in a terminal with the session "lamp" open to $1; "$2"... are
# further options of open.
open_lamp() {
	term_start "${COAP_SHELL}"
	term_wait 'coap-shell> *$'
	term_line "open $* --name lamp"
	term_wait 'lamp:/> *$'
}

# The last line of the screen is the prompt $1.
prompt_is() {
	[[ $(term_screen | sed '/^$/d' | tail -n 1) == "$1"* ]]
}

# Our device, and then again on the same port.
serve_again() {
	start_peer again "${COAP_SHELL}" serve \
		"coap://127.0.0.1:${port}" "coap+tcp://127.0.0.1:${port}"
	wait_until dead_or_bound "${peer_pid}" "udp:${port}" "tcp:${port}"
	alive "${peer_pid}"
}

choose_port() {
	port=$(free_port)
}

kill_server() {
	kill -KILL "${peer_pid}"
	wait_until not alive "${peer_pid}"
}

@test 'tcp: the server is killed and comes back' {
	start_serve
	open_lamp "coap+tcp://127.0.0.1:${port}" --reconnect 1
	kill_server
	wait_until prompt_is 'lamp!:/>'
	term_wait 'lamp: lost'
	# It waits for the connection, and goes then.
	term_line 'get /time --raw'
	serve_again
	wait_until prompt_is 'lamp:/>'
	term_wait '^[0-9]{4}-'
}

@test 'udp: the server is killed, keepalive notices, and it comes back' {
	start_serve
	open_lamp "coap://127.0.0.1:${port}" --keepalive 1 --reconnect 1
	kill_server
	wait_until prompt_is 'lamp!:/>'
	term_wait 'lamp: lost'
	serve_again
	term_wait 'lamp: connected again'
	wait_until prompt_is 'lamp:/>'
	term_line 'get /time --raw'
	term_wait '^[0-9]{4}-'
}

@test 'keepalive finds a peer that has stopped, over udp and tcp' {
	start_silent
	for scheme in coap coap+tcp; do
		run_apart cs -c "open ${scheme}://127.0.0.1:${port} --name s \
			--keepalive 1; session wait --event KEEPALIVE_FAILURE; \
			session wait --event SESSION_CLOSED; session get state"
		assert_success
		assert_output none
	done
}

@test 'open --reconnect waits until the peer is there' {
	choose_port
	run_apart cs -c "open coap+tcp://127.0.0.1:${port} --reconnect 1 -T 3s"
	assert_failure 28
	start_peer open "${COAP_SHELL}" -c \
		"open coap+tcp://127.0.0.1:${port} --reconnect 1; get /time --raw"
	local log=${peer_log}
	serve_again
	wait_line "${log}" '^[0-9]{4}-'
}

@test 'session reconnect: one that stands, one that is lost, one in vain' {
	start_serve
	run_apart cs --format human -c "open coap+tcp://127.0.0.1:${port} --name s; \
		session reconnect; disconnect; session reconnect s; get /time --raw"
	assert_success
	assert_equal "$(grep -c '^reconnected s (tcp, ' <<<"${stderr}")" 2
	[[ ${output} == *[0-9]* ]]
	run_apart cs -c "open coap://127.0.0.1:${port} --name u; \
		session reconnect; session get state"
	assert_success
	assert_output established
	start_peer holder "${COAP_SHELL}" -c \
		"open coap+tcp://127.0.0.1:${port}; echo opened; \
		session wait --state none; session reconnect"
	local holder=${peer_pid} log=${peer_log}
	wait_line "${log}" '^opened$'
	kill -KILL "$(head -n 1 "$(peer_folder)/peers")"
	wait_until not alive "${holder}"
	# Reset, where the dying process's port outlives its connections.
	wait_line "${log}" 'refused|reset'
}

@test 'a session that came in cannot be opened by us' {
	choose_port
	start_peer home "${COAP_SHELL}" --keep-going -c \
		"listen coap+tcp://127.0.0.1:${port} --name home --type client; \
		session wait --from home; session set reconnect=5; \
		session reconnect; sleep 1h"
	wait_until dead_or_bound "${peer_pid}" "tcp:${port}"
	local log=${peer_log}
	start_peer device "${COAP_SHELL}" -c \
		"open coap+tcp://127.0.0.1:${port}; sleep 1h"
	wait_line "${log}" 'reconnect: .* came in, and cannot be opened by us'
}

@test 'reconnect is a setting as any other' {
	start_serve
	run_apart cs -c "open coap://127.0.0.1:${port} --name s --reconnect 7; \
		session get reconnect; session set reconnect=0; session get reconnect"
	assert_success
	assert_equal "${lines[*]}" '7 0'
	run_apart cs -c "open coap://127.0.0.1:${port} --reconnect x"
	assert_failure 2
}
