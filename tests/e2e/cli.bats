#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The command line itself: usage errors, help, forms of scripts, statuses,
# completion.

load helper

teardown() {
	stop_peers
}

# The file of a script whose lines are standard input.
script() {
	cat >"${BATS_TEST_TMPDIR}/script"
	printf '%s\n' "${BATS_TEST_TMPDIR}/script"
}

# One line "coap-shell: ..." on standard error, nothing on standard output,
# exit status 2.
assert_usage_error() {
	assert_equal "${status}" 2
	assert_equal "${output}" ''
	assert_equal "${#stderr_lines[@]}" 1
	[[ ${stderr} == "coap-shell: "* ]] || fail "${stderr}"
	[[ ${stderr} == *"$1"* ]] || fail "${stderr}"
}

@test 'an unknown command suggests the nearest one' {
	run_apart cs gte coap://127.0.0.1/
	assert_usage_error "did you mean 'get'?"
	run_apart cs session lst
	assert_usage_error "did you mean 'session list'?"
}

@test 'an unknown option suggests the nearest one' {
	run_apart cs get --jsn coap://127.0.0.1/
	assert_usage_error "did you mean '--json'?"
	run_apart cs --jsn get coap://127.0.0.1/
	assert_usage_error "did you mean '--json'?"
}

@test 'options without their values, and words too many, are usage errors' {
	run_apart cs get --timeout
	assert_usage_error "'--timeout' needs DUR"
	run_apart cs get --timeout soon /x
	assert_usage_error "--timeout does not take 'soon'"
	run_apart cs get --format=xml /x
	assert_usage_error "--format does not take 'xml'"
	run_apart cs get --json=1 /x
	assert_usage_error 'takes no value'
	run_apart cs pwd a b
	assert_usage_error 'one word too many'
	run_apart cs session use
	assert_usage_error 'NAME is missing'
	run_apart cs session
	assert_usage_error 'wants another word: open, list'
	run_apart cs -c
	assert_usage_error 'needs LIST'
	run_apart cs coap://127.0.0.1/ get
	assert_usage_error 'the command comes first'
}

@test 'a usage error sends nothing' {
	start_serve
	run_apart cs get --jsn "coap://127.0.0.1:${port}/time"
	assert_usage_error '--json'
	run_apart cs -c "get coap://127.0.0.1:${port}/time --accept nonsense"
	assert_equal "${status}" 2
	assert_equal "${output}" ''
}

@test 'commands are abbreviated at the prompt only' {
	run_apart cs -c 'ec hi'
	assert_usage_error "did you mean 'echo'?"
}

@test 'errors are objects in JSON, wherever the option stands' {
	run_apart cs --json nope
	assert_equal "${status}" 2
	run jq -r '.type, .status' <<<"${output}"
	assert_output $'error\n2'
	run_apart cs session info nobody --json
	assert_equal "${status}" 9
	run jq -r '.type, .status' <<<"${output}"
	assert_output $'error\n9'
}

@test 'help: overview, family, command, names' {
	run -0 cs help
	assert_line --partial 'usage: coap-shell'
	run -0 cs --help
	assert_line --partial 'usage: coap-shell'
	run -0 cs help session
	assert_line --partial 'session open'
	refute_line --partial 'discover'
	run -0 cs help session open
	assert_line --index 0 --regexp '^usage: session open'
	assert_line --partial 'also: open'
	run -0 cs help open
	assert_line --index 0 --regexp '^usage: session open'
	run -0 cs help --list
	assert_line get
	assert_line 'session data set'
	run_apart cs help nope
	assert_usage_error "unknown command 'nope'"
}

@test '-h on any command prints its help and does nothing' {
	local name words
	while read -r name; do
		read -ra words <<<"${name}"
		run -0 cs "${words[@]}" -h
		assert_line --index 0 --regexp "^usage: ${name}"
	done < <(cs help --list)
	run -0 cs get --help coap://127.0.0.1:1/
	assert_line --index 0 --regexp '^usage: get'
}

@test 'help is not wider than 80 columns' {
	local name words
	while read -r name; do
		read -ra words <<<"${name}"
		run -0 bash -c '"${COAP_SHELL}" help "$@" | awk "length > 80"' _ \
			"${words[@]}"
		assert_output ''
	done < <(
		cs help --list
		echo
	)
}

@test 'version' {
	run -0 cs version
	assert_output --regexp '^coap-shell [0-9.]+ \(udp .*tcp.*\)$'
	local first=${output}
	run -0 cs -V
	assert_output "${first}"
	run -0 cs version --json
	run -0 jq -r '.fields.version' <<<"${output}"
	assert_output --regexp '^[0-9.]+$'
}

@test 'explain: codes, options, formats, exit statuses' {
	run -0 cs explain 4.04
	assert_output --regexp $'^code\t4\\.04\tNot Found\t'
	run -0 cs explain content-format
	assert_output --regexp $'^option\t12\tContent-Format\t'
	run -0 cs explain senml+cbor
	assert_output --regexp $'^format\t112\tapplication/senml\\+cbor\t'
	run -0 cs explain exit 28
	assert_line $'exit\t28\texit status\ttimeout'
	assert_line --partial $'cause\t28\tno answer came in time'
	run -0 cs explain 60
	assert_equal "${#lines[@]}" 3
	run_apart cs explain nonsense
	assert_usage_error "'nonsense' is no code"
}

@test '-c: commands separated by semicolons and lines' {
	run -0 cs -c 'echo a ; echo b'
	assert_output $'a\nb'
	run -0 cs -c 'echo a; echo b;'
	assert_output $'a\nb'
	run -0 cs -c $'echo a\n\n# no ; command\necho b # no more'
	assert_output $'a\nb'
	run -0 cs -c 'echo a;b c#d "e ; f" \; '"'#'"
	assert_output 'a;b c#d e ; f ; #'
	run -0 cs -c ''
	assert_output ''
}

@test 'a script file, with arguments and continued lines' {
	script <<-'EOF'
		#!/usr/bin/env -S coap-shell -f
		echo $1 "and $2" '$1' \
			more
		set who=world
		echo hello ${who}
		echo 'two
		lines'
	EOF
	run -0 cs -f "${BATS_TEST_TMPDIR}/script" 'a  b' c
	assert_output $'a  b and c $1 more\nhello world\ntwo\nlines'
	run -0 cs -f - x y <"${BATS_TEST_TMPDIR}/script"
	assert_line --index 0 'x and y $1 more'
}

@test 'a script runs by its own name' {
	script <<-'EOF'
		#!/usr/bin/env -S coap-shell -f
		echo $1
	EOF
	mkdir "${BATS_TEST_TMPDIR}/bin"
	ln -s "${COAP_SHELL}" "${BATS_TEST_TMPDIR}/bin/coap-shell"
	chmod +x "${BATS_TEST_TMPDIR}/script"
	PATH=${BATS_TEST_TMPDIR}/bin:${PATH} \
		run -0 "${BATS_TEST_TMPDIR}/script" here
	assert_output here
}

@test 'without a command, commands come from standard input' {
	run -0 cs <<<$'echo a\necho b; echo c'
	assert_output $'a\nb\nc'
	run -0 cs </dev/null
	assert_output ''
	# The last line needs no end.
	run -0 cs < <(printf 'echo a')
	assert_output a
}

@test 'commands from a pipe run as they come' {
	local answer pid
	coproc cs
	# It is gone from the variables as soon as the program ends.
	pid=${COPROC_PID}
	printf 'echo one\n' >&"${COPROC[1]}"
	read -r -t 20 answer <&"${COPROC[0]}"
	assert_equal "${answer}" one
	printf 'exit 5\n' >&"${COPROC[1]}"
	status=0
	wait "${pid}" || status=$?
	assert_equal "${status}" 5
}

@test 'a script stops at the first failure and says where' {
	script <<-'EOF'
		echo a

		session info nobody
		echo b
	EOF
	run_apart cs -f "${BATS_TEST_TMPDIR}/script"
	assert_equal "${status}" 9
	assert_equal "${output}" a
	assert_equal "${stderr_lines[1]}" \
		"${BATS_TEST_TMPDIR}/script:3: stopped (status 9)"
	run_apart cs <"${BATS_TEST_TMPDIR}/script"
	assert_equal "${status}" 9
	assert_equal "${stderr_lines[1]}" 'stdin:3: stopped (status 9)'
	run_apart cs -c 'session info nobody; echo b'
	assert_equal "${status}" 9
	assert_equal "${output}" ''
}

@test '--keep-going goes on, and the highest status counts' {
	run_apart cs --keep-going -c \
		'session info nobody; explain zzz; echo $?'
	assert_equal "${status}" 9
	assert_equal "${output}" 2
}

@test 'a script is stopped by what it cannot read' {
	run_apart cs -f /nowhere/script
	assert_equal "${status}" 3
	assert_equal "${#stderr_lines[@]}" 1
	run_apart cs -f "${BATS_TEST_TMPDIR}"
	assert_equal "${status}" 3
	run_apart cs -c 'echo "a'
	assert_usage_error 'a quote is not closed'
	run_apart cs -c 'echo $nobody_set_this'
	assert_usage_error '$nobody_set_this is not set'
	run_apart cs < <(printf 'echo a\0b\n')
	assert_equal "${status}" 2
	assert_equal "${output}" ''
}

@test 'pipes, redirections and background are of the prompt' {
	run_apart cs -c 'echo a > b'
	assert_usage_error "'>'"
	run_apart cs -c 'echo a | cat'
	assert_usage_error "'|'"
	run_apart cs -c 'sleep 1 &'
	assert_usage_error "'&'"
	[[ ! -e b ]]
}

@test 'source runs a file here, but not for ever' {
	script <<-'EOF'
		set inside=$1
		echo in the file
	EOF
	run -0 cs -c "source '${BATS_TEST_TMPDIR}/script' x; echo \$inside"
	assert_output $'in the file\nx'
	script <<<"source '${BATS_TEST_TMPDIR}/script'"
	run_apart cs -f "${BATS_TEST_TMPDIR}/script"
	assert_equal "${status}" 3
	[[ ${stderr} == *'too deeply'* ]] || fail "${stderr}"
}

@test 'exit ends a script with its status' {
	run_apart cs -c 'echo a; exit 7; echo b'
	assert_equal "${status}" 7
	assert_equal "${output}" a
	assert_equal "${stderr}" ''
	run_apart cs -c 'exit 256'
	assert_usage_error 'no exit status'
}

@test '-x shows each command before it runs' {
	run_apart cs -x -c "set a='x y'; echo \$a"
	assert_equal "${stderr}" $'+ set a=x\\ y\n+ echo x\\ y'
}

@test 'a command that takes too long ends with 28 and says what it waited for' {
	run_apart cs -T 50ms sleep 1h
	assert_equal "${status}" 28
	[[ ${stderr} == *'timed out after 50 ms'* ]] || fail "${stderr}"
	COAP_SHELL_TIMEOUT=50ms run_apart cs sleep 1h
	assert_equal "${status}" 28
	start_silent
	run_apart cs get "coap://127.0.0.1:${port}/time" -T 400ms
	assert_equal "${status}" 28
	[[ ${stderr} == *"127.0.0.1:${port}"* ]] || fail "${stderr}"
}

@test 'a command that waits says so with -v' {
	start_silent
	run_apart cs get -v "coap://127.0.0.1:${port}/time" -T 1s
	assert_equal "${status}" 28
	[[ ${stderr} == *'waiting for'* ]] || fail "${stderr}"
}

@test 'SIGINT and SIGTERM end a command with 130 and 143' {
	local signal
	for signal in INT:130 TERM:143 HUP:143; do
		start_peer "sleep-${signal%:*}" env --default-signal=INT "${COAP_SHELL}" \
			-c 'echo begun; sleep 1h; echo never'
		wait_line "${peer_log}" '^begun$'
		kill -"${signal%:*}" "${peer_pid}"
		status=0
		wait "${peer_pid}" || status=$?
		assert_equal "${status}" "${signal#*:}"
		run ! grep never "${peer_log}"
	done
}

@test 'output that cannot be written is 23' {
	run_apart bash -c '"${COAP_SHELL}" echo a >/dev/full'
	assert_equal "${status}" 23
	run_apart bash -c '"${COAP_SHELL}" -c "echo a; sleep 1ms; echo b" | true
		exit "${PIPESTATUS[0]}"'
	[[ ${status} == 23 || ${status} == 0 ]]
}

@test 'what is repeated ends when nobody reads it: 23' {
	local command
	start_serve
	for command in ping get; do
		run_apart bash -c '"${COAP_SHELL}" "$@" | head -c 1
			exit "${PIPESTATUS[0]}"' bash \
			"${command}" -n 4000000000 --interval 1ms \
			"coap://127.0.0.1:${port}/time"
		assert_equal "${status}" 23
		assert_equal "${#output}" 1
		assert_equal "${stderr}" ''
		run_apart bash -c '"${COAP_SHELL}" "$@" >/dev/full' bash \
			"${command}" -n 4000000000 --interval 1ms \
			"coap://127.0.0.1:${port}/time"
		assert_equal "${status}" 23
		assert_equal "${#stderr_lines[@]}" 1
	done
}

@test 'the environment gives defaults, an option counts more' {
	COAP_SHELL_FORMAT=json run -0 cs echo a
	assert_equal "$(jq -r .text <<<"${output}")" $'a'
	COAP_SHELL_FORMAT=json run -0 cs --raw echo a
	assert_output a
	COAP_SHELL_FORMAT=xml run_apart cs echo a
	assert_equal "${status}" 3
	COAP_SHELL_TIMEOUT=soon run_apart cs echo a
	assert_equal "${status}" 3
}

@test 'the same lines by -c, by a file and by standard input' {
	start_serve
	local commands="open coap://127.0.0.1:${port} --name one
		get /hello
		session get state
		get /nope"
	printf '%s\n' "${commands}" | script
	run_apart cs -c "${commands}"
	assert_equal "${status}" 4
	local first=${output}
	[[ ${first} == *established* ]] || fail "${first}"
	run_apart cs -f "${BATS_TEST_TMPDIR}/script"
	assert_equal "${status}" 4
	assert_equal "${output}" "${first}"
	run_apart cs <"${BATS_TEST_TMPDIR}/script"
	assert_equal "${status}" 4
	assert_equal "${output}" "${first}"
}

@test 'a URI alone opens a session for the commands that follow' {
	start_serve
	run_apart cs "coap://127.0.0.1:${port}" <<<'session get addr.remote'
	assert_equal "${status}" 0
	[[ ${output} == *"127.0.0.1:${port}"* ]] || fail "${output}"
	run_apart cs nonsense://127.0.0.1 <<<'echo never'
	assert_equal "${status}" 2
	[[ ${output} != *never* ]] || fail "${output}"
}

@test '__complete answers with values, descriptions and directives' {
	run -0 cs __complete --line 'coap-shell ge' --point 13
	assert_output --regexp $'^get\t[a-z]'
	run -0 cs __complete --line 'coap-shell get --format=h nothing' --point 25
	assert_output $'--format=human\t\n--format=hex\t'
	run -0 cs __complete --line 'coap-shell get coap+t' --point 21
	assert_output $'coap+tcp://\t\n:nospace'
	run -0 cs __complete --line 'coap-shell -f ' --point 14
	assert_output ':files'
	run -0 cs __complete --line 'coap-shell nonsense ' --point 20
	assert_output ''
	run_apart cs __complete
	assert_equal "${status}" 2
}

@test 'bash completion offers what bash replaces' {
	run -0 bash_offers 'coap-shell ge'
	assert_output get
	run -0 bash_offers 'coap-shell get coap+t'
	assert_output 'coap+tcp://'
	run -0 bash_offers 'coap-shell get --format=h'
	assert_output $'human\nhex'
	touch "${BATS_TEST_TMPDIR}/file"
	run -0 bash_offers "coap-shell put /x --data=@${BATS_TEST_TMPDIR}/fi"
	assert_output "@${BATS_TEST_TMPDIR}/file"
	run -0 bash_offers "coap-shell get -o ${BATS_TEST_TMPDIR}/fi"
	assert_output "${BATS_TEST_TMPDIR}/file"
	run -0 bash_offers "coap-shell get --output=${BATS_TEST_TMPDIR}/fi"
	assert_output "${BATS_TEST_TMPDIR}/file"
}

@test 'bash completion of names with blanks, behind @ and in quotes' {
	mkdir -p "${BATS_TEST_TMPDIR}/a b/c d"
	touch "${BATS_TEST_TMPDIR}/a b/e f"
	cd "${BATS_TEST_TMPDIR}" || return
	run -0 bash_offers 'coap-shell get -o a' a
	assert_output 'a b'
	run -0 bash_offers 'coap-shell get -o a\ b/e' 'a\ b/e'
	assert_output 'a b/e f'
	run -0 bash_offers 'coap-shell put -d @a'
	assert_output '@a\ b/'
	run -0 bash_offers 'coap-shell put -d @a\ b/' '@a\ b/'
	assert_line '@a\ b/c\ d/'
	assert_line '@a\ b/e\ f'
	run -0 bash_offers 'coap-shell put -d "@a b/e' '@a b/e'
	assert_output '@a b/e f'
	HOME=${BATS_TEST_TMPDIR} run -0 bash_offers 'coap-shell put -d @~/a'
	assert_output "@${BATS_TEST_TMPDIR}/a\\ b/"
}
