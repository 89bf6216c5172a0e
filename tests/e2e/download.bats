#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Long bodies for people: -o FILE as it comes, a download that breaks and goes
# on, how far it is, and exit status 18.
# shellcheck disable=SC2030,SC2031 # each test sets its variables anew

setup_file() {
	load helper
	cd "${BATS_TEST_DIRNAME}/../.." || return 1
	start_serve
	export device=${port}
	start_coap_server -d 20
	export theirs=${port}
}

teardown_file() {
	load helper
	stop_peers
}

setup() {
	load helper
	load agents
	cd "${BATS_TEST_TMPDIR}" || return 1
	body=${BATS_TEST_TMPDIR}/body
	rule=${BATS_TEST_TMPDIR}/rule
	answers 1000000
}

teardown() {
	term_stop
	stop_agents
	stop_peers
}

# So many answers pass from now on, each after $2 milliseconds.
answers() {
	local n=0

	if [[ -n ${choked-} ]]; then n=$(wc -l <"${choked}"); fi
	printf '%d %d\n' "$((n + $1))" "${2-0}" >"${rule}.new"
	mv "${rule}.new" "${rule}"
}

# What is behind $1 lets so many answers through as the rule says.
start_choke() {
	start_on 'udp:PORT' choke "${BATS_TEST_DIRNAME}/choke.py" PORT "$1" \
		"${rule}"
	choked=${peer_log}
	uri="coap://127.0.0.1:${port}/large?size=100000"
}

want_body() {
	cs get "coap://127.0.0.1:${device}/large?size=100000" >"${body}"
	[[ $(wc -c <"${body}") == 100000 ]]
}

break_after() {
	answers "$1"
	run cs get "${uri}" -o got -T 2s
	assert_failure 18
	answers 1000000
}

@test 'a download that breaks says how far it came, and goes on there' {
	want_body
	start_choke "${device}"
	break_after 20
	assert_output --partial '20480 of 100000 bytes had come'
	assert_output --partial "'get ${uri} --resume -o got' goes on there"
	[[ ! -e got ]]
	cmp <(head -c 20480 "${body}") got.part
	run cs get "${uri}" -o got --resume -vv
	assert_success
	assert_output --partial 'Block2:20/0/1024, Size2:0]'
	refute_output --partial 'Block2:19/'
	cmp "${body}" got
	[[ ! -e got.part && ! -e got.part.etag ]]
}

@test 'a file that was there stays until all of the body is' {
	want_body
	echo old >got
	start_choke "${device}"
	break_after 20
	[[ $(cat got) == old ]]
	break_after 30
	[[ $(cat got) == old ]]
	cs get "${uri}" -o got --resume
	cmp "${body}" got
}

@test 'a body that is another one by now comes from the beginning' {
	start_choke "${device}"
	cs put "coap://127.0.0.1:${theirs}/fw" -d @- < <(head -c 50000 /dev/zero)
	start_choke "${theirs}"
	uri=coap://127.0.0.1:${port}/fw
	break_after 20
	head -c 60000 /dev/urandom >"${body}"
	cs put "coap://127.0.0.1:${theirs}/fw" -d "@${body}"
	run cs get "${uri}" -o got --resume
	assert_success
	assert_output --partial 'another body now'
	cmp "${body}" got
	# Of another resource: not even asked.
	break_after 20
	run cs get "coap://127.0.0.1:${device}/large?size=5000" -o got --resume
	assert_success
	assert_output --partial "got.part is of ${uri}"
	[[ $(wc -c <got) == 5000 ]]
}

@test 'a body that fits into one message by now' {
	cs put "coap://127.0.0.1:${theirs}/fw" -d @- < <(head -c 50000 /dev/zero)
	start_choke "${theirs}"
	uri=coap://127.0.0.1:${port}/fw
	break_after 20
	cs put "coap://127.0.0.1:${theirs}/fw" -d tiny
	run cs get "${uri}" -o got --resume
	assert_success
	[[ $(cat got) == tiny ]]
	[[ ! -e got.part && ! -e got.part.etag ]]
}

@test 'through an agent, in a session that their server knows' {
	head -c 50000 /dev/urandom >"${body}"
	cs put "coap://127.0.0.1:${theirs}/fw" -d "@${body}"
	start_choke "${theirs}"
	uri=coap://127.0.0.1:${port}
	cs open "${uri}" --name s --persist 1m
	answers 12
	run cs get s:/fw -o got -T 2s
	assert_failure 18
	assert_output --partial "'get s:/fw --resume -o got' goes on there"
	cmp <(head -c 12288 "${body}") got.part
	[[ ! -e got ]]
	# It numbers the ETags of each transfer anew, but knows its own.
	answers 1000000
	run cs get s:/fw -o got --resume -vv
	assert_success
	refute_output --partial 'Block2:1/'
	cmp "${body}" got
	[[ ! -e got.part && ! -e got.part.etag ]]
}

@test 'what cannot go on is told' {
	run cs get "coap://127.0.0.1:${device}/large?size=3000" -o got --resume
	assert_success
	assert_output --partial "there is no part of 'got'"
	local words
	cs open "coap://127.0.0.1:${device}" --name d --persist 1m
	for words in get/large?size=3000 'get -S d /large?size=3000'; do
		words=${words/#get\//get coap://127.0.0.1:${device}/}
		rm got
		echo some >got.part
		# shellcheck disable=SC2086 # several words
		run cs ${words} -o got --resume
		assert_success
		assert_output --partial "got.part is there, and no \
got.part.etag that says of what: all of it is asked for"
		[[ $(wc -c <got) == 3000 && ! -e got.part ]]
		echo some >got.part
		echo nonsense >got.part.etag
		# shellcheck disable=SC2086
		run cs ${words} -o got --resume
		assert_success
		assert_output --partial 'got.part.etag that says'
	done
	run cs put "coap://127.0.0.1:${device}/x" -d x --resume -o got
	assert_failure 2
	assert_output --partial 'begins anew'
	run cs get "coap://127.0.0.1:${device}/large" --resume
	assert_failure 2
	assert_output --partial '-o FILE'
	run cs get "coap://127.0.0.1:${device}/large" --resume -o got -n 2
	assert_failure 2
	run cs get "coap://127.0.0.1:${device}/large" --resume -o got -O Block2=3
	assert_failure 2
}

@test 'an upload that breaks says how far it came' {
	head -c 50000 /dev/urandom >"${body}"
	start_choke "${theirs}"
	answers 10
	run cs put "coap://127.0.0.1:${port}/fw" -d "@${body}" -T 2s
	assert_failure 18
	assert_output --partial '10240 of 50000 bytes were sent'
	assert_output --partial 'begin anew'
}

@test 'a long file is sent as it is read, and one that is too long is not' {
	head -c 3000000 /dev/urandom >"${body}"
	run cs put "coap://127.0.0.1:${theirs}/fw" -d "@${body}"
	assert_success
	cs get "coap://127.0.0.1:${theirs}/fw" -o got
	cmp "${body}" got
	head -c 17000000 /dev/zero >"${body}"
	run cs put "coap://127.0.0.1:${theirs}/fw" -d "@${body}" -b 16
	assert_failure 2
	assert_output --partial 'does not fit into 1048576 blocks of 16'
}

@test 'a file that becomes shorter while it is sent' {
	head -c 3000000 /dev/urandom >"${body}"
	start_choke "${theirs}"
	answers 1000000 20
	start_client short put "coap://127.0.0.1:${port}/fw" -d "@${body}"
	wait_line "${choked}" '^10 '
	truncate -s 1000 "${body}"
	end_client short "${client_pid}"
	assert_failure 3
	[[ ${stderr} == *'it became shorter while it was sent'* ]]
}

@test 'a body without a file breaks with 18, too' {
	start_choke "${device}"
	answers 10
	run cs get "${uri}" -T 2s
	assert_failure 18
	assert_output --partial '10240 of 100000 bytes had come; with -o FILE'
	answers 10
	run --separate-stderr cs get "${uri}" -T 2s --json
	assert_failure 18
	assert_equal "$(jq -c '[.type,.status]' <<<"${output}")" '["error",18]'
}

@test 'JSON has the body and the file has it, too' {
	want_body
	cs get "coap://127.0.0.1:${device}/large?size=100000" -o got --json >json
	cmp "${body}" got
	assert_equal "$(jq -r .payload.length json)" 100000
	assert_equal "$(jq -r .payload.file json)" got
	jq -rj .payload.text json | cmp - "${body}"
	# What is too long to be shown is in the file alone.
	cs get "coap://127.0.0.1:${device}/large?size=1100000" -o got --json >json
	assert_equal "$(jq -r .payload.length json)" 1100000
	assert_equal "$(jq -r .payload.base64 json)" null
	[[ $(wc -c <got) == 1100000 ]]
	run cs get "coap://127.0.0.1:${device}/large?size=5000" -o got -w '%{size}'
	assert_output 5000
	run cs get "coap://127.0.0.1:${device}/large?size=5000" -o got \
		--expect-text nothing
	assert_failure 10
}

@test 'Ctrl-C says what is kept, and --resume shows how much there is of all' {
	start_choke "${device}"
	answers 20
	term_start "${COAP_SHELL}" get "${uri}" -o got --format human
	term_wait '% \[=* *\] 20 KiB of 98 KiB'
	term_keys C-c
	assert_equal "$(term_status)" 130
	term_wait "^coap-shell: interrupted; 20480 of 100000 bytes had come; \
'get ${uri/\?/.} --resume -o got' goes on there"
	# No trace of the bar, nor of the ^C behind it.
	not term_shows '% \[|\^C'
	term_stop
	answers 10
	term_start "${COAP_SHELL}" get "${uri}" -o got --format human --resume
	term_wait '30 % \[=* *\] 30 KiB of 98 KiB'
	kill -TERM "$(term_pid)"
	assert_equal "$(term_status)" 143
	term_wait '^coap-shell: terminated; 30720 of 100000 bytes had come'
	not term_shows '% \['
	answers 5
	run cs get "${uri}" -o got --resume -T 2s
	assert_failure 18
	assert_output --partial '35840 of 100000 bytes had come'
}

@test 'Ctrl-C says it through the agent, too' {
	start_choke "${device}"
	cs open "coap://127.0.0.1:${port}" --name s --persist 1m
	answers 20
	term_start "${COAP_SHELL}" get 's:/large?size=100000' -o got \
		--format human
	term_wait '% \[=* *\] 20 KiB of 98 KiB'
	term_keys C-c
	assert_equal "$(term_status)" 130
	term_wait '^coap-shell: interrupted; 20480 of 100000 bytes had come'
	not term_shows '% \[|\^C'
	[[ $(wc -c <got.part) == 20480 ]]
}

@test 'a server of libcoap says the size of what goes on, when asked' {
	head -c 50000 /dev/urandom >"${body}"
	cs put "coap://127.0.0.1:${theirs}/fw" -d "@${body}"
	start_choke "${theirs}"
	cs open "coap://127.0.0.1:${port}" --name s --persist 1m
	uri=s:/fw
	break_after 20
	sed -i 's/^total 50000$/total 60000/' got.part.etag
	answers 10
	run cs get "${uri}" -o got --resume -T 2s
	assert_failure 18
	assert_output --partial '30720 of 50000 bytes had come'
}

@test 'JSON has the SHA-256 of a download that went on' {
	cs get "coap://127.0.0.1:${device}/large?size=1000000" -o got
	mv got "${body}"
	start_choke "${device}"
	uri+=0
	# The part is more than is read at a time.
	break_after 600
	cs get "${uri}" -o got --resume --json >json
	cmp "${body}" got
	assert_equal "$(jq -r .payload.sha256 json) -" \
		"$(sha256sum <got | tr -s ' ')"
}

# Whether a bar is the last row, below so many items of the observation.
bar_is_below() {
	[[ $(last_row) =~ ^\ +[0-9]+\ %\ \[.*\ left$ ]] \
		&& (($(visible | grep -cE '^[0-9:.]+Z .*/time #[0-9]+ 2.05') >= $1))
}

@test 'how far it is, below what is told meanwhile at a prompt' {
	load screen
	start_choke "${device}"
	answers 1000000 50
	export XDG_STATE_HOME=${BATS_TEST_TMPDIR}/state EDITRC=/dev/null
	term_start "${COAP_SHELL}" --color never --format human
	wait_until at_prompt
	command_line "observe coap://127.0.0.1:${device}/time &"
	type_text "get ${uri}0 -o got"
	term_keys Enter
	wait_until bar_is_below 3
	wait_until bar_is_below 5
	term_keys C-c
	wait_until at_prompt
	term_wait '^coap-shell: interrupted; [0-9]+ of 1000000 bytes had come'
	not term_shows '% \[|\^C'
	# Nor does anything stand behind one.
	not term_shows '[^0-9:.].*Z .*/time #'
}

@test 'how far it is: a line at the end where there is no terminal' {
	run --separate-stderr cs get \
		"coap://127.0.0.1:${device}/large?size=100000" --progress -o got
	assert_success
	assert_regex "${stderr}" '^100 % 98 KiB of 98 KiB'
	run --separate-stderr cs get \
		"coap://127.0.0.1:${device}/large?size=100000" -o got
	assert_equal "${stderr}" ''
}

@test 'how far it is: on a terminal, when it takes a while' {
	start_choke "${device}"
	answers 1000000 50
	term_start "${COAP_SHELL}" get "${uri}" -o got --format human
	term_wait '% \[=* *\] .* of 98 KiB .*/s .* left'
	answers 1000000 0
	term_wait '2.05 Content'
	# It is gone.
	not term_shows '% \['
	term_ended
	term_status 0
}
