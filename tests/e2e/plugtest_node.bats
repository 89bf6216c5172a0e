#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The scenarios of the ETSI CoAP plugtests with node-coap: its server asked by
# our client, our device by its client. A name begins with the identifier of the
# test in the descriptions of CoAP#4.

load helper
load plugtest
load peers

setup_file() {
	export device node
	if ! NODE_PATH=$("${peers}/fetch-node-coap" 2>/dev/null); then
		return 0
	fi
	export NODE_PATH
	start_node || return 1
	export node_log=${peer_log}
	node=coap://127.0.0.1:${port}
	start_serve --notify-interval 50ms || return 1
	device=coap://127.0.0.1:${port}
}

teardown_file() {
	stop_peers
}

teardown() {
	stop_peers
}

setup() {
	need_node_coap
	file=${BATS_TEST_TMPDIR}/file
}

# node-coap's client; what it prints is in ${output}.
node_run() {
	run node_ask "$@"
	assert_success
}

# It got a message of the type $1 with the code $2.
node_got() {
	assert_line --index 0 "$1 $2"
}

# Print the payload that it got.
node_payload() {
	sed '1,/^$/d' <<<"${output}"
}

@test 'TD_COAP_CORE_01, 10: GET, CON, with a token' {
	ask get "${node}/test"
	is_piggybacked 2.05
	[[ ${BASH_REMATCH[1]} == *Content-Format:text/plain*Max-Age:30* ]]
	ask get "${node}/test" --token 01
	is_piggybacked 2.05
	node_run GET "${device}/test" token=0102
	node_got ACK 2.05
	assert_line 'Content-Format text/plain'
	[[ -n $(node_payload) ]]
}

@test 'TD_COAP_CORE_02: DELETE, CON' {
	ask delete "${node}/test"
	is_piggybacked 2.02
	node_run DELETE "${device}/test"
	node_got ACK 2.02
}

@test 'TD_COAP_CORE_03: PUT, CON' {
	ask put "${node}/test" -d '<x/>' -t 41
	is_piggybacked 2.04
	ask get "${node}/test"
	traced 'Content-Format:application/xml'
	assert_equal "${output}" '<x/>'
	node_run PUT "${device}/test" payload=three Content-Format=text/plain
	node_got ACK 2.04
	assert_equal "$(cs get "${device}/test")" three
	cs delete "${device}/test"
}

@test 'TD_COAP_CORE_04, 18: POST, CON, several Location-Path' {
	ask post "${node}/test" -d one -t 0
	is_piggybacked 2.01
	traced 'Location-Path:location1, Location-Path:location2, Location-Path:location3'
	node_run POST "${device}/test" payload=one Content-Format=text/plain
	node_got ACK 2.01
	assert_line 'Location-Path location1'
	assert_line 'Location-Path location2'
	assert_line 'Location-Path location3'
}

@test 'TD_COAP_CORE_05, 06, 07, 08: GET, DELETE, PUT and POST, NON' {
	ask get -N "${node}/test"
	is_any_non 2.05
	ask put -N "${node}/test" -d seven -t 0
	is_any_non 2.04
	ask post -N "${node}/test" -d eight
	is_any_non 2.01
	ask delete -N "${node}/test"
	is_any_non 2.02
	node_run GET "${device}/test" non
	node_got NON 2.05
	node_run PUT "${device}/test" non payload=seven Content-Format=text/plain
	node_got NON 2.04
	node_run POST "${device}/test" non payload=eight
	node_got NON 2.01
	node_run DELETE "${device}/test" non
	node_got NON 2.02
}

@test 'TD_COAP_CORE_09, 11: separate response' {
	ask get "${node}/separate" --token 0b0b
	is_separate 2.05
	assert_equal "${output}" later
	node_run GET "${device}/separate?ms=50" token=0b
	node_got CON 2.05
}

@test 'TD_COAP_CORE_17: separate response, NON' {
	ask get -N "${node}/separate"
	is_any_non 2.05
	node_run GET "${device}/separate?ms=50" non
	node_got NON 2.05
}

@test 'TD_COAP_CORE_13, 14: several Uri-Path and Uri-Query' {
	ask get "${node}/seg1/seg2/seg3"
	assert_equal "${output}" segments
	ask get "${node}/query?first=1&second=2"
	assert_equal "${output}" $'first=1\nsecond=2'
	node_run GET "${device}/seg1/seg2/seg3"
	assert_equal "$(node_payload)" /seg1/seg2/seg3
	node_run GET "${device}/query?first=1&second=2"
	assert_equal "$(node_payload)" $'first=1\nsecond=2'
}

@test 'TD_COAP_CORE_19: several Location-Query' {
	ask post "${node}/location-query" -d x
	traced '^< ACK 2.01 .*Location-Query:first=1, Location-Query:second=2'
	node_run POST "${device}/location-query" payload=x
	assert_line 'Location-Query first=1'
	assert_line 'Location-Query second=2'
}

@test 'TD_COAP_CORE_20: Accept' {
	ask get "${node}/multi-format" -a application/xml
	traced '^< .*Content-Format:application/xml'
	ask_refused 4.06 get "${node}/multi-format" -a 40
	node_run GET "${device}/multi-format" Accept=application/xml
	assert_line 'Content-Format application/xml'
	node_run GET "${device}/multi-format" Accept=application/link-format
	node_got ACK 4.06
}

@test 'TD_COAP_CORE_21, 22: ETag and If-Match' {
	ask get "${node}/validate"
	traced '^< .*ETag:0x([0-9a-f]+)'
	etag=${BASH_REMATCH[1]}
	ask get "${node}/validate" --etag "${etag}"
	traced '^< ACK 2.03 '
	ask put "${node}/validate" --if-match "${etag}" -d second -t 0
	traced '^< ACK 2.04 '
	ask get "${node}/validate" --etag "${etag}"
	traced '^< ACK 2.05 '
	assert_equal "${output}" second
	ask_refused 4.12 put "${node}/validate" --if-match "${etag}" -d third
	node_run GET "${device}/validate"
	etag=$(sed -n 's/^ETag //p' <<<"${output}")
	node_run GET "${device}/validate" "ETag=${etag}"
	node_got ACK 2.03
	node_run PUT "${device}/validate" "If-Match=${etag}" payload=changed \
		Content-Format=text/plain
	node_got ACK 2.04
	node_run PUT "${device}/validate" "If-Match=${etag}" payload=again \
		Content-Format=text/plain
	node_got ACK 4.12
	assert_equal "$(cs get "${device}/validate")" changed
}

@test 'TD_COAP_CORE_23: If-None-Match' {
	ask put "${node}/create1" --if-none-match -d x -t 0
	traced '^< ACK 2.01 '
	ask_refused 4.12 put "${node}/create1" --if-none-match -d x -t 0
	node_run PUT "${device}/create1" If-None-Match=0x payload=x \
		Content-Format=text/plain
	node_got ACK 2.01
	node_run PUT "${device}/create1" If-None-Match=0x payload=y \
		Content-Format=text/plain
	node_got ACK 4.12
}

@test 'TD_COAP_LINK_01: discovery' {
	run cs discover "${node}"
	assert_line --partial /test
	assert_line --partial /obs
	node_run GET "${device}/.well-known/core"
	assert_line 'Content-Format application/link-format'
	assert_output --partial '</test>'
}

@test 'TD_COAP_BLOCK_01, 06: GET, early negotiation, 64 and 16 bytes' {
	# Its server takes 0/0/16, an option without a byte, for no size at all.
	cs get "${device}/large" >"${file}"
	for size in 64 32; do
		ask get "${node}/large" -b "${size}" -o "${file}.back"
		traced "^> .*Block2:0/0/${size}"
		traced "^< .*Block2:$((1280 / size - 1))/0/${size}"
		cmp "${file}" "${file}.back"
	done
	node_run GET "${device}/large" block2=2
	cmp "${file}" <(node_payload)
	node_run GET "${device}/large" block2=0
	cmp "${file}" <(node_payload)
}

@test 'TD_COAP_BLOCK_02: GET, late negotiation' {
	cs get "${device}/large" >"${file}"
	ask get "${node}/large" -o "${file}.back"
	traced '^< .*Block2:1/0/1024'
	cmp "${file}" "${file}.back"
	node_run GET "${device}/large"
	cmp "${file}" <(node_payload)
}

@test 'TD_COAP_BLOCK_03: PUT in blocks' {
	seq 1000 >"${file}"
	ask put "${node}/large-update" -d "@${file}" -t 0 -b 64
	traced '^< .*2.31 .*Block1:0/1/64'
	traced '^< .*2.04 '
	cmp <(cs get "${node}/large-update") "${file}"
	node_run PUT "${device}/large-update" "file=${file}" block1=2 \
		Content-Format=text/plain
	node_got ACK 2.04
	cmp <(cs get "${device}/large-update") "${file}"
}

@test 'TD_COAP_BLOCK_04: POST in blocks makes a resource' {
	local path
	seq 1000 >"${file}"
	ask post "${node}/large-create" -d "@${file}" -t 0 -b 64
	traced '^< .*2.01 .*Location-Path:large-update'
	cmp <(cs get "${node}/large-update") "${file}"
	node_run POST "${device}/large-create" "file=${file}" block1=2 \
		Content-Format=text/plain
	node_got ACK 2.01
	path=$(sed -n 's/^Location-Path //p' <<<"${output}" | paste -s -d /)
	cmp <(cs get "${device}/${path}") "${file}"
}

@test 'TD_COAP_BLOCK_05: POST, blocks both ways' {
	seq -f 'line %g' 300 >"${file}"
	ask post "${node}/large-post" -d "@${file}" -t 0 -b 64 -o "${file}.back"
	cmp "${file}.back" <(seq -f 'LINE %g' 300)
	node_run POST "${device}/large-post" "file=${file}" block1=2 \
		Content-Format=text/plain
	node_got ACK 2.04
	cmp <(node_payload) <(seq -f 'LINE %g' 300)
}

# ---- OBS --------------------------------------------------------------------

@test 'TD_COAP_OBS_01: CON notifications' {
	node_run GET "${device}/obs" observe=3
	node_got ACK 2.05
	assert_line 'Max-Age 1'
	assert_equal "$(node_payload | grep -cE '^[0-9:]{8}$')" 3
}

@test 'TD_COAP_OBS_02: NON notifications' {
	node_run GET "${device}/obs-non" observe=3 non
	node_got NON 2.05
	assert_equal "$(node_payload | grep -cE '^[0-9:]{8}$')" 3
}

# node-coap observes the path $1 of the device in the background.
node_observe() {
	start_peer "observer-${RANDOM}" \
		node "${peers}/node_peer.js" GET "${device}/$1" observe=end
	wait_line "${peer_log}" '^Observe '
}

@test 'TD_COAP_OBS_07: the resource is deleted' {
	node_observe obs
	ask delete "${device}/obs"
	wait_line "${peer_log}" '^4.04 '
	wait_until not alive "${peer_pid}"
}

@test 'TD_COAP_OBS_08: the format changes' {
	node_observe obs
	ask put "${device}/obs" -d '{}' -t 50
	wait_line "${peer_log}" '^4.06 '
	wait_until not alive "${peer_pid}"
	ask delete "${device}/obs"
}

@test 'TD_COAP_OBS_09: a new value of the same format' {
	node_observe obs
	ask put "${device}/obs" -d changed -t 0
	wait_line "${peer_log}" '^changed$'
	ask delete "${device}/obs"
	wait_line "${peer_log}" '^4.04 '
}

@test 'TD_COAP_OBS_14: notifications of several sizes' {
	node_observe obs-pumping
	wait_line "${peer_log}" '^[0-9:]{8}$'
	wait_line "${peer_log}" '^B{20}$'
	wait_line "${peer_log}" '^C{36}$'
}
