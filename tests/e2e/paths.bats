#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Tab offers the resources of a device, from what it lists.
# shellcheck disable=SC2030,SC2031 # each test sets its variables anew

load helper
load peers
load agents

setup_file() {
	start_serve || return 1
	export device=${port}
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
}

# Behind "lamp:", which is a word of its own for bash.
offers() {
	[[ $(bash_offers "$1") == "$2" ]]
}

@test 'bash offers paths of a session of the agent, segment by segment' {
	keep lamp "coap://127.0.0.1:${device}"
	wait_until offers 'coap-shell get lamp:/large-cr' /large-create
	wait_until offers 'coap-shell get lamp:/pat' $'/path\n/path/'
	wait_until offers 'coap-shell get lamp:/seg1/' $'/seg1/seg2\n/seg1/seg2/'
	wait_until offers 'coap-shell -S lamp get /large-cr' /large-create
	# What can be observed, and nothing else.
	wait_until offers 'coap-shell observe lamp:/obs-l' /obs-large
	run bash_offers 'coap-shell observe lamp:/large-cr'
	assert_output ''
}

@test 'the device is asked once a minute, and only when a path is typed' {
	start_relay "${device}"
	keep lamp "coap://127.0.0.1:${port}"
	cs -S lamp get /hello
	before=$(passed .)
	bash_offers 'coap-shell get la'
	bash_offers 'coap-shell close la'
	assert_equal "$(passed .)" "${before}"
	wait_until offers 'coap-shell get lamp:/hel' /hello
	cs discover lamp: --known
	before=$(passed .)
	cs discover lamp: --known
	offers 'coap-shell get lamp:/hel' /hello
	wait_until offers 'coap-shell get lamp:/large-cr' /large-create
	assert_equal "$(passed .)" "${before}"
	cs discover lamp:
	(($(passed .) > before))
}

@test 'a session that is not there, and one that is not established' {
	start_silent
	cs agent start
	run bash_offers 'coap-shell get lamp:/hel'
	assert_output ''
	cs open "coap+tcp://127.0.0.1:${port}" --name dead --persist 1m \
		--wait csm
	run bash_offers 'coap-shell get dead:/hel'
	assert_output ''
}

@test 'Tab at the prompt offers paths of the current session' {
	term_start "${COAP_SHELL}" --no-agent
	term_wait 'coap-shell>'
	term_line "open coap://127.0.0.1:${device} --name lamp"
	term_wait '^lamp:.*>'
	term_keys 'get /hel' Tab
	term_wait '> get /hello'
	term_keys Enter
	term_wait '^Hello, world!'
	# As it is typed from where one is, and of a name.
	term_keys 'get hel' Tab
	term_wait '> get hello'
	term_keys C-u 'observe lamp:/obs-l' Tab
	term_wait '> observe lamp:/obs-large'
}
