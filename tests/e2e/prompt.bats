#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The prompt in a terminal of 80 by 24 cells: keys, completion, history, what
# is printed above the line, and the same commands as with -c and -f.

load helper
load screen

setup() {
	export XDG_STATE_HOME=${BATS_TEST_TMPDIR}/state
	export EDITRC=/dev/null
	unset VISUAL EDITOR
}

teardown() {
	term_stop
	stop_peers
}

# ---- beginning and end ------------------------------------------------------

@test "the prompt greets, and Ctrl-D leaves with the last status" {
	term_start "${COAP_SHELL}"
	await_row 'coap-shell>'
	term_wait "^coap-shell .*'help'.*Ctrl-D"
	command_line 'get /nowhere'
	term_keys C-d
	assert_equal "$(term_status)" 9
	run term_shows closing
	assert_failure
}

@test "Ctrl-D says how many sessions it closes" {
	start_serve
	term_start "${COAP_SHELL}"
	wait_until at_prompt
	command_line "open coap://127.0.0.1:${port} --name one"
	command_line "open coap+tcp://127.0.0.1:${port} --name two"
	term_keys C-d
	assert_equal "$(term_status)" 0
	term_wait '^closing 2 sessions$'
}

@test "exit leaves with its status" {
	prompt_start
	type_text 'exit 42'
	term_keys Enter
	assert_equal "$(term_status)" 42
}

@test "SIGTERM leaves with 143, half a line typed" {
	prompt_start
	type_text 'get /ha'
	await_row 'coap-shell> get /ha'
	kill -TERM "$(term_pid)"
	assert_equal "$(term_status)" 143
}

@test "an error does not end the prompt, and \$? has its status" {
	prompt_start
	command_line 'nonsense'
	command_line 'echo $?'
	term_wait '^2$'
	command_line 'get /x; echo after'
	term_wait '^after$'
	command_line 'echo "open quote" \$ done'
	term_wait '^open quote \$ done$'
}

@test "the prompt tells the session, its path, its type, and that it is lost" {
	start_serve
	prompt_start
	type_text "open coap+tcp://127.0.0.1:${port} --name lamp"
	term_keys Enter
	await_row 'lamp:/>'
	command_line 'cd sensors'
	await_row 'lamp:/sensors>'
	command_line 'disconnect'
	await_row 'lamp!:/sensors>'
	command_line 'close'
	await_row 'coap-shell>'
}

# ---- Tab --------------------------------------------------------------------

@test "Tab completes a command, and shows a menu with descriptions" {
	prompt_start
	type_text 'disc'
	term_keys Tab
	term_wait '^  disconnect +[a-z].*$'
	term_wait '^  discover +[a-z].*$'
	await_line 'coap-shell> disco'
	type_text 'v'
	term_keys Tab
	await_row 'coap-shell> discover'
	# A blank follows a whole word.
	wait_until cursor_is 21,0
}

@test "Tab goes through the menu and back, another key closes it" {
	prompt_start
	type_text 'disc'
	term_keys Tab Tab
	await_line 'coap-shell> disconnect'
	term_keys Tab
	await_line 'coap-shell> discover'
	term_keys Tab
	await_line 'coap-shell> disconnect'
	term_keys BTab
	await_line 'coap-shell> discover'
	type_text 'x'
	await_screen 'coap-shell> discoverx'
}

@test "Tab completes options, formats, session names, and inside quotes" {
	start_serve
	prompt_start
	command_line "open coap://127.0.0.1:${port} --name lamp"
	type_text 'get --acc'
	term_keys Tab
	type_text 'application/li'
	term_keys Tab
	await_row 'lamp:/> get --accept application/link-format'
	term_keys C-u
	type_text 'use la'
	term_keys Tab
	await_row 'lamp:/> use lamp'
	term_keys C-u
	mkdir -p "${BATS_TEST_TMPDIR}/f"
	touch "${BATS_TEST_TMPDIR}/f/größe klein"
	command_line 'echo'
	type_text "source \"${BATS_TEST_TMPDIR}/f/gr"
	term_keys Tab
	wait_until ends_with '/f/größe klein"'
}

@test "Tab with nothing to offer leaves the line alone" {
	prompt_start
	type_text 'xyzzy'
	term_keys Tab
	type_text '!'
	await_screen 'coap-shell> xyzzy!'
}

@test "a menu that is longer than the screen says so and scrolls" {
	prompt_start
	type_text 'get --'
	term_keys Tab
	term_wait '^  \.\.\. [0-9]+ of [0-9]+$'
	term_keys BTab
	await_line 'coap-shell> get --version'
	type_text ' '
	await_screen 'coap-shell> get --version'
}

# ---- history ----------------------------------------------------------------

@test "arrow keys bring back lines, of the last run too, without duplicates" {
	prompt_start
	command_line 'echo one'
	command_line 'echo two'
	command_line 'echo one'
	term_keys C-d
	term_status
	term_stop
	assert_equal "$(cat "${XDG_STATE_HOME}/coap-shell/history")" \
		$'echo one\necho two\necho one'
	assert_equal "$(stat -c %a "${XDG_STATE_HOME}/coap-shell/history")" 600
	prompt_start
	term_keys Up
	await_row 'coap-shell> echo one'
	term_keys Up
	await_row 'coap-shell> echo two'
	term_keys Up
	await_row 'coap-shell> echo two'
	term_keys Down
	await_row 'coap-shell> echo one'
}

@test "lines with a leading blank or a key are not kept" {
	prompt_start
	command_line ' echo hidden'
	command_line 'open coaps://[::1] --psk geheim'
	command_line 'echo seen'
	assert_equal "$(cat "${XDG_STATE_HOME}/coap-shell/history")" 'echo seen'
}

@test "Ctrl-R searches" {
	prompt_start
	command_line 'echo alpha beta'
	command_line 'echo gamma'
	term_keys C-r
	type_text 'alp'
	await_line 'coap-shell> echo alpha beta'
	term_keys Enter
	wait_until at_prompt
	assert_equal "$(visible | grep -c '^alpha beta$')" 2
}

@test "the rest of an earlier line is suggested, and Right takes it" {
	term_start "${COAP_SHELL}" --color always --quiet
	wait_until at_prompt
	command_line 'echo alpha beta'
	type_text 'ech'
	await_row 'coap-shell> echo alpha beta'
	wait_until cursor_is 15,2
	term_keys Right
	wait_until cursor_is 27,2
	term_keys Enter
	wait_until at_prompt
	assert_equal "$(visible | grep -c '^alpha beta$')" 2
}

# ---- keys -------------------------------------------------------------------

@test "Ctrl-C drops half a line and a command that goes on" {
	prompt_start
	type_text 'get /half'
	await_row 'coap-shell> get /half'
	term_keys C-c
	await_screen $'coap-shell> get /half^C\ncoap-shell>'
	type_text 'echo "open'
	term_keys Enter
	await_row '...'
	type_text 'more'
	await_row '... more'
	term_keys C-c
	await_row 'coap-shell>'
	command_line 'echo $?'
	term_wait '^130$'
}

@test "Ctrl-C ends the running command with 130, not the prompt" {
	start_silent
	prompt_start
	type_text "get coap://127.0.0.1:${port}/x"
	term_keys Enter
	term_wait '\^?get coap'
	# The keys of the next line wait for it.
	wait_until not at_prompt
	term_keys C-c
	wait_until at_prompt
	command_line 'echo $?'
	term_wait '^130$'
}

@test "a command that waits says so, and keys typed meanwhile are not lost" {
	start_silent
	term_start "${COAP_SHELL}" --color never
	wait_until at_prompt
	type_text "get coap://127.0.0.1:${port}/x -T 1s"
	term_keys Enter
	term_wait '^waiting for '
	type_text 'echo later'
	term_keys Enter
	term_wait 'timed out after 1 s'
	term_wait '^later$'
}

@test "a quote or a backslash goes on in the next line" {
	prompt_start
	type_text 'echo "one'
	term_keys Enter
	await_row '...'
	type_text 'two"'
	term_keys Enter
	await_screen $'coap-shell> echo "one\n... two"\none\ntwo\ncoap-shell>'
	# And comes back as one entry.
	term_keys Up
	await_row 'two"'
}

@test "a paste of several lines runs at Enter, not before" {
	prompt_start
	printf 'echo one\necho two\n' | term load-buffer -
	term paste-buffer -p
	await_screen $'coap-shell> echo one\necho two'
	term_keys Enter
	await_screen \
		$'coap-shell> echo one\necho two\none\ntwo\ncoap-shell>'
}

@test "letters of all kinds are typed, moved over and deleted" {
	prompt_start
	type_text 'echo äöé日本語x'
	await_row 'coap-shell> echo äöé日本語x'
	term_keys Left Left BSpace
	await_row 'coap-shell> echo äöé日語x'
	term_keys Home DC
	await_row 'coap-shell> cho äöé日語x'
	type_text 'e'
	term_keys Enter
	term_wait '^äöé日語x$'
}

@test "unknown key sequences type nothing" {
	prompt_start
	type_text 'echo a'
	term_keys F5 PageUp
	type_text 'b'
	await_row 'coap-shell> echo ab'
}

# ---- above the line ---------------------------------------------------------

@test "a session that is lost is told above half a line, and in the prompt" {
	start_serve
	term_start "${COAP_SHELL}" --color never
	wait_until at_prompt
	command_line "open coap+tcp://127.0.0.1:${port} --name lamp"
	type_text 'get /half'
	term_keys Left Left
	await_row 'lamp:/> get /half'
	kill -TERM "${peer_pid}"
	term_wait '^lamp: lost'
	await_row 'lamp!:/> get /half'
	type_text 'X'
	await_row 'lamp!:/> get /haXlf'
	assert_equal "$(visible | grep -c 'get /ha')" 1
}

@test "a new session of a listener is told above a line of several rows" {
	local free long
	free=$(free_port)
	term_start "${COAP_SHELL}" --color never
	wait_until at_prompt
	command_line "listen coap+tcp://127.0.0.1:${free} --name home"
	printf -v long 'get /%0100d日本' 7
	type_text "${long}"
	wait_until ends_with "${long}"
	start_peer client "${COAP_SHELL}" \
		-c "open coap+tcp://127.0.0.1:${free}; sleep 60"
	term_wait '^home1: new session'
	await_row "coap-shell> ${long}"
	assert_equal "$(visible | grep -c '^coap-shell> get')" 1
	type_text 'X'
	await_row "coap-shell> ${long}X"
	term_keys C-c
	command_line 'use home1'
	await_row 'home1(server):/>'
	stop_peers
	term_wait '^home1: session ended'
	await_row 'coap-shell>'
}

@test "a command in the background prints above the line" {
	start_serve
	term_start "${COAP_SHELL}" --color never
	wait_until at_prompt
	command_line "open coap://127.0.0.1:${port} --name lamp"
	type_text 'get /separate &'
	term_keys Enter
	wait_until at_prompt
	type_text 'echo half'
	term_wait '^\[1\] done: get /separate$'
	await_row 'lamp:/> echo half'
	assert_equal "$(visible | grep -c 'echo half')" 1
}

# ---- the terminal -----------------------------------------------------------

# The rows of one line.
only_once() {
	[[ $(term_screen | grep -cF -- "$1") == 1 ]]
}

@test "a long line wraps, and follows the terminal when its size changes" {
	local long
	prompt_start
	# The terminal itself moves rows that are at its top.
	command_line 'help session open'
	printf -v long 'echo %0150d' 1
	type_text "${long}"
	await_row "coap-shell> ${long}"
	term resize-window -x 40 -y 12
	await_row "coap-shell> ${long}"
	type_text 'X'
	await_row "coap-shell> ${long}X"
	wait_until only_once "> echo 0000"
	term resize-window -x 100 -y 30
	await_row "coap-shell> ${long}X"
	wait_until only_once "> echo 0000"
	term_keys Home C-k
	await_row 'coap-shell>'
	wait_until not term_shows '0000'
}

@test "a size that changes while a command runs counts for the next line" {
	local long
	prompt_start
	type_text 'sleep 300ms'
	term_keys Enter
	term resize-window -x 40 -y 12
	wait_until at_prompt
	printf -v long 'echo %090d' 1
	type_text "${long}"
	await_row "coap-shell> ${long}"
}

@test "Ctrl-Z stops, and fg brings the half line back" {
	term_start bash --norc --noprofile -i
	term_wait '[$#]'
	term_line "PS1='sh> '; ${COAP_SHELL} --color never -q"
	await_row 'coap-shell>'
	type_text 'echo half'
	await_row 'coap-shell> echo half'
	term_keys C-z
	await_row 'sh>'
	term_line 'fg'
	await_row 'coap-shell> echo half'
	type_text 'X'
	await_row 'coap-shell> echo halfX'
	term_keys C-c C-d
	await_row 'sh>'
}

@test "colours are used when wanted, and what is typed has none" {
	term_start "${COAP_SHELL}" --color always --quiet
	wait_until at_prompt
	type_text 'echo x'
	await_row 'coap-shell> echo x'
	run term capture-pane -p -e
	assert_line --partial $'\033[1mcoap-shell\033[0m'
	assert_line --regexp '> echo x$'
}

@test "TERM=dumb: commands run without a prompt or any escape" {
	TERM_NAME=dumb term_start "${COAP_SHELL}"
	term_line 'nonsense'
	term_line 'echo good'
	term_wait '^good$'
	term_keys C-d
	term_status
	run term_shows 'coap-shell>'
	assert_failure
}

# ---- the same as -c and -f --------------------------------------------------

# Times, ports and numbers that differ from run to run; blanks that follow.
same() {
	sed -E -e 's/127\.0\.0\.1:[0-9]+/ADDRESS/g' \
		-e 's/<?[0-9.]+ (ms|s|min|h)\b/TIME/g' -e 's/TIME( TIME)+/TIME/g' \
		-e 's/^(  )?(age|idle|stats\.rtt-[a-z]+)([[:space:]]+).*/\2 TIME/' \
		-e 's/0x[0-9a-f]{6,}/POINTER/g' \
		-e 's/[[:space:]]+/ /g' -e 's/ $//'
}

# What must be shown of two sessions, with the status of each command.
two_sessions() {
	local command field
	local -a commands=(
		"open coap://127.0.0.1:${port} --name one"
		"open coap+tcp://127.0.0.1:${port} --name two"
		'session list'
		'use one'
		'get /time -q --expect 2.05 -o /dev/null'
		'info one'
		'info two'
	)
	while read -r field; do
		# What is another number each time is looked at for its status.
		case ${field} in
			age | idle | stats.rtt-*) field+=' --format none' ;;
		esac
		commands+=("session get ${field} one" "session get ${field} two")
	done <"${BATS_TEST_TMPDIR}/fields"
	commands+=(
		'session set one ack-timeout=3'
		'session data set one colour "dark red"'
		'session data get one colour'
		'session data list one'
		'session data unset one colour'
		'session data get one colour'
		'session disconnect one --reason rst'
		'session get state one'
		'session close two'
		'session list'
		'session get state two'
	)
	for command in "${commands[@]}"; do
		printf '%s; echo "= $?"\n' "${command}"
	done
}

@test "two sessions: the prompt, -c and -f say the same" {
	local line lines
	start_coap_server
	"${COAP_SHELL}" -c "open coap://127.0.0.1:${port}; info" 2>/dev/null \
		| cut -f 1 >"${BATS_TEST_TMPDIR}/fields"
	run wc -l <"${BATS_TEST_TMPDIR}/fields"
	assert [ "${output}" -gt 20 ]
	two_sessions >"${BATS_TEST_TMPDIR}/lines"
	lines=$(<"${BATS_TEST_TMPDIR}/lines")

	cs --format human --color never --keep-going -c "${lines}" \
		>"${BATS_TEST_TMPDIR}/c" 2>&1 || :
	cs --format human --color never --keep-going \
		-f "${BATS_TEST_TMPDIR}/lines" \
		>"${BATS_TEST_TMPDIR}/f" 2>&1 || :
	run diff <(same <"${BATS_TEST_TMPDIR}/c") <(same <"${BATS_TEST_TMPDIR}/f")
	assert_success

	term_start "${COAP_SHELL}" --color never
	wait_until at_prompt
	while read -r line; do
		command_line "${line}"
	done <"${BATS_TEST_TMPDIR}/lines"
	term_screen | sed -E -e '/^coap-shell [0-9].*leaves$/d; /^[a-z-]+!?(:\/[^ ]*)?>/d' \
		>"${BATS_TEST_TMPDIR}/p"
	run diff <(same <"${BATS_TEST_TMPDIR}/p") <(same <"${BATS_TEST_TMPDIR}/c")
	assert_success
	run grep -c '^= 0$' "${BATS_TEST_TMPDIR}/p"
	assert [ "${output}" -gt 40 ]
	run grep -F 'rst' "${BATS_TEST_TMPDIR}/p"
	assert_success
}
