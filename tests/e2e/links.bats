#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Link-format: as people see it, and lists that are not as they should be.
# shellcheck disable=SC2030,SC2031 # each test sets its variables anew

load helper
load peers
load agents

teardown() {
	stop_agents
	stop_peers
}

# A device whose list is $1. Sets device.
start_lister() {
	start_on udp:PORT lister /usr/bin/python3 -BES \
		"${BATS_TEST_DIRNAME}/method_peer.py" PORT "$1" || return 1
	wait_line "${peer_log}" '^ready$' || return 1
	device=coap://127.0.0.1:${port}
}

@test 'link-format is a row each for people, and bytes for others' {
	start_serve
	local device=coap://127.0.0.1:${port}
	run_apart cs get "${device}/path" --format human -q
	assert_success
	assert_output '/path/sub1  title="1st below /path"
/path/sub2  title="2nd below /path"
/path/sub3  title="3rd below /path"'
	cs discover "${device}" --format human >"${BATS_TEST_TMPDIR}/discovered"
	run_apart cs get "${device}/.well-known/core" --format human -q
	assert_equal "${output}" "$(<"${BATS_TEST_TMPDIR}/discovered")"
	local raw='</path/sub1>;title="1st below /path",'
	run_apart cs get "${device}/path"
	[[ ${output} == "${raw}"* ]]
	run_apart cs get "${device}/path" --format human \
		-o "${BATS_TEST_TMPDIR}/file"
	[[ $(<"${BATS_TEST_TMPDIR}/file") == "${raw}"* ]]
	run_apart cs get "${device}/path" --hex
	assert_line --index 0 --partial '|</path/sub1>;tit|'
	printf '%s' '</a>;ct=0,</bb>;rt="x y"' >"${BATS_TEST_TMPDIR}/list"
	run_apart cs decode -t link-format "@${BATS_TEST_TMPDIR}/list"
	assert_success
	assert_output $'/a   ct=0 (text/plain)\n/bb  rt="x y"'
}

@test 'a bad list is shown as it is by get, and why is said' {
	start_lister '</a>;ct=0 41,</b>'
	run_apart cs get "${device}/.well-known/core" --format human -q
	assert_success
	assert_output '</a>;ct=0 41,</b>'
	[[ ${stderr} == *'at byte 10 it is no list of links'* ]]
}

@test 'discover shows what can be read, and says where it breaks' {
	start_lister $'</a>;ct=0 41;obs,\n</b>;title=B\303\274ro,</c>,'
	run_apart cs discover "${device}"
	assert_success
	assert_output $'/a\tct=0 41\tobs\n/b\ttitle=B\303\274ro\n/c'
	[[ ${stderr} == *'not valid link-format at byte 10; its links are shown'* ]]
	run_apart cs discover "${device}" -q
	assert_equal "${stderr}" ''
	run_apart cs discover "${device}" --json --obs
	assert_success
	assert_equal "$(jq -c '[.target, .attributes.ct, .malformed]' \
		<<<"${output}")" '["/a","0 41",true]'
	run_apart cs ls "${device}"
	assert_success
	assert_equal "$(cut -f 1 <<<"${output}")" $'a\nb\nc'
	run_apart cs discover "${device}" --tree --format human
	assert_success
	[[ ${output} == *'ct="0 41"  obs'* ]]
	# Tab knows them, too.
	keep lister "${device}"
	run bash_offers 'coap-shell observe lister:/'
	assert_output --partial /a
}

@test 'a comma at the end is no more than a note' {
	start_lister '</a>;ct=0,</b>,'
	run_apart cs discover "${device}" --json
	assert_success
	assert_equal "$(jq -c '[.target, .malformed]' <<<"${output}")" \
		$'["/a",null]\n["/b",true]'
	[[ ${stderr} == *'at byte 14; '* ]]
}

@test 'a link that cannot be read is left out, and the status is 8' {
	start_lister '</a>;ct=0,<b;rt=x,</c>'
	run_apart cs discover "${device}"
	assert_failure 8
	assert_output $'/a\tct=0\n/c'
	[[ ${stderr} == *'at byte 17, and 1 of its links could not be read'* ]]
	run_apart cs discover "${device}" --json
	assert_failure 8
	assert_equal "$(jq -r .type <<<"${output}")" $'link\nlink\nerror'
	stop_peers
	start_lister '{"a": 1}'
	run_apart cs discover "${device}" --format human
	assert_failure 8
	assert_output ''
	[[ ${stderr} == *'at byte 0, and 1 of its links could not be read'* ]]
}
