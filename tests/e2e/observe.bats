#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# observe in the foreground, against our device, libcoap's server, and a peer
# that notifies by a script.
# shellcheck disable=SC2030,SC2031 # each test sets its variables anew

load helper
load observing

teardown() {
	stop_peers
}

# ---- in the foreground ------------------------------------------------------

@test "-n ends with 0, over each protocol that needs no key" {
	start_serve
	for scheme in coap coap+tcp; do
		run_apart cs observe "${scheme}://127.0.0.1:${port}/time" -n 2
		assert_success
		assert_equal "$(grep -cE '^[0-9]{4}-.*Z$' <<<"${output}")" 2
		assert_equal "${stderr}" ''
	done
}

@test "a secure session is observed, and libcoap's server" {
	local uri=coaps://127.0.0.1
	start_on udp:PORT serve "${COAP_SHELL}" serve coaps://127.0.0.1:PORT \
		--psk-identity me --psk secret
	run_apart cs observe "${uri}:${port}/time" -n 2 \
		--psk-identity me --psk secret
	assert_success
	assert_equal "${#lines[@]}" 2
	start_coap_server
	run_apart cs observe "coap+tcp://127.0.0.1:${port}/time" -n 2
	assert_success
	assert_equal "${#lines[@]}" 2
	run_apart cs observe "coap://127.0.0.1:${port}/time" -n 2 -vv
	assert_success
	[[ ${stderr} == *'Observe:1'*'< ACK 2.05'* ]]
}

@test "Ctrl-C deregisters, and ends with 130 and a summary" {
	start_notifier 1=a
	observe_in_background "coap://127.0.0.1:${port}/t" --format human
	wait_line "${observer_log}" ' #1 2.05 1 B  a$'
	kill -INT "${observer}"
	ends_with_status 130
	wait_line "${notifier_log}" '^GET deregister$'
	wait_line "${observer_log}" '^1 notification in '
	run ! grep bye "${observer_log}"
}

@test "a server that does not confirm the end is not waited for" {
	start_notifier 1=a deaf
	observe_in_background "coap://127.0.0.1:${port}/t"
	wait_line "${observer_log}" '^a$'
	# A second Ctrl-C ends it at once.
	kill -INT "${observer}"
	wait_line "${notifier_log}" '^GET deregister$'
	kill -INT "${observer}"
	ends_with_status 130
	# And without it, patience does.
	run_apart cs observe "coap://127.0.0.1:${port}/t" -n 1 --format human
	assert_success
	[[ ${stderr} == *'did not confirm that it stops'* ]]
}

@test "-D ends with 0, and with 28 when nobody answers; -T with 28" {
	start_notifier 1=a
	run_apart cs observe "coap://127.0.0.1:${port}/t" -D 100ms
	assert_success
	assert_output a
	run_apart cs observe "coap://127.0.0.1:${port}/t" -T 100ms
	assert_failure 28
	assert_output a
	[[ ${stderr} == *'waiting for the next notification'* ]]
	deregistered 2
	start_silent
	run_apart cs observe "coap://127.0.0.1:${port}/t" -D 100ms
	assert_failure 28
	[[ ${stderr} == *'no answer within 100ms'* ]]
	run_apart cs observe "coap://127.0.0.1:${port}/t" -T 100ms
	assert_failure 28
	[[ ${stderr} == *'waiting for the first answer'* ]]
}

@test "-w is for each notification, in each form, and is checked first" {
	start_notifier 1=a '7@0=bc' 9:4.04=gone
	local uri=coap://127.0.0.1:${port}/t
	local all='<%{code} %{observe} %{size} %{content_format} %{rtt_ms}%{retransmits}>\n'
	run_apart cs observe "${uri}" -n 2 -w "${all}"
	assert_success
	assert_output $'a\n<2.05 1 1  >\nbc\n<2.05 7 2 text/plain >'
	run_apart cs observe "${uri}" -n 1 -w '%{uri} %{remote}\n' --json
	assert_success
	assert_equal "${lines[1]}" "${uri} 127.0.0.1:${port}"
	# The end by an error is an answer.
	run_apart cs observe "${uri}" -w '%{code}\n' --format none
	assert_failure 4
	assert_output $'2.05\n2.05\n4.04'
	run_apart cs -c "open coap://127.0.0.1:${port} --name p; observe start /t;
		observe show -w '%{code} %{session}%{nope}\n'"
	assert_failure 2
	run_apart cs -w '%{nope}' observe "${uri}"
	assert_failure 2
	assert_output ''
	[[ ${stderr} == *'there is no %{nope}'* ]]
	run_apart cs -w '%{nope}' get "${uri}"
	assert_failure 2
}

@test "what was skipped and what came late is said" {
	start_notifier 1=a 2=b 5=e 4=d 6=f
	local uri=coap://127.0.0.1:${port}/t
	run_apart cs observe "${uri}" -n 4 --format human --color never
	assert_success
	[[ ${lines[2]} == *' #5 2.05 1 B, 2 skipped  e' ]]
	[[ ${lines[3]} == *' #6 2.05 1 B  f' ]]
	[[ ${stderr} == *'out of order: #4 came after #5 and is not shown'* ]]
	[[ ${stderr} == *'5 notifications in '*', 2 skipped, 1 out of order'* ]]
	run_apart cs observe "${uri}" -n 5 --late
	assert_success
	assert_output $'a\nb\ne\nd\nf'
}

@test "raw: nothing is glued together, and bytes are hexadecimal" {
	start_notifier 1=a '2@42=abc' $'3=b\\n' '4=' '5=\xff\x00' '6@60=\x61b'
	run_apart cs observe "coap://127.0.0.1:${port}/t" -n 6
	assert_success
	assert_output $'a\n616263\nb\n\nff00\n6162'
}

@test "JSON: one object a notification, events, and a summary" {
	start_notifier '7@50={"t":1}' '9@50={"t":2}' '8@50={}' '10@50={"t":2}'
	run_apart cs observe "coap://127.0.0.1:${port}/t" -n 3 --json --diff
	assert_success
	jq -e . >/dev/null <<<"${output}"
	assert_equal "$(jq -r '.type' <<<"${output}" | tr '\n' ' ')" \
		'notification notification event notification observe_summary '
	assert_equal "$(jq -c 'select(.type == "notification") |
		[.number, .gap, .payload.decoded.t, .changes]' <<<"${output}" \
		| tr '\n' ' ')" \
		'[7,0,1,null] [9,1,2,[{"path":"/t","old":1,"new":2}]] [10,0,2,[]] '
	assert_equal "$(jq -c 'select(.type == "observe_summary") |
		[.notifications, .gaps, .reordered]' <<<"${output}")" '[4,1,1]'
}

@test "--changes-only and --diff" {
	start_notifier '1@50={"t":1,"u":2}' '2@50={"t":1,"u":2}' \
		'3@50={"u":2,"t":1}' '4@50={"t":3,"u":2}'
	local uri=coap://127.0.0.1:${port}/t
	run_apart cs observe "${uri}" -n 3 --changes-only --format human
	assert_success
	[[ ${stderr} == *'4 notifications in '*', 1 unchanged'* ]]
	assert_equal "$(grep -c ' 2.05 ' <<<"${output}")" 3
	run_apart cs observe "${uri}" -n 4 --diff
	assert_success
	assert_output $'{"t":1,"u":2}\n/t: 1 -> 3'
}

@test "a server that answers without Observe: 9, unless one was enough" {
	start_notifier -=a
	local uri=coap://127.0.0.1:${port}/t
	run_apart cs observe "${uri}" -n 5
	assert_failure 9
	assert_output a
	[[ ${stderr} == *'will not tell of changes'* ]]
	run_apart cs observe "${uri}" -n 1
	assert_success
	assert_output a
	assert_equal "${stderr}" ''
	# One that stops to do so.
	stop_peers
	start_notifier 1=a -=b
	run_apart cs observe "coap://127.0.0.1:${port}/t"
	assert_failure 9
	assert_output $'a\nb'
	[[ ${stderr} == *'does not tell of changes any more'* ]]
}

@test "4.04 at once is 4, and so is the end of what was observed" {
	start_serve
	run_apart cs observe "coap://127.0.0.1:${port}/nope"
	assert_failure 4
	[[ ${stderr} == *4.04* ]]
	start_notifier 1=a 2:4.04=gone
	run_apart cs observe "coap://127.0.0.1:${port}/t"
	assert_failure 4
	assert_output a
	[[ ${stderr} == *'4.04 Not Found: gone'* ]]
}

@test "a resource of the device that is deleted ends its observation" {
	start_serve
	local uri=coap://127.0.0.1:${port}/store/x
	run_apart cs put "${uri}" -d one
	assert_success
	observe_in_background "${uri}"
	wait_line "${observer_log}" '^one$'
	run -0 cs put "${uri}" -d two
	wait_line "${observer_log}" '^two$'
	run -0 cs delete "${uri}"
	ends_with_status 4
	wait_line "${observer_log}" '4\.04'
}

@test "what goes stale is asked for again, and that is said" {
	start_notifier 1/1=a once
	run_apart cs observe "coap://127.0.0.1:${port}/t" -n 2 --format human
	assert_success
	[[ ${stderr} == *'stale: nothing came from '*' within its Max-Age of 1 s'* ]]
	[[ ${stderr} == *', asked for again 1 time'* ]]
	assert_equal "$(grep -c ' register ' "${notifier_log}")" 2
}

@test "a session that is lost for good: 7; one that reconnects restores it" {
	start_serve
	local uri=coap+tcp://127.0.0.1:${port} server=${peer_pid}
	observe_in_background "${uri}/time"
	wait_until has_lines "${observer_log}" 1
	start_peer keeper "${COAP_SHELL}" --format human -c \
		"open ${uri} --name lamp --reconnect 1; observe /time"
	local keeper_log=${peer_log}
	wait_line "${keeper_log}" '2\.05'
	kill -KILL "${server}"
	ends_with_status 7
	# It has spoken CoAP, so TLS is not what it wants.
	wait_line "${observer_log}" 'closed the connection; it may have ended'
	wait_line "${keeper_log}" '^lamp: observation lost: '
	start_peer again "${COAP_SHELL}" serve "${uri}"
	wait_line "${keeper_log}" '^lamp: observation restored: '
	wait_until has_lines "${keeper_log}" 6
}

@test "--fetch observes what a FETCH reads" {
	start_notifier 1=a 2=b
	local uri=coap://127.0.0.1:${port}/t
	run_apart cs observe "${uri}" -n 2 --fetch -d '["t"]' -t json
	assert_success
	assert_output $'a\nb'
	wait_line "${notifier_log}" '^FETCH register \["t"\]$'
	wait_line "${notifier_log}" '^FETCH deregister$'
	run_apart cs observe "${uri}" -d x
	assert_failure 2
	[[ ${stderr} == *'add --fetch'* ]]
}

@test "words that make no sense are refused before anything is sent" {
	start_notifier 1=a
	local uri=coap://127.0.0.1:${port}/t
	for words in '-n 0' '-D never' '-o file' '-a nonsense' '-O Observe=1'; do
		# shellcheck disable=SC2086 # two words
		run_apart cs observe "${uri}" ${words}
		assert_failure 2
	done
	run_apart cs observe start "${uri}"
	assert_failure 2
	[[ ${stderr} == *'ends with the command'* ]]
	assert_equal "$(cat "${notifier_log}")" ready
	run_apart cs observe "coap://224.0.1.187:${port}/t"
	assert_failure 2
	[[ ${stderr} == *'is a group'* ]]
}

@test "output that nobody reads ends it, and the server is told" {
	start_serve
	"${COAP_SHELL}" observe "coap://127.0.0.1:${port}/time" \
		2>"${BATS_TEST_TMPDIR}/err" | head -n 1 \
		>"${BATS_TEST_TMPDIR}/out"
	assert_equal "${PIPESTATUS[0]}" 23
	has_lines "${BATS_TEST_TMPDIR}/out" 1
}
