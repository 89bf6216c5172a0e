#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Sessions against Debian's server: open, list, fields, settings, data,
# references, ends, places, and what is said when something is wrong.

load helper

setup_file() {
	start_coap_server || return 1
	export port
	export udp=coap://127.0.0.1:${port}
	export tcp=coap+tcp://127.0.0.1:${port}
	export two="open ${udp} --name u; open ${tcp} --name t"
}

teardown_file() {
	stop_peers
}

teardown() {
	term_stop
	stop_peers
}

# Run the list of commands "$*" in a process of its own.
script() {
	run_apart cs -c "$*"
}

# ---- open and list ------------------------------------------------------------

@test 'two sessions are opened, listed and closed' {
	script "${two}; session list; close u; close t; session list"
	assert_success
	assert_equal "${#lines[@]}" 2
	assert_equal "$(cut -f 1-5,7 <<<"${output}")" "$(
		printf 'u\t\tclient\tudp\testablished\t127.0.0.1:%d\n' "${port}"
		printf 't\t*\tclient\ttcp\testablished\t127.0.0.1:%d\n' "${port}"
	)"
	assert_equal "${stderr}" ''
}

@test 'people are told what was opened and closed, and that udp sent nothing' {
	run_apart cs --format human -c "${two}; open ${udp}; close --all"
	assert_success
	assert_equal "${output}" ''
	assert_equal "${stderr_lines[0]}" "opened u (udp, 127.0.0.1:${port})"
	[[ ${stderr_lines[1]} == 'udp: nothing was sent yet'* ]]
	assert_equal "${stderr_lines[2]}" "opened t (tcp, 127.0.0.1:${port})"
	assert_equal "${stderr_lines[3]}" "opened s1 (udp, 127.0.0.1:${port})"
	assert_equal "${stderr_lines[4]}" 'closed u'
	assert_equal "${#stderr_lines[@]}" 7
}

@test 'the list in its forms: table, rows, objects' {
	run_apart cs -c "${two}; session list --format human"
	assert_success
	[[ ${lines[0]} == *NAME*TYPE*PROTO*STATE*LOCAL*REMOTE* ]]
	[[ ${lines[1]} == *' u '*client*udp*established* ]]
	[[ ${lines[2]} == '*'*' t '*client*tcp*established* ]]
	script "${two}; session list --json"
	assert_success
	jq -es --arg port "${port}" '
		map(.v) == [1, 1] and map(.type) == ["session", "session"]
		and map(.name) == ["u", "t"] and map(.current) == [false, true]
		and map(.proto) == ["udp", "tcp"]
		and all(.remote == "127.0.0.1:" + $port)
	' <<<"${output}"
}

@test 'the list by state and by type' {
	script "${two}; disconnect u; session list --state none"
	assert_success
	[[ ${output} == u$'\t'* ]]
	assert_equal "${#lines[@]}" 1
	script "${two}; session list --type server"
	assert_success
	assert_output ''
	script 'session list --state open'
	assert_failure 2
	script 'session list --type peer'
	assert_failure 2
}

@test 'open in JSON gives the session' {
	run_apart cs --json open "${tcp}" --name x
	assert_success
	jq -e '.type == "session" and .name == "x" and .state == "established"' \
		<<<"${output}"
}

@test 'the path of the URI is the current path' {
	script "open ${udp}/a/b?c; pwd; cd ..; pwd; cd x; pwd; cd /; pwd; cd 'y z'; pwd; cd; pwd"
	assert_success
	assert_equal "${lines[*]}" '/a/b /a /a/x / /y%20z /'
	script "open ${udp}; cd /time; get"
	assert_success
	[[ -n ${output} ]]
	script "${two}; cd u:/time; session get name; pwd"
	assert_success
	assert_equal "${lines[*]}" 'u /time'
	script "${two}; cd nobody:/time"
	assert_failure 9
	[[ ${stderr} == *"no session named 'nobody'"* ]]
	script "${two}; cd ./nobody:; pwd"
	assert_output '/nobody:'
	script 'pwd'
	assert_failure 9
}

@test 'a name that nobody chose, and a name that is taken' {
	script "open ${udp}; open ${udp}; session get name; session get name s1"
	assert_success
	assert_equal "${lines[*]}" 's2 s1'
	script "open ${udp} --name a; open ${tcp} --name a"
	assert_failure 9
	[[ ${stderr} == *"session named 'a' already"* ]]
	script "open ${udp} --name coap"
	assert_failure 2
	[[ ${stderr} == *'URI scheme'* ]]
}

@test 'use and rename' {
	script "${two}; use u; session get name; session rename u v; session get name"
	assert_success
	assert_equal "${lines[*]}" 'u v'
	script "${two}; session rename u t"
	assert_failure 9
	script "${two}; session rename u 1"
	assert_failure 2
	script "${two}; use w"
	assert_failure 9
	[[ ${stderr} == *"no session named 'w'"* ]]
}

@test 'a request finds the session of an equal URI' {
	script "open ${udp} --name u; get ${udp/coap/COAP}/time -o /dev/null;" \
		'session get stats.tx; session list'
	assert_success
	assert_equal "${lines[0]}" 1
	assert_equal "${#lines[@]}" 2
}

# ---- fields -------------------------------------------------------------------

@test 'every field of both sessions, one by one as info has them' {
	script "${two}; info u; info t"
	assert_success
	assert_equal "$((${#lines[@]} % 2))" 0
	local fields=()
	mapfile -t fields < <(cut -f 1 <<<"${output}" | head -n "$((${#lines[@]} / 2))")
	((${#fields[@]} > 40))
	local list="${two}" field
	for field in "${fields[@]}"; do
		list+="; session get ${field}; session get ${field} u"
	done
	cs -c "${list}" >"${BATS_TEST_TMPDIR}/values"
	assert_equal "$(wc -l <"${BATS_TEST_TMPDIR}/values")" "$((2 * ${#fields[@]}))"
}

@test 'what does not apply is an empty line, and null in JSON' {
	run --keep-empty-lines cs -c "${two}; session get csm.received u; session get csm.received t"
	assert_success
	assert_equal "${output}" $'\ntrue\n'
	script "${two}; session get csm.received u --json"
	assert_success
	jq -e '.type == "value" and .name == "csm.received" and .value == null' \
		<<<"${output}"
}

@test 'values of fields' {
	script "${two}; get t:/time -o /dev/null; session get state; session get proto;" \
		"session get addr.remote; session get csm.peer-block-wise;" \
		'session get refs; session get stats.rst; session get uri'
	assert_success
	assert_equal "${lines[*]}" \
		"established tcp 127.0.0.1:${port} true 1 0 ${tcp}"
}

@test 'info for people leaves out what does not apply' {
	script "${two}; info u --format human"
	assert_success
	[[ ${lines[0]} == u ]]
	[[ ${output} == *addr.remote*127.0.0.1:${port}* ]]
	[[ ${output} != *csm.* ]]
}

@test 'info in JSON' {
	script "${two}; info --json"
	assert_success
	jq -e '.type == "info" and .title == "t"
		and .fields["csm.received"] == true
		and .fields["addr.mcast"] == null
		and .fields["tx.ack-random-factor"] == 1.5' <<<"${output}"
}

@test 'an unknown field is exit 2 and names the nearest' {
	script "${two}; session get stat"
	assert_failure 2
	[[ ${stderr} == *"did you mean 'state'?"* ]]
}

# ---- settings -----------------------------------------------------------------

@test 'settings are set together or not at all' {
	script "${two}; session set ack-timeout=0.5 nstart=3; session get tx.ack-timeout;" \
		'session get tx.nstart; session set u mtu=512 keepalive=60;' \
		'session get mtu u; session get keepalive u'
	assert_success
	assert_equal "${lines[*]}" '0.5 3 512 60'
	run_apart cs --keep-going -c \
		"${two}; session set ack-timeout=0.5 nstart=0; session get tx.ack-timeout"
	assert_failure 2
	assert_output 2
	[[ ${stderr} == *'from 1 to 65535'* ]]
}

@test 'settings that are wrong' {
	script "${two}; session set ack-timeot=1"
	assert_failure 2
	[[ ${stderr} == *"did you mean 'ack-timeout'?"* ]]
	script "${two}; session set u"
	assert_failure 2
	script "open ${udp} --mtu 10"
	assert_failure 2
	[[ ${stderr} == *'from 64 to'* ]]
}

# ---- data ---------------------------------------------------------------------

@test 'data of a session: set, get, list, unset' {
	script "${two}; session data set a 1; session data set u a 'x y';" \
		'session data set a 2; session data get a; session data get u a;' \
		'session get data.a u; session data set b 3; session data list;' \
		'session data unset b; session data list'
	assert_success
	assert_equal "${lines[0]}" 2
	assert_equal "${lines[1]}" 'x y'
	assert_equal "${lines[2]}" 'x y'
	assert_equal "${lines[3]}" $'a\t2'
	assert_equal "${lines[4]}" $'b\t3'
	assert_equal "${lines[5]}" $'a\t2'
	assert_equal "${#lines[@]}" 6
	script "${two}; session data set a 1; session data list --json"
	assert_success
	jq -e '.type == "data" and .key == "a" and .value == "1"' <<<"${output}"
}

@test 'data that is missing is exit 9' {
	script "${two}; session data get a"
	assert_failure 9
	script "${two}; session data unset a"
	assert_failure 9
	script "${two}; session data set 'a b' 1"
	assert_failure 2
	script "${two}; session data set a"
	assert_failure 2
}

# ---- references and ends ------------------------------------------------------

@test 'reference and release count; the last one names close' {
	script "${two}; session reference; session reference; session release;" \
		'session release; session get refs'
	assert_success
	assert_equal "${lines[*]}" '2 3 2 1 1'
	script "${two}; session release"
	assert_failure 9
	[[ ${stderr} == *"'close t'"* ]]
	script "${two}; session reference; close; session list"
	assert_success
	[[ ${lines[1]} == u$'\t'* ]]
	assert_equal "${#lines[@]}" 2
}

@test 'disconnect: the session stays, in state none' {
	run_apart cs --format human -c \
		"${two}; disconnect t --reason tls-failed; session get state t; session get state u"
	assert_success
	assert_equal "${lines[*]}" 'none established'
	[[ ${stderr} == *'disconnected t (tls-failed)'* ]]
	script "${two}; disconnect; disconnect"
	assert_failure 9
	[[ ${stderr} == *"'close t'"* ]]
	script "${two}; disconnect --reason tls-faild"
	assert_failure 2
	[[ ${stderr} == *"did you mean 'tls-failed'?"* ]]
}

@test 'a request on a session that was disconnected fails at once' {
	script "${two}; disconnect t; get t:/time -T 20s"
	assert_failure 7
}

@test 'close checks all names first' {
	run_apart cs --keep-going -c "${two}; close u w; session list"
	assert_failure 9
	assert_equal "${#lines[@]}" 2
	script 'close --all'
	assert_success
	script 'close'
	assert_failure 9
	script "${two}; close --all u"
	assert_failure 2
}

@test 'a list of a session that is not there is exit 9' {
	local command
	for command in 'session list' 'observe list'; do
		# shellcheck disable=SC2086 # two words
		run_apart cs -S nope ${command}
		assert_failure 9
		assert_output ''
		[[ ${stderr} == *"no session named 'nope'"* ]]
		script "${two}; ${command} -S nope --json"
		assert_failure 9
		[[ ${output} == *"no session named 'nope'"* ]]
		# It is the session to use where one is used.
		# shellcheck disable=SC2086
		COAP_SHELL_SESSION=nope run_apart cs ${command}
		assert_success
	done
	script "${two}; session list -S t"
	assert_success
	assert_equal "$(cut -f 1 <<<"${output}")" t
}

@test 'no session: exit 9, for each command that needs one' {
	local command
	for command in info 'session get state' 'session set mtu=100' \
		'session data list' 'session data get k' 'session reference' \
		'session release' disconnect close 'session wait' \
		'session set-type client' pwd 'use x' 'session rename x y'; do
		script "${command}"
		assert_failure 9
		assert_output ''
		[[ -n ${stderr} ]]
	done
}

# ---- statuses of open ---------------------------------------------------------

@test 'open: a URI that is none is exit 2, with the place' {
	script 'open coap://h:x/'
	assert_failure 2
	[[ ${stderr} == *'decimal digits'*'(character 10)'* ]]
	script 'open 127.0.0.1'
	assert_failure 2
	[[ ${stderr} == *'try coap://127.0.0.1'* ]]
	script "open ${udp} --bind nonsense"
	assert_failure 2
	script "open ${udp} --wait ready"
	assert_failure 2
}

@test 'open: a name that does not resolve is exit 6' {
	script 'open coap://host.invalid'
	assert_failure 6
	[[ ${stderr} == *host.invalid* ]]
	script 'resolve host.invalid'
	assert_failure 6
}

@test 'open: a closed port is exit 7, long before the timeout' {
	local closed
	closed=$(free_port)
	run_apart cs open "coap+tcp://127.0.0.1:${closed}" --timeout 30s
	assert_failure 7
	[[ ${stderr} == *'connection refused'* ]]
}

@test 'open: a peer that never answers is exit 28, and leaves no session' {
	start_silent
	run_apart cs --keep-going --format human \
		-c "open coap+tcp://127.0.0.1:${port} -T 200ms; session list"
	assert_failure 28
	assert_output ''
	[[ ${stderr} == *'timed out after 200 ms waiting for coap+tcp://'* ]]
}

@test 'open: a stream without a CSM is used, and people are told' {
	start_silent
	run_apart cs --format human \
		-c "open coap+tcp://127.0.0.1:${port}; session get csm.received"
	assert_success
	[[ ${stderr} == *'no CSM'* ]]
	[[ ${output} != true ]]
}

@test 'open: a module that is missing is exit 1, and named' {
	[[ -z ${SAN:-} ]] || skip 'the sanitizers want all in one piece'
	# A program that is far from its modules finds none.
	cp "${COAP_SHELL}" "${BATS_TEST_TMPDIR}/coap-shell"
	run_apart "${BATS_TEST_TMPDIR}/coap-shell" open coap+ws://127.0.0.1
	assert_failure 1
	[[ ${stderr} == *'nor beside the program'* ]] || fail "${stderr}"
}

@test 'open: --bind, --wait none' {
	script "open ${udp} --bind 127.0.0.1; session get addr.local"
	assert_success
	[[ ${output} == 127.0.0.1:* ]]
	start_silent
	script "open coap+tcp://127.0.0.1:${port} --wait none; close"
	assert_success
}

@test 'errors in JSON are objects on standard output' {
	run_apart cs --json -c 'open coap://h:x/'
	assert_failure 2
	jq -es '.[0].type == "error" and .[0].status == 2' <<<"${output}"
}

@test 'resolve prints addresses, one a line' {
	run_apart cs resolve 127.0.0.1
	assert_success
	assert_output 127.0.0.1
	run_apart cs resolve 'coap://[::1]:99/x'
	assert_success
	assert_output ::1
}

# ---- listening ----------------------------------------------------------------

@test 'a listener takes sessions in, and stops' {
	local mine
	mine=$(free_port)
	script "listen coap+tcp://127.0.0.1:${mine} --name home;" \
		"open coap+tcp://127.0.0.1:${mine} --name c; session wait --from home -T 10s;" \
		'session get name; session get type; session get listener;' \
		'session set-type client; session get type; listen list;' \
		'listen stop home; listen list; session list --type server'
	assert_success
	assert_equal "${lines[*]:0:4}" 'home1 server home client'
	assert_equal "${lines[4]}" \
		"home"$'\t'"coap+tcp://127.0.0.1:${mine}"$'\t'"server"$'\t'"1"$'\t'"1"
	assert_equal "${#lines[@]}" 5
}

@test 'each session that came in is found once' {
	local mine
	mine=$(free_port)
	script "listen coap+tcp://127.0.0.1:${mine} --name home;" \
		"open coap+tcp://127.0.0.1:${mine}; session wait --from home -T 10s; session get name;" \
		"open coap+tcp://127.0.0.1:${mine}; session wait --from home -T 10s; session get name;" \
		'session wait --from home -T 100ms'
	assert_failure 28
	assert_equal "${lines[*]}" 'home1 home2'
}

@test 'listen --type client makes client sessions' {
	local mine
	mine=$(free_port)
	script "listen coap+tcp://127.0.0.1:${mine} --name home --type client;" \
		"open coap+tcp://127.0.0.1:${mine}; session wait --from home -T 10s;" \
		'session get type; session set-type client'
	assert_success
	assert_output client
}

@test 'set-type of a client session is a note, of what came to an end an error' {
	run_apart cs --format human -c "${two}; session set-type client"
	assert_success
	[[ ${stderr} == *'a client session already'* ]]
	script "${two}; session set-type server"
	assert_failure 2
}

@test 'port 0 prints the real URI, a given port nothing' {
	script 'listen coap://127.0.0.1:0; listen coap+tcp://127.0.0.1:0'
	assert_success
	[[ ${lines[0]} =~ ^coap://127\.0\.0\.1:[1-9][0-9]*$ ]]
	[[ ${lines[1]} =~ ^coap\+tcp://127\.0\.0\.1:[1-9][0-9]*$ ]]
	script "listen coap://127.0.0.1:$(free_port)"
	assert_success
	assert_output ''
	run_apart cs --json -c 'listen coap://127.0.0.1:0 --name x'
	assert_success
	jq -e '.type == "listener" and .name == "x"' <<<"${output}"
}

@test 'listen: a port that is taken is exit 3, and what is wrong exit 1, 2, 6' {
	script "listen ${udp}"
	assert_failure 3
	[[ ${stderr} == *'address is in use; choose another port'* ]]
	script 'listen coap://192.0.2.1:0'
	assert_failure 3
	script 'listen 127.0.0.1'
	assert_failure 2
	script 'listen coap://host.invalid'
	assert_failure 6
	script 'listen stop'
	assert_failure 9
}

@test 'listen runs until it is ended, and tells of sessions' {
	start_peer listen "${COAP_SHELL}" --format human \
		listen coap+tcp://127.0.0.1:0 --name home
	wait_line "${peer_log}" '^listening on coap\+tcp://'
	local uri
	uri=$(grep -oE 'coap\+tcp://[0-9.:]+' "${peer_log}")
	run_apart cs open "${uri}"
	assert_success
	wait_line "${peer_log}" 'home1.*connected.*tcp from 127\.0\.0\.1'
	wait_line "${peer_log}" 'home1.*closed'
	alive "${peer_pid}"
	kill -TERM "${peer_pid}"
	wait_until not alive "${peer_pid}"
}

@test 'session wait for an event, and for a session that is lost' {
	start_coap_server
	script "open coap+tcp://127.0.0.1:${port}; session wait --event nonsense"
	assert_failure 2
	start_peer waits "${COAP_SHELL}" --format human -c \
		"open coap+tcp://127.0.0.1:${port} --name x; session wait --state none; session get state"
	wait_line "${peer_log}" '^opened x'
	kill -KILL "$(head -n 1 "$(peer_folder)/peers")"
	wait_line "${peer_log}" '^none$'
}
