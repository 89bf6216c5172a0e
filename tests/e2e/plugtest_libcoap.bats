#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The scenarios of the ETSI CoAP plugtests that Debian's coap-server has the
# resource for, by our client. A name begins with the identifier of the test in
# the descriptions of CoAP#4; those of TCP have none there, TCP_... are ours, by
# the sections of RFC 8323.

load helper
load plugtest

setup_file() {
	start_coap_server -d 10 || return 1
	export server=coap://127.0.0.1:${port}
	export server_tcp=coap+tcp://127.0.0.1:${port}
}

teardown_file() {
	stop_peers
}

teardown() {
	stop_peers
}

setup() {
	file=${BATS_TEST_TMPDIR}/file
}

@test 'TD_COAP_CORE_01, 10, 13: GET, CON, with a token, several Uri-Path' {
	local token
	cs put "${server}/seg1/seg2/seg3" -d segments -t 0
	ask get "${server}/seg1/seg2/seg3"
	is_piggybacked 2.05
	traced '^> .*\[Uri-Path:seg1, Uri-Path:seg2, Uri-Path:seg3\]'
	assert_equal "${output}" segments
	for token in 01 0102030405060708; do
		ask get "${server}/time" --token "${token}"
		traced "^> .* token=${token} "
		is_piggybacked 2.05
		[[ -n ${output} ]]
	done
	cs delete "${server}/seg1/seg2/seg3"
}

@test 'TD_COAP_CORE_02, 03: PUT and DELETE, CON' {
	ask put "${server}/test" -d one -t 0
	is_piggybacked 2.01
	ask put "${server}/test" -d two -t 0
	is_piggybacked 2.04
	assert_equal "$(cs get "${server}/test")" two
	ask delete "${server}/test"
	is_piggybacked 2.02
	ask_refused 4.04 get "${server}/test"
}

@test 'TD_COAP_CORE_05, 06, 07: GET, DELETE and PUT, NON' {
	ask put -N "${server}/test" -d one -t 0
	is_any_non 2.01
	ask get -N "${server}/test"
	is_any_non 2.05
	assert_equal "${output}" one
	ask delete -N "${server}/test"
	is_any_non 2.02
}

@test 'TD_COAP_CORE_04: POST, CON, where there is none' {
	run_apart cs -vv post "${server}/time" -d x
	assert_equal "${status}" 4
	is_piggybacked 4.05
}

@test 'TD_COAP_CORE_09, 11: separate response' {
	ask get "${server}/async?1" --token 0102030405060708
	traced '^> .* token=0102030405060708 '
	is_separate 2.05
	assert_equal "${output}" 'done'
}

@test 'TD_COAP_CORE_14: Uri-Query' {
	ask get "${server}/time?ticks"
	traced '\[Uri-Path:time, Uri-Query:ticks\]'
	[[ ${output} =~ ^[0-9]+$ ]]
	ask get "${server}/time"
	[[ ${output} == *:*:* ]]
}

@test 'TD_COAP_CORE_17: separate response, NON' {
	ask get -N "${server}/async?1"
	is_non 2.05
	assert_equal "$(count_traced '^< ACK')" 0
}

@test 'TD_COAP_CORE_31: ping' {
	ask ping "${server}"
	traced '^> CON 0.00 Empty mid=([0-9]+)$'
	traced "^< RST 0.00 Empty mid=${BASH_REMATCH[1]}$"
}

# Print the paths that the query $1 finds.
found() {
	cs get "${server}/.well-known/core$1" -a 40 | grep -oE '</[^>]*>' \
		| paste -s -d ' '
}

@test 'TD_COAP_LINK_01, 02, 05, 07, 08: discovery, by type, interface and path' {
	ask get "${server}/.well-known/core"
	traced '^< .*Content-Format:application/link-format'
	run found ''
	assert_output --partial '</> </time> </async> </example_data>'
	assert_equal "$(found '?rt=ticks')" '</time>'
	assert_equal "$(found '?if=cl*')" '</time>'
	assert_equal "$(found '?href=/time')" '</time>'
	assert_equal "$(found '?href=/ex*')" '</example_data>'
	run cs discover "${server}" --rt ticks
	assert_line --partial /time
	refute_line --partial /async
}

@test 'TD_COAP_BLOCK_01, 02, 06: GET, of 64, 1024 and 16 bytes' {
	local size
	cs get "${server}/example_data" -o "${file}"
	assert_equal "$(wc -c <"${file}")" 1500
	for size in 64 16; do
		ask get "${server}/example_data" -b "${size}" -o "${file}.back"
		traced "^> .*Block2:0/0/${size}"
		traced "^< .*Block2:0/1/${size}"
		traced "^< .*Block2:$((1500 / size))/0/${size}"
		cmp "${file}" "${file}.back"
	done
	ask get "${server}/example_data" -o "${file}.back"
	traced '^> CON [^[]*\[Uri-Path:example_data\]$'
	traced '^< .*Block2:1/0/1024'
	cmp "${file}" "${file}.back"
}

@test 'TD_COAP_BLOCK_03: PUT in blocks' {
	local to
	seq 1000 >"${file}"
	ask put "${server}/large" -d "@${file}" -t 0 -b 64
	traced '^> .*Block1:0/1/64'
	traced '^< .*2.31 .*Block1:0/1/64'
	traced '^< ACK 2.01 '
	cmp <(cs get "${server}/large") "${file}"
	seq 2000 >"${file}"
	ask put "${server_tcp}/large" -d "@${file}" -t 0
	cmp <(cs get "${server_tcp}/large") "${file}"
	cs delete "${server}/large"
}

@test 'TCP_01, 02: CSM first, then a request at once, by TCP' {
	ask get "${server_tcp}/time"
	run grep -E '^> ' <<<"${stderr}"
	assert_line --index 0 --regexp '^> 7.01 CSM '
	assert_line --index 1 --regexp '^> 0.01 GET '
	traced '^< 7.01 CSM '
	traced '^> 0.01 GET token=([0-9a-f]+) '
	traced "^< 2.05 Content token=${BASH_REMATCH[1]} "
	refute grep -qE '^[<>].* mid=' <<<"${stderr}"
	ask put "${server_tcp}/test" -d one -t 0
	ask get "${server_tcp}/test"
	assert_equal "${output}" one
	ask delete "${server_tcp}/test"
	ask_refused 4.04 get "${server_tcp}/test"
	ask get "${server_tcp}/async?1"
	assert_equal "${output}" 'done'
}

@test 'TCP_02: lengths of all four forms, there and back' {
	local length
	for length in 1 12 13 268 269 1000; do
		head -c "${length}" /dev/zero | tr '\0' x >"${file}"
		ask put "${server_tcp}/test" -d "@${file}" -t 0
		cmp <(cs get "${server_tcp}/test") "${file}"
	done
	# No block, and a length of more than 65804.
	head -c 70000 /dev/zero | tr '\0' x >"${file}"
	cs put "${server_tcp}/test" -d "@${file}" -t 0 -q
	ask get "${server_tcp}/test" -o "${file}.back"
	traced '^< 2.05 .* 70000 bytes'
	cmp "${file}" "${file}.back"
	cs delete "${server_tcp}/test"
}

@test 'TCP_03, 04: a Ping and its Pong with Custody, Release at the end' {
	ask ping "${server_tcp}"
	traced '^< 7.03 Pong \[Custody\]'
	traced '^> 7.04 Release'
}

# ---- OBS --------------------------------------------------------------------

# Observe the resource $1 in the background; further options behind it. What is
# shown is in ${peer_log}, with the messages.
observe() {
	local uri=$1
	shift
	start_peer "observer-${RANDOM}" "${COAP_SHELL}" observe -vv "$@" "${uri}"
	wait_line "${peer_log}" '^< .*2\.05 .*Observe:'
}

@test 'TD_COAP_OBS_01, 02, 12: notifications, until Observe 1' {
	local token
	ask observe -n 3 "${server}/time"
	assert_equal "${#lines[@]}" 3
	traced '^> CON 0.01 GET .*token=([0-9a-f]+) \[Observe:0, Uri-Path:time\]'
	token=${BASH_REMATCH[1]}
	traced "^< ACK 2.05 .*token=${token} \[Observe:[0-9]+"
	traced "^< (CON|NON) 2.05 .*token=${token} \[Observe:[0-9]+"
	traced "^> CON 0.01 GET .*token=${token} \[Observe:1, Uri-Path:time\]"
	refute grep -qE '^< ACK 2.05 .*Observe:1,' <<<"${stderr}"
}

@test 'TCP_08: observe, by TCP' {
	ask observe -n 2 "${server_tcp}/time"
	assert_equal "${#lines[@]}" 2
	traced '^> 0.01 GET token=([0-9a-f]+) \[Observe:1, Uri-Path:time\]'
}

@test 'TD_COAP_OBS_07, 09: a new value, and the resource is deleted' {
	cs put "${server}/seen" -d one -t 0
	observe "${server}/seen"
	cs put "${server}/seen" -d two -t 0
	wait_line "${peer_log}" '^two$'
	cs delete "${server}/seen"
	wait_line "${peer_log}" '^< (CON|NON) 4\.04 '
	wait_until not alive "${peer_pid}"
}

@test 'TD_COAP_OBS_10: a plain GET does not end it' {
	cs put "${server}/seen" -d one -t 0
	observe "${server}/seen"
	assert_equal "$(cs get "${server}/seen")" one
	cs put "${server}/seen" -d two -t 0
	wait_line "${peer_log}" '^two$'
	cs delete "${server}/seen"
}

@test 'TD_COAP_OBS_13: notifications in blocks' {
	seq 300 >"${file}"
	cs put "${server}/seen" -d "@${file}" -t 0
	observe "${server}/seen" -b 64
	seq 400 >"${file}"
	cs put "${server}/seen" -d "@${file}" -t 0
	wait_line "${peer_log}" '^400$'
	wait_line "${peer_log}" '^< (CON|NON) 2\.05 .*Observe:.*Block2:0/1/64'
	refute grep -qE '^> .*Observe:.*Block2:[1-9]' "${peer_log}"
	cs delete "${server}/seen"
}

# It answers a later part that is asked for with an ETag as if it were another
# body.
@test 'a body in blocks that is newer than a known ETag' {
	cs get "${server}/example_data" -o "${file}"
	ask get "${server}/example_data" --etag 0909 -o "${file}.back"
	traced '^> CON .*\[ETag:0x0909, Uri-Path:example_data\]'
	traced '^> CON .*\[Uri-Path:example_data, Block2:1/0/1024\]'
	cmp "${file}" "${file}.back"
}
