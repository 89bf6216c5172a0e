#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# A session that a person has open at the prompt of one terminal is used from a
# second one: by single commands, by scripts, and at another prompt.
# shellcheck disable=SC2030,SC2031 # each test sets its variables anew

load helper
load screen

setup() {
	export XDG_STATE_HOME=${BATS_TEST_TMPDIR}/state
	export EDITRC=/dev/null
	unset VISUAL EDITOR
}

teardown() {
	local terminal
	"${COAP_SHELL}" agent stop 2>/dev/null || :
	for terminal in one two three; do
		kill_terminal "${terminal}"
	done
	stop_peers
}

# Open a prompt in the terminal called $1; "$@" are further words.
terminal() {
	on "$1" term_start "${COAP_SHELL}" --color never "${@:2}"
	on "$1" wait_until at_prompt
}

kill_terminal() {
	on "$1" term_stop
}

# Run the command $2 at the prompt in the terminal $1.
at() {
	on "$1" command_line "$2"
}

# Wait until the last row of the terminal $1 is exactly $2.
row() {
	on "$1" await_row "$2"
}

# Terminals one and two with a prompt each, and at the first one a session
# called lamp to our own device.
two_prompts() {
	start_serve
	terminal one
	terminal two
	at one "open coap+tcp://127.0.0.1:${port} --name lamp"
	row one 'lamp:/>'
}

# The same with a device that never answers.
two_prompts_silent() {
	start_silent
	terminal one
	terminal two
	at one "open coap://127.0.0.1:${port} --name lamp"
	at two 'use lamp'
	row two 'lamp:/>'
}

# Print the process id of the prompt in the terminal $1.
pid_of() {
	on "$1" term_pid
}

# Does the owner's part of the folder hold anything of the process $1?
serves() {
	[[ -S ${XDG_RUNTIME_DIR}/coap-shell/$1 ]]
}

# ---- from single commands and scripts ---------------------------------------

@test "single commands list, query, use and close a session of a prompt" {
	two_prompts
	run_apart cs session list
	assert_success
	assert_equal "$(cut -f 1,4,5 <<<"${output}")" $'lamp\ttcp\testablished'
	run -0 cs -S lamp get /hello
	assert_output 'Hello, world!'
	run -0 cs get lamp:/hello
	assert_output 'Hello, world!'
	COAP_SHELL_SESSION=lamp run -0 cs get /hello
	assert_output 'Hello, world!'
	run -0 cs -S lamp put /store/x -d "${BATS_TEST_NAME}"
	at one 'get /store/x'
	on one await_line "${BATS_TEST_NAME}"
	run -0 cs session get addr.remote lamp
	assert_output "127.0.0.1:${port}"
	run -0 cs session data set lamp room kitchen
	at one 'session data get room'
	on one await_line kitchen
	at one 'session data set floor second'
	run -0 cs session data get lamp floor
	assert_output second
	run -4 --separate-stderr cs -S lamp get /nowhere
	run -0 cs close lamp
	row one 'coap-shell>'
	run -9 --separate-stderr cs -S lamp get /hello
	assert_equal "${stderr}" "coap-shell: no session named 'lamp'; \
'session list' shows those there are"
}

@test "a script uses, and closes, a session of a prompt" {
	two_prompts
	printf '%s\n' 'use lamp' 'cd /store' 'put y -d hi' 'get y' \
		'session get path' 'close' >"${BATS_TEST_TMPDIR}/script"
	run -0 --separate-stderr cs -c 'use lamp ; cd store ; put y -d no ; get y'
	assert_output no
	run -0 --separate-stderr cs -f "${BATS_TEST_TMPDIR}/script"
	assert_output 'hi/store'
	row one 'coap-shell>'
	on one await_line 'lamp: closed by another process'
}

# ---- from a second prompt ---------------------------------------------------

@test "a second prompt uses a session of the first one" {
	two_prompts
	at two 'use lamp'
	row two 'lamp:/>'
	at two 'cd /store'
	row two 'lamp:/store>'
	at two 'put t -d 21'
	at two 'get t'
	on two await_line 21
	at two 'info'
	on two term_wait '^  addr.remote +127\.0\.0\.1:'
	at two 'session data set room kitchen'
	at one 'session data list'
	on one term_wait '^room +kitchen$'
	# Where one is in it is not shared.
	at one 'pwd'
	on one await_line /
	row one 'lamp:/>'
	at two 'close'
	row two 'coap-shell>'
	row one 'coap-shell>'
}

@test "a prompt with -S begins in that session, and goes to others" {
	two_prompts
	at one "open coap://127.0.0.1:${port} --name bulb"
	terminal three -S lamp
	row three 'lamp:/>'
	at three 'get hello'
	on three await_line 'Hello, world!'
	at three 'use bulb'
	at three 'session get proto'
	on three await_line udp
	kill_terminal three
	terminal three -S nobody
	row three 'coap-shell>'
	on three term_wait "^coap-shell: no session named 'nobody'"
}

@test "a command for another session leaves the current one as it is" {
	two_prompts
	at two "open coap://127.0.0.1:${port} --name bulb"
	terminal three
	at three 'use bulb'
	at three 'get lamp:/hello'
	row three 'bulb:/>'
	at three 'session list --all'
	row three 'bulb:/>'
	at three 'session get name'
	on three await_line bulb
}

@test "where one is in a session stays, whatever else is asked" {
	two_prompts
	at one "open coap://127.0.0.1:${port} --name bulb"
	at two 'use lamp'
	at two 'cd /store'
	row two 'lamp:/store>'
	at two 'get bulb:/hello'
	on two await_line 'Hello, world!'
	row two 'lamp:/store>'
	on two term_keys C-l
	at two 'session list --all'
	on two wait_until ends_with 'lamp:/store>'
	at two 'session get path'
	on two await_line /store
}

# ---- what the first one sees ------------------------------------------------

@test "the line being typed stays, and what others do is told once" {
	two_prompts
	at two 'use lamp'
	at two 'cd /store'
	on one term_keys C-l
	on one type_text 'get /ti'
	row one 'lamp:/> get /ti'
	at two 'disconnect'
	row one 'lamp!:/> get /ti'
	at two 'session reconnect'
	row one 'lamp:/> get /ti'
	at two 'session rename lamp light'
	row two 'light:/store>'
	row one 'light:/> get /ti'
	at two 'close'
	row one 'coap-shell> get /ti'
	on one await_screen "lamp: disconnected by another process
lamp: connecting anew, as another process asked
lamp: connected again
lamp: renamed to light by another process
light: closed by another process
coap-shell> get /ti"
	on one wait_until cursor_is 19,5
	on one type_text 'me'
	row one 'coap-shell> get /time'
}

@test "commands of both at the same time do not disturb each other" {
	local round
	two_prompts
	at two 'use lamp'
	on two type_text 'ping -n 40 --interval 20ms'
	on two term_keys Enter
	on two term_wait 'seq=2 '
	for round in 1 2 3 4 5; do
		at one "put /store/n -d 'round ${round}'"
		at one 'get /store/n'
		on one await_line "round ${round}"
		run -0 cs -S lamp get /store/n
		assert_output "round ${round}"
	done
	on two term_wait '^40 sent, 40 answered'
	row two 'lamp:/>'
}

@test "answers go to whoever asked, with twenty clients at once" {
	local i
	two_prompts
	local -a clients=()
	for i in {1..20}; do
		cs -S lamp post /echo -d "number ${i}" \
			>"${BATS_TEST_TMPDIR}/answer${i}" 2>&1 3>&- &
		clients+=("$!")
	done
	at one 'post /echo -d mine'
	on one await_line mine
	for i in {1..20}; do
		wait "${clients[i - 1]}"
		assert_equal "$(<"${BATS_TEST_TMPDIR}/answer${i}")" "number ${i}"
	done
}

@test "Ctrl-C ends the command of its own terminal alone" {
	two_prompts_silent
	on one type_text 'get /first'
	on one term_keys Enter
	on one term_wait '^waiting for'
	on two type_text 'get /second'
	on two term_keys Enter
	on two term_wait '^waiting for'
	on two term_keys C-c
	row two 'lamp:/>'
	at two 'echo $?'
	on two await_line 130
	run ! on one at_prompt
	on one term_keys C-c
	row one 'lamp:/>'
	run cs session get stats.requests lamp
	assert_output 0
}

# ---- the owner leaves -------------------------------------------------------

leave_by_end() {
	on one term_keys C-d
}

leave_by_exit() {
	on one type_text 'exit 3'
	on one term_keys Enter
}

leave_by_kill() {
	kill -KILL "$(pid_of one)"
}

leave_by_hangup() {
	kill_terminal one
}

@test "a command whose owner leaves ends with 9, and its prompt goes on" {
	local how owner
	for how in end exit kill hangup; do
		two_prompts_silent
		owner=$(pid_of one)
		on two type_text 'get /x'
		on two term_keys Enter
		on two term_wait '^waiting for'
		"leave_by_${how}"
		row two 'coap-shell>'
		on two term_wait "^coap-shell: the process that owns 'lamp' \
\(pid ${owner}\) ended before the command did$"
		at two 'echo $?'
		on two await_line 9
		on two term_keys C-d
		assert_equal "$(on two term_status)" 0
		kill_terminal one
		kill_terminal two
		stop_peers
	done
}

@test "a prompt keeps nothing that is to stay" {
	start_serve
	terminal one
	run -9 --separate-stderr cs open "coap://127.0.0.1:${port}" \
		--persist 1m \
		--control "${XDG_RUNTIME_DIR}/coap-shell/$(pid_of one)"
	assert_equal "${stderr}" "coap-shell: --persist leaves the session to \
an agent, and it is a prompt that listens there"
	run -2 --separate-stderr cs --no-agent open "coap://127.0.0.1:${port}" \
		--persist 1m
	[[ ${stderr} == *--no-agent* ]]
}

# Has the session lamp $1 requests?
requests_are() {
	[[ $(cs session get stats.requests lamp) == "$1" ]]
}

@test "a prompt that leaves ends what it left to others in the background" {
	two_prompts_silent
	echo 'get /y' >"${BATS_TEST_TMPDIR}/file"
	at two 'get /x &'
	at two "source '${BATS_TEST_TMPDIR}/file' &"
	wait_until requests_are 2
	on two term_keys C-d
	assert_equal "$(on two term_status)" 0
	run ! on two term_shows 'ended|rror'
	wait_until requests_are 0
}

@test "single commands end with 9 when their owner leaves" {
	start_silent
	terminal one
	at one "open coap://127.0.0.1:${port} --name lamp"
	start_peer client "${COAP_SHELL}" -v -S lamp get /x
	local client=${peer_pid}
	wait_line "${peer_log}" '^waiting for'
	on one term_keys C-d
	wait_until not alive "${client}"
	status=0
	wait "${client}" || status=$?
	assert_equal "${status}" 9
	assert_equal "$(grep -c 'ended before the command did$' "${peer_log}")" 1
}

@test "a current session that is gone is told of once" {
	two_prompts
	at two 'use lamp'
	at one close
	row two 'lamp:/>'
	at two 'get /hello'
	on two term_wait '^coap-shell: lamp is gone: another process had it'
	row two 'coap-shell>'
	at two 'echo $?'
	on two await_line 9
	at two 'pwd'
	on two term_wait '^coap-shell: no session is open'
}

@test "a current session whose owner was killed is told of once" {
	local owner
	two_prompts
	at two 'use lamp'
	owner=$(pid_of one)
	kill -KILL "${owner}"
	on one wait_until term_ended
	at two 'get /hello'
	on two term_wait '^coap-shell: lamp is gone: another process had it'
	row two 'coap-shell>'
	# Its name is free.
	at two "open coap://127.0.0.1:${port} --name lamp"
	row two 'lamp:/>'
}

# ---- names and lists --------------------------------------------------------

@test "a name is one session's, whichever process has it" {
	two_prompts
	at one "open coap://127.0.0.1:${port}"
	row one 's1:/>'
	at two "open coap://127.0.0.1:${port}"
	row two 's2:/>'
	at two "open coap://127.0.0.1:${port} --name lamp"
	on two term_wait "^coap-shell: another process has a session named \
'lamp'; close it, or choose another name$"
	on two term_keys C-l
	at two 'session rename s2 lamp'
	on two term_wait "^coap-shell: another process has a session named \
'lamp'; close it, or choose another name$"
	row two 's2:/>'
	at two 'session rename lamp s2'
	on two term_wait "^coap-shell: another process has a session named \
's2'; close it, or choose another name$"
	at one 'close lamp'
	at two 'session rename s2 lamp'
	row two 'lamp:/>'
}

@test "who waits in a session is at the same place when it has another name" {
	two_prompts
	at one "open coap://127.0.0.1:${port} --name lamp"
	at two 'use lamp'
	at two 'cd /store'
	on two term_line 'observe /time'
	on two term_wait ' 2\.05 text/plain '
	at one 'session rename lamp light'
	row one 'light:/>'
	on two term_keys C-c
	row two 'light:/store>'
}

@test "a prompt lists its own sessions, and with --all those of others" {
	two_prompts
	at two 'session list'
	on two term_wait '^no session is open here'
	at two "open coap://127.0.0.1:${port} --name bulb"
	at two 'session list'
	on two term_wait '^\*  bulb '
	run ! on two term_shows lamp
	run -0 cs open "coap+tcp://127.0.0.1:${port}" --name kept --persist 1m
	at two 'use kept'
	on two term_keys C-l
	at two 'session list --all'
	on two wait_until ends_with 'kept:/>'
	run on two visible
	assert_line --index 1 'this prompt:'
	assert_line --index 3 --regexp '^   bulb '
	assert_line --index 4 "prompt $(pid_of one):"
	assert_line --index 6 --regexp '^   lamp '
	assert_line --index 7 'agent:'
	assert_line --index 9 --regexp '^\*  kept '
	run -0 cs session list --all --raw
	assert_equal "$(cut -f 1,12 <<<"${output}" | sort)" \
		"bulb	prompt $(pid_of two)
kept	agent
lamp	prompt $(pid_of one)"
	run -0 cs session list --all --json
	assert_equal "$(jq -r 'select(.name == "kept").owner' <<<"${output}")" agent
	# Without it there is no such column.
	run -0 cs session list
	assert_equal "$(awk -F '\t' '{ print NF }' <<<"${output}" | sort -u)" 11
}

@test "a list says that there is nothing once, however many were asked" {
	terminal one
	terminal two
	run_apart on one env "${COAP_SHELL}" -v session list
	assert_equal "${output}" ''
	assert_equal "${stderr}" "no session is open; 'open URI' opens one"
	run_apart cs -v listen list
	assert_equal "${stderr}" "nothing listens; 'listen URI' does"
}

@test "a process that stands still does not keep the others from the list" {
	two_prompts
	at two "open coap://127.0.0.1:${port} --name bulb"
	kill -STOP "$(pid_of one)"
	run_apart cs session list
	kill -CONT "$(pid_of one)"
	assert_equal "${status}" 9
	assert_equal "$(cut -f 1 <<<"${output}")" bulb
	[[ ${stderr} == *"does not answer; is it stopped?" ]]
}

# ---- completion -------------------------------------------------------------

# An answer that comes too late is left out, so each asks again until it is
# there.

# Press Tab in the terminal $1 until its last row is $2.
tab_to() {
	local try
	for try in {1..10}; do
		on "$1" term_keys Tab
		WAIT_LIMIT=3 on "$1" wait_until row_is "$2" && return 0
	done
	printf 'after %d times Tab:\n' "${try}" >&2
	on "$1" visible >&2
	return 1
}

# Wait until the line $1 is completed to $2, sorted, where PEER stands for the
# peer's address and NEXT for the next port.
completes() {
	local expected=${2//PEER/127.0.0.1:${port}}
	wait_until completes_to "$1" "${expected//NEXT/$((port + 1))}" && return 0
	cs __complete --line "$1" >&2
	return 1
}

completes_to() {
	[[ $(cs __complete --line "$1" | sort) == "$2" ]]
}

bash_offers_just() {
	[[ $(bash_offers "$1") == "$2" ]]
}

@test "names of other processes' sessions are completed at a prompt" {
	two_prompts
	on two type_text 'use la'
	tab_to two 'coap-shell> use lamp'
	on two term_keys Enter
	row two 'lamp:/>'
	on two type_text 'get la'
	tab_to two 'lamp:/> get lamp:'
	on two type_text '/hello'
	on two term_keys Enter
	on two await_line 'Hello, world!'
	at one "open coap://127.0.0.1:${port} --name late"
	on two type_text 'close la'
	tab_to two "  late  udp, established, 127.0.0.1:${port}"
	on two await_line "  lamp  tcp, established, 127.0.0.1:${port}"
}

@test "names of all sessions are completed in a shell" {
	two_prompts
	at two "open coap://127.0.0.1:${port} --name bulb"
	completes 'coap-shell -S ' \
		$'bulb\tudp, established, PEER\nlamp\ttcp, established, PEER'
	completes 'coap-shell get la' $':nospace\nlamp:\ttcp, established, PEER'
	at two "listen coap://127.0.0.1:$((port + 1)) --name home"
	completes 'coap-shell listen stop ' $'home\tcoap://127.0.0.1:NEXT'
	run -0 cs __complete --line 'coap-shell --no-agent -S '
	assert_output ''
	run -0 cs __complete --line "coap-shell --control=${BATS_TEST_TMPDIR}/no -S "
	assert_output ''
	completes \
		"coap-shell --control ${XDG_RUNTIME_DIR}/coap-shell/$(pid_of two) -S " \
		$'bulb\tudp, established, PEER'
	wait_until bash_offers_just 'coap-shell close bu' bulb
	wait_until bash_offers_just 'coap-shell get la' 'lamp:'
	run -0 bash_offers 'coap-shell open coap://[::1] --persist '
	assert_output forever
}

@test "completion does not wait for a process that stands still" {
	two_prompts
	at two "open coap://127.0.0.1:${port} --name bulb"
	terminal three
	kill -STOP "$(pid_of one)"
	completes 'coap-shell close ' $'bulb\tudp, established, PEER'
	on three type_text 'close '
	tab_to three 'coap-shell> close bulb'
	kill -CONT "$(pid_of one)"
}

# ---- the folder -------------------------------------------------------------

# Does the prompt say $1, once, and work?
works_without() {
	terminal one
	assert_equal "$(on one visible \
		| grep -c '^other processes cannot use the sessions of this prompt: ')" 1
	on one term_wait "$1"
	at one "open coap+tcp://127.0.0.1:${port} --name lamp"
	at one 'get /hello'
	on one await_line 'Hello, world!'
	at one 'session list'
	on one term_wait '^\*  lamp '
	at one close
	row one 'coap-shell>'
	assert_equal "$(on one term_screen | grep -c 'cannot use')" 1
	kill_terminal one
}

@test "without a folder for the sockets a prompt says so once, and works" {
	start_serve
	touch "${BATS_TEST_TMPDIR}/file"
	XDG_RUNTIME_DIR=${BATS_TEST_TMPDIR}/nowhere works_without \
		'No such file or directory; set XDG_RUNTIME_DIR to'
	XDG_RUNTIME_DIR=${BATS_TEST_TMPDIR}/file works_without 'Not a directory'
	mkdir -p "${BATS_TEST_TMPDIR}/open/coap-shell"
	chmod 777 "${BATS_TEST_TMPDIR}/open/coap-shell"
	XDG_RUNTIME_DIR=${BATS_TEST_TMPDIR}/open works_without 'try: *chmod 700'
}

@test "a folder of another user is left alone, and said so" {
	((EUID == 0)) || skip 'only root can make one'
	start_serve
	mkdir -p "${BATS_TEST_TMPDIR}/other"
	chown nobody "${BATS_TEST_TMPDIR}/other"
	XDG_RUNTIME_DIR=${BATS_TEST_TMPDIR}/other works_without \
		'belongs to another user'
}

# ---- demo -------------------------------------------------------------------

@test "the sessions of demo are used from a second terminal" {
	terminal one demo
	on one term_wait '^from another terminal: coap-shell -S udp get /time$'
	run -0 cs -S udp get /hello
	assert_output 'Hello, world!'
	terminal two -S tcp
	at two 'get /hello'
	on two await_line 'Hello, world!'
	# Another one is a device of its own, whose sessions are its own.
	terminal three demo
	on three term_wait '^a device of our own'
	run ! on three term_shows '^from another terminal'
}
