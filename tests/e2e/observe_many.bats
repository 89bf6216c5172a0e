#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Several resources observed by one command: observe TARGET..., observe tail
# ID... and --all.
# shellcheck disable=SC2030,SC2031 # each test sets its variables anew

load helper
load agents
load peers
load observing

setup() {
	start_serve
	device=coap://127.0.0.1:${port}
	cs put "${device}/store/a" -d a1
	cs put "${device}/store/b" -d b1
}

teardown() {
	stop_agents
	stop_peers
}

# The lines of the observer, in an order of their own: those of one target.
lines_of() {
	grep "^$1"$'\t' "${observer_log}" | cut -f 2
}

@test 'each line begins with its target, and -n is a number of each' {
	observe_in_background "${device}/store/a" "${device}/store/b" -n 2
	wait_until has_lines "${observer_log}" 2
	cs put "${device}/store/a" -d $'two\nlines\tof a'
	wait_until has_lines "${observer_log}" 3
	alive "${observer}"
	cs put "${device}/store/b" -d b2
	ends_with_status 0
	assert_equal "$(lines_of "${device}/store/a")" \
		$'a1\ntwo\\nlines\\tof a'
	assert_equal "$(lines_of "${device}/store/b")" $'b1\nb2'
}

@test 'targets of one device share a session, and others have their own' {
	start_relay "${port}"
	observe_in_background "coap://127.0.0.1:${port}/store/a" \
		"coap://127.0.0.1:${port}/store/b" "${device}/store/a" --json
	wait_until has_lines "${observer_log}" 3
	assert_equal "$(jq -r .uri <"${observer_log}" | sort)" "$(
		printf '%s\n' "coap://127.0.0.1:${port}/store/a" \
			"coap://127.0.0.1:${port}/store/b" \
			"${device}/store/a" | sort
	)"
	assert_equal "$(jq -r .session.name <"${observer_log}" \
		| sort | uniq -c | awk '{ print $1 }')" $'2\n1'
	kill -INT "${observer}"
	ends_with_status 130
	# A summary of each.
	assert_equal "$(jq -r 'select(.type == "observe_summary").uri' \
		<"${observer_log}" | sort -u | wc -l)" 3
}

@test 'the worst of them is the exit status, and the others go on' {
	run_apart cs observe "${device}/store/a" "${device}/nope" \
		"${device}/store/b" -n 1
	assert_failure 4
	assert_equal "$(sort <<<"${output}")" \
		"${device}/store/a"$'\ta1\n'"${device}/store/b"$'\tb1'
	[[ ${stderr} == *"${device}/nope: 4.04 Not Found"* ]]
	run_apart cs observe "${device}/store/a" coap://127.0.0.1:1/x -n 1
	assert_failure 7
	assert_output "${device}/store/a"$'\ta1'
	# The time is over: one has not answered.
	start_silent
	run_apart cs observe "${device}/store/a" "coap://127.0.0.1:${port}/x" \
		-D 200ms
	assert_failure 28
	assert_output "${device}/store/a"$'\ta1'
	[[ ${stderr} == *"coap://127.0.0.1:${port}/x: no answer within 200ms"* ]]
	# Nothing is sent when the words are wrong.
	run_apart cs observe "${device}/store/a" "${device}/%zz" -n 1
	assert_failure 2
	assert_output ''
	run_apart cs observe "${device}/store/a" "${device}/store/a"
	assert_failure 2
	[[ ${stderr} == *'is named twice'* ]]
}

@test 'observe tail of several, and of all, in a script' {
	run_apart cs -c "open ${device} --name lamp
		observe start /store/a -q
		observe start /store/b -q
		open ${device} --name other
		observe start other:/store/a -q
		observe tail 2 1 -n 1
		observe tail --all -n 1
		observe tail --all -n 1 -S other
		observe tail 1 2 -n 1 --hex
		observe stop --all -S other
		observe tail --all -n 1 --json"
	assert_success
	assert_equal "$(head -n 15 <<<"${output}" | tr '\t' '=')" "$(
		cat <<-'EOF'
			1
			2
			3
			lamp:/store/b=b1
			lamp:/store/a=a1
			lamp:/store/a=a1
			lamp:/store/b=b1
			other:/store/a=a1
			other:/store/a=a1
			lamp:/store/a
			00000000  61 31                                             |a1|
			00000002
			lamp:/store/b
			00000000  62 31                                             |b1|
			00000002
		EOF
	)"
	assert_equal "$(tail -n 4 <<<"${output}" | jq -r '.type + " " + .uri')" \
		"$(for path in a b; do
			echo "notification ${device}/store/${path}"
			echo "observe_summary ${device}/store/${path}"
		done)"
}

@test 'sessions of the agent: observe several of them, and tail them' {
	keep lamp "${device}"
	keep door "${device}"
	run_apart cs observe lamp:/store/a door:/store/b -n 1
	assert_success
	assert_equal "$(sort <<<"${output}")" \
		$'door:/store/b\tb1\nlamp:/store/a\ta1'
	cs observe start lamp:/store/a
	cs observe start door:/store/b
	# Somebody else's observation is named, with the way to see it.
	run_apart cs observe lamp:/store/a
	assert_failure 9
	[[ ${stderr} == *"already, as 1; 'observe tail 1 -S lamp' shows"* ]]
	run_apart cs observe tail 1 -S lamp -n 1
	assert_output a1
	run_apart cs observe tail --all -n 1
	assert_output $'lamp:/store/a\ta1\ndoor:/store/b\tb1'
	run_apart cs -S door observe tail --all -n 1 --json
	assert_equal "$(jq -r .session.name <<<"${lines[0]}")" door
	assert_equal "${#lines[@]}" 2
	run_apart cs observe lamp:/store/b "${device}/store/a"
	assert_failure 9
	[[ ${stderr} == *"'lamp' belongs to another process"* ]]
	run bash_offers 'coap-shell -S lamp observe tail 1 '
	assert_line --partial 2
	cs -S door observe stop --all
	assert_equal "$(cs observe list | cut -f 2)" lamp
}
