#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The device's resources of the ETSI CoAP plugtests, each asked by our client
# and, where it can, by Debian's. A name begins with the identifier of the test
# in the descriptions of CoAP#4.

load helper
load plugtest

setup_file() {
	start_serve || return 1
	export port
	export device=coap://127.0.0.1:${port}
	export device_tcp=coap+tcp://127.0.0.1:${port}
}

teardown_file() {
	stop_peers
}

setup() {
	file=${BATS_TEST_TMPDIR}/file
}

teardown() {
	stop_peers
}

# Debian's client, with its messages among the output.
debian() {
	run coap-client-notls -v 7 -B 20 "$@"
	assert_success
}

# Debian's client sent $1 (CON or NON), and got $3 in a message of the type $2.
debian_got() {
	assert_line --regexp "v:1 t:$1 c:[A-Z]+ i:[0-9a-f]{4} \{"
	assert_line --regexp "v:1 t:$2 c:$3 i:[0-9a-f]{4} \{"
}

# The response with the code $2 had the token of the request with the code $1.
debian_token() {
	[[ ${output} =~ c:$1\ i:[0-9a-f]{4}\ \{([0-9a-f]+)\} ]]
	assert_line --regexp "c:$2 i:[0-9a-f]{4} \{${BASH_REMATCH[1]}\}"
}

# Send the bytes $1, in hex, to the device and print what comes back.
exchange() {
	local answer
	exec 7<>"/dev/udp/127.0.0.1/${port}"
	xxd -r -p <<<"$1" >&7
	answer=$(timeout 30 dd bs=2048 count=1 status=none <&7 | xxd -p -c 0)
	exec 7>&-
	printf '%s\n' "${answer}"
}

# ---- CORE -------------------------------------------------------------------

@test 'TD_COAP_CORE_01: GET, CON' {
	ask get "${device}/test"
	is_piggybacked 2.05
	[[ ${BASH_REMATCH[1]} == *'Content-Format:text/plain'*'Max-Age:30'* ]]
	[[ -n ${output} ]]
	debian -m get "${device}/test"
	debian_got CON ACK 2.05
	assert_output --partial 'Content-Format:text/plain'
}

@test 'TD_COAP_CORE_02: DELETE, CON' {
	cs put "${device}/test" -d other -t text/plain
	ask delete "${device}/test"
	is_piggybacked 2.02
	assert_equal "$(cs get "${device}/test")" \
		'PUT replaces this, DELETE brings it back'
	debian -m delete "${device}/test"
	debian_got CON ACK 2.02
}

@test 'TD_COAP_CORE_03: PUT, CON' {
	ask put "${device}/test" -d one -t text/plain
	is_piggybacked 2.04
	assert_equal "$(cs get "${device}/test")" one
	debian -m put -e '<x/>' -t 41 "${device}/test"
	debian_got CON ACK 2.04
	ask get "${device}/test"
	assert_equal "${output}" '<x/>'
	traced 'Content-Format:application/xml'
	cs delete "${device}/test"
}

@test 'TD_COAP_CORE_04: POST, CON' {
	ask post "${device}/test" -d one -t text/plain
	is_piggybacked 2.01
	debian -m post -e one -t text/plain "${device}/test"
	debian_got CON ACK 2.01
}

@test 'TD_COAP_CORE_05: GET, NON' {
	ask get -N "${device}/test"
	is_non 2.05
	debian -N -m get "${device}/test"
	debian_got NON NON 2.05
}

@test 'TD_COAP_CORE_06: DELETE, NON' {
	ask delete -N "${device}/test"
	is_non 2.02
	debian -N -m delete "${device}/test"
	debian_got NON NON 2.02
}

@test 'TD_COAP_CORE_07: PUT, NON' {
	ask put -N "${device}/test" -d seven -t text/plain
	is_non 2.04
	assert_equal "$(cs get "${device}/test")" seven
	debian -N -m put -e eight -t text/plain "${device}/test"
	debian_got NON NON 2.04
	assert_equal "$(cs get "${device}/test")" eight
	cs delete "${device}/test"
}

@test 'TD_COAP_CORE_08: POST, NON' {
	ask post -N "${device}/test" -d one -t text/plain
	is_non 2.01
	debian -N -m post -e one -t text/plain "${device}/test"
	debian_got NON NON 2.01
}

@test 'TD_COAP_CORE_09: separate response' {
	ask get "${device}/separate?ms=50"
	is_separate 2.05
	debian -m get "${device}/separate?ms=50"
	assert_line --regexp 't:ACK c:0.00 i:[0-9a-f]{4} \{\} \[ \]$'
	debian_got CON CON 2.05
}

@test 'TD_COAP_CORE_10: a token that is not empty' {
	local token
	for token in 01 0102030405060708; do
		ask get "${device}/test" --token "${token}"
		traced "^> .* token=${token} "
		is_piggybacked 2.05
	done
	for token in a abcdefgh; do
		debian -m get -T "${token}" "${device}/test"
		debian_token GET 2.05
	done
}

@test 'TD_COAP_CORE_11: a token and a separate response' {
	ask get "${device}/separate?ms=20" --token 0102030405060708
	traced '^> .* token=0102030405060708 '
	is_separate 2.05
	debian -m get -T abc "${device}/separate?ms=20"
	debian_token GET 2.05
}

@test 'TD_COAP_CORE_12: an empty token' {
	# GET coap://.../test; neither client sends it without a token.
	run exchange 40011234b474657374
	assert_output --regexp '^60451234'
}

@test 'TD_COAP_CORE_13: several Uri-Path' {
	ask get "${device}/seg1/seg2/seg3"
	traced '\[Uri-Path:seg1, Uri-Path:seg2, Uri-Path:seg3\]'
	traced 'Content-Format:text/plain'
	assert_equal "${output}" /seg1/seg2/seg3
	assert_equal "$(cs get "${device}/seg1/seg2")" /seg1/seg2
	assert_equal "$(cs get "${device}/seg1")" /seg1
	debian -m get "${device}/seg1/seg2/seg3"
	assert_line --partial /seg1/seg2/seg3
}

@test 'TD_COAP_CORE_14: several Uri-Query' {
	ask get "${device}/query?first=1&second=2" -u third=3
	traced 'Uri-Query:first=1, Uri-Query:second=2, Uri-Query:third=3'
	traced 'Content-Format:text/plain'
	assert_equal "${output}" $'first=1\nsecond=2\nthird=3'
	debian -m get "${device}/query?first=1&second=2"
	assert_line --partial first=1
	assert_line --partial second=2
	assert_equal "$(cs get "${device}/query")" 'no query'
}

@test 'TD_COAP_CORE_17: separate response, NON' {
	ask get -N "${device}/separate?ms=50"
	is_non 2.05
	assert_equal "$(count_traced '^< ACK')" 0
	debian -N -m get "${device}/separate?ms=50"
	debian_got NON NON 2.05
	refute_line --partial t:ACK
}

@test 'TD_COAP_CORE_18: several Location-Path' {
	ask post "${device}/test" -d made -t text/plain
	traced "^< ACK 2.01 .*Location-Path:location1, Location-Path:location2, Location-Path:location3"
	assert_equal "$(cs get "${device}/location1/location2/location3")" made
	debian -m post -e again "${device}/test"
	assert_line --partial 'Location-Path:location1, Location-Path:location2, Location-Path:location3'
	assert_equal "$(cs get "${device}/location1/location2/location3")" again
	ask delete "${device}/location1/location2/location3"
	ask_refused 4.04 get "${device}/location1/location2/location3"
}

@test 'TD_COAP_CORE_19: several Location-Query' {
	ask post "${device}/location-query" -d x -t text/plain
	traced '^< ACK 2.01 .*Location-Query:first=1, Location-Query:second=2'
	debian -m post -e x "${device}/location-query"
	assert_line --partial 'Location-Query:first=1, Location-Query:second=2'
}

@test 'TD_COAP_CORE_20: Accept' {
	local format
	ask get "${device}/multi-format"
	traced '^< .*Content-Format:text/plain'
	for format in text/plain application/xml application/json \
		application/cbor; do
		ask get "${device}/multi-format" -a "${format}"
		traced "^< .*Content-Format:${format}"
	done
	ask_refused 4.06 get "${device}/multi-format" -a 40
	traced '4.06 Not Acceptable: there are 0, 41, 50 and 60'
	debian -m get -A 41 "${device}/multi-format"
	assert_line --partial 'Content-Format:application/xml'
	debian -m get -A 40 "${device}/multi-format"
	assert_line --regexp 'c:4.06'
}

# Print the ETag of the resource $1.
etag_of() {
	cs get "$1" -i | sed -n 's/^ETag: 0x//p'
}

@test 'TD_COAP_CORE_21: validation by ETag' {
	local first second
	cs delete "${device}/validate"
	first=$(etag_of "${device}/validate")
	[[ ${first} =~ ^([0-9a-f]{2}){1,8}$ ]]
	ask get "${device}/validate" --etag "${first}"
	traced "^< ACK 2.03 Valid .*\[ETag:0x${first}\]$"
	assert_equal "${output}" ''
	cs put "${device}/validate" -d changed -t text/plain
	ask get "${device}/validate" --etag "${first}"
	traced '^< ACK 2.05 .*ETag:0x([0-9a-f]+)'
	second=${BASH_REMATCH[1]}
	[[ ${second} != "${first}" ]]
	assert_equal "${output}" changed
	ask get "${device}/validate" --etag "${first}" --etag "${second}"
	traced '^< ACK 2.03 '
	debian -m get -O "4,0x${second}" "${device}/validate"
	assert_line --regexp 'c:2.03'
	debian -m get -O "4,0x${first}" "${device}/validate"
	assert_line --regexp 'c:2.05'
}

@test 'TD_COAP_CORE_22: If-Match' {
	local etag
	etag=$(etag_of "${device}/validate")
	ask put "${device}/validate" --if-match "${etag}" -d b -t text/plain
	traced '^< ACK 2.04 .*\[ETag:0x([0-9a-f]+)\]'
	[[ ${BASH_REMATCH[1]} != "${etag}" ]]
	etag=${BASH_REMATCH[1]}
	assert_equal "$(etag_of "${device}/validate")" "${etag}"
	assert_equal "$(cs get "${device}/validate")" b
	ask put "${device}/validate" -d c -t text/plain
	ask_refused 4.12 put "${device}/validate" --if-match "${etag}" -d d
	assert_equal "$(cs get "${device}/validate")" c
	ask_refused 4.12 delete "${device}/validate" --if-match "${etag}"
	debian -m put -e e -O "1,0x${etag}" "${device}/validate"
	assert_line --regexp 'c:4.12'
	etag=$(etag_of "${device}/validate")
	debian -m put -e e -O "1,0x${etag}" "${device}/validate"
	assert_line --regexp 'c:2.04'
	assert_equal "$(cs get "${device}/validate")" e
	# An empty value is for whatever is there.
	ask put "${device}/validate" --if-match '' -d f
	assert_equal "$(cs get "${device}/validate")" f
	ask delete "${device}/validate"
}

@test 'TD_COAP_CORE_23: If-None-Match' {
	local n
	cs discover "${device}" >"${file}"
	refute grep -q /create "${file}"
	for n in 1 2 3; do
		ask_refused 4.04 get "${device}/create${n}"
		ask_refused 4.12 put "${device}/create${n}" --if-match 01 -d x
		ask put "${device}/create${n}" --if-none-match -d x -t 0
		traced '^< ACK 2.01 '
		ask_refused 4.12 put "${device}/create${n}" --if-none-match \
			-d y -t 0
		assert_equal "$(cs get "${device}/create${n}")" x
		ask delete "${device}/create${n}"
	done
	ask_refused 4.04 put "${device}/create4" -d x
	debian -m put -e x -t 0 -O 5, "${device}/create1"
	assert_line --regexp 'c:2.01'
	debian -m put -e y -t 0 -O 5, "${device}/create1"
	assert_line --regexp 'c:4.12'
	cs discover "${device}" >"${file}"
	grep -q ^/create1 "${file}"
	ask delete "${device}/create1"
}

@test 'TD_COAP_CORE_31: ping' {
	ask ping "${device}"
	traced '^> CON 0.00 Empty mid=([0-9]+)$'
	traced "^< RST 0.00 Empty mid=${BASH_REMATCH[1]}$"
}

# ---- LINK -------------------------------------------------------------------

# Print the paths that a discovery by the query $1 finds, by each client.
found() {
	cs get "${device}/.well-known/core$1" -a 40 | links
	coap-client-notls -B 20 -m get "${device}/.well-known/core$1" | links
}

links() {
	grep -oE '</[^>]*>' | paste -s -d ' '
}

@test 'TD_COAP_LINK_01: discovery' {
	ask get "${device}/.well-known/core"
	traced '^< .*Content-Format:application/link-format'
	run found ''
	assert_success
	assert_equal "${lines[0]}" "${lines[1]}"
	for path in '' time test seg1/seg2/seg3 query separate large validate \
		location-query multi-format link1 link2 link3 path path/sub1 \
		large-update large-create large-post large-separate json; do
		assert_line --partial "</${path}>"
	done
}

@test 'TD_COAP_LINK_02: by type' {
	run found '?rt=Type1'
	assert_output $'</link1> </link3>\n</link1> </link3>'
}

@test 'TD_COAP_LINK_03: with any type' {
	run found '?rt=*'
	assert_line --partial '</link1> </link2> </link3>'
	assert_line --partial '</large>'
	refute_output --partial '</hello>'
	assert_equal "${lines[0]}" "${lines[1]}"
}

@test 'TD_COAP_LINK_04: a type among several' {
	run found '?rt=Type2'
	assert_output $'</link1> </link2>\n</link1> </link2>'
}

@test 'TD_COAP_LINK_05: the beginning of an interface' {
	run found '?if=If*'
	assert_output $'</link1> </link2>\n</link1> </link2>'
}

@test 'TD_COAP_LINK_06: with a size' {
	run found '?sz=*'
	assert_line --partial '</large>'
	refute_output --partial '</link1>'
	assert_equal "${lines[0]}" "${lines[1]}"
}

@test 'TD_COAP_LINK_07: by path' {
	run found '?href=/link1'
	assert_output $'</link1>\n</link1>'
}

@test 'TD_COAP_LINK_08: by the beginning of a path' {
	run found '?href=/link*'
	assert_output \
		$'</link1> </link2> </link3>\n</link1> </link2> </link3>'
}

@test 'TD_COAP_LINK_09: a hierarchy' {
	run found '?ct=40'
	assert_line --partial '</path>'
	ask get "${device}/path"
	traced '^< .*Content-Format:application/link-format'
	assert_equal "$(links <<<"${output}")" \
		'</path/sub1> </path/sub2> </path/sub3>'
	assert_equal "$(cs get "${device}/path/sub1")" /path/sub1
	ask_refused 4.06 get "${device}/path" -a 0
}

# ---- BLOCK ------------------------------------------------------------------

# Print the 1280 bytes: 20 lines of 64.
large() {
	local letter
	for letter in {A..T}; do
		printf "%063d\n" 0 | tr 0 "${letter}"
	done
}

# Each message has the next part of Block2, of the size $1, the last without
# more to come; $2 is the number of parts.
are_parts() {
	local n more
	for ((n = 0; n < $2; n++)); do
		more=$((n < $2 - 1))
		traced "^< .*Block2:${n}/${more}/$1[],]"
	done
	assert_equal "$(count_traced '^< .*Block2:')" "$2"
}

@test 'TD_COAP_BLOCK_01: GET, early negotiation' {
	ask get "${device}/large" -b 64 -o "${file}"
	traced '^> .*Block2:0/0/64'
	are_parts 64 20
	cmp "${file}" <(large)
	debian -b 64 -o "${file}" "${device}/large"
	assert_line --regexp 'c:2.05.*Block2:0/M/64'
	cmp "${file}" <(large)
}

@test 'TD_COAP_BLOCK_02: GET, late negotiation' {
	ask get "${device}/large" -o "${file}"
	traced '^> CON [^[]*\[Uri-Path:large\]'
	are_parts 1024 2
	cmp "${file}" <(large)
	debian -o "${file}" "${device}/large"
	assert_line --regexp 'c:2.05.*Block2:0/M/1024'
	cmp "${file}" <(large)
}

@test 'TD_COAP_BLOCK_03: PUT in blocks' {
	seq 1000 >"${file}"
	ask put "${device}/large-update" -d "@${file}" -t 0 -b 64
	traced '^> .*Block1:0/1/64'
	traced '^< .*2.31 .*Block1:0/1/64'
	traced '^< .*2.04 .*Block1:[0-9]+/0/64'
	cmp <(cs get "${device}/large-update") "${file}"
	ask_refused 4.06 get "${device}/large-update" -a 50
	debian -m put -t 0 -b 64 -f "${BASH_SOURCE[0]}" "${device}/large-update"
	cmp <(cs get "${device}/large-update") "${BASH_SOURCE[0]}"
	ask delete "${device}/large-update"
	cmp <(cs get "${device}/large-update") <(large)
}

@test 'TD_COAP_BLOCK_04: POST in blocks makes a resource' {
	local made
	seq 1000 >"${file}"
	ask post "${device}/large-create" -d "@${file}" -t 0 -b 64
	traced '^< .*2.31 .*Block1:0/1/64'
	traced '^< .*2.01 .*Location-Path:large-create, Location-Path:([0-9]+), Block1:[0-9]+/0/64'
	made=${device}/large-create/${BASH_REMATCH[1]}
	cmp <(cs get "${made}") "${file}"
	cs get "${device}/large-create" | grep -F "</${made#*//*/}>"
	ask delete "${made}"
	ask_refused 4.04 get "${made}"
	debian -m post -t 0 -b 64 -f "${file}" "${device}/large-create"
	[[ ${output} =~ Location-Path:large-create,\ Location-Path:([0-9]+) ]]
	cmp <(cs get "${device}/large-create/${BASH_REMATCH[1]}") "${file}"
}

@test 'TD_COAP_BLOCK_05: POST, blocks both ways' {
	seq -f 'line %g' 300 >"${file}"
	run_apart cs -vv post "${device}/large-post" -d "@${file}" -t 0 -b 64 \
		-o "${file}.back"
	assert_success
	traced '^> .*Block1:0/1/64'
	traced '^< .*2.04 .*Block2:0/1/1024, Block1:[0-9]+/0/64'
	cmp "${file}.back" <(seq -f 'LINE %g' 300)
	debian -m post -t 0 -b 64 -f "${file}" -o "${file}.back" \
		"${device}/large-post"
	cmp "${file}.back" <(seq -f 'LINE %g' 300)
}

@test 'TD_COAP_BLOCK_06: GET in blocks of 16 bytes' {
	ask get "${device}/large" -b 16 -o "${file}"
	are_parts 16 80
	cmp "${file}" <(large)
	debian -b 16 -o "${file}" "${device}/large"
	cmp "${file}" <(large)
}

@test '/large-separate: the first block by itself, the others as ever' {
	ask get "${device}/large-separate?ms=20" -b 64 -o "${file}"
	traced '^< CON 2.05 .*Block2:0/1/64'
	cmp "${file}" <(large)
	ask get "${device_tcp}/large-separate?ms=20" -o "${file}"
	cmp "${file}" <(large)
	coap-client-notls -B 20 -o "${file}" "${device}/large-separate?ms=20"
	cmp "${file}" <(large)
}

@test '/large-create keeps the last 16' {
	local first i
	ask post "${device}/large-create" -d first
	traced '^< .*Location-Path:([0-9]+)'
	first=${BASH_REMATCH[1]}
	for ((i = 1; i < 16; i++)); do
		printf 'post %s/large-create -d %d -q\n' "${device_tcp}" "${i}"
	done >"${file}"
	cs -f "${file}"
	assert_equal "$(cs get "${device}/large-create/${first}")" first
	ask post "${device}/large-create" -d last
	ask_refused 4.04 get "${device}/large-create/${first}"
	assert_equal "$(cs get "${device}/large-create/$((first + 16))")" last
	assert_equal "$(cs get "${device}/large-create" | links | wc -w)" 16
}

# ---- others -----------------------------------------------------------------

@test '/secure is there only for secured sessions' {
	local uri
	ask_refused 4.01 get "${device}/secure"
	run_apart cs get "${device_tcp}/secure"
	assert_equal "${status}" 4
	(umask 077 && printf sesame >"${file}")
	start_peer secure "${COAP_SHELL}" serve coaps://127.0.0.1:0 \
		--psk-identity password --psk-file "${file}"
	wait_line "${peer_log}" '^coaps://'
	read -r uri <"${peer_log}"
	run_apart cs get "${uri}/secure" --psk-identity password \
		--psk-file "${file}"
	assert_success
	assert_equal "${output}" 'This came over DTLS or TLS.'
}

@test '/echo: a length, a delay, and copies that stay' {
	ask post "${device}/echo?rlen=5" -d 123
	assert_equal "${output}" 123AA
	ask post "${device}/echo?rlen=2" -d 123 -t 50
	assert_equal "${output}" 12
	traced '^< .*2.04 .*Content-Format:application/json'
	assert_equal "$(cs post "${device}/echo?rlen=2000" -d x | wc -c)" 2000
	ask post "${device}/echo?delay=20" -d later
	is_separate 2.04
	assert_equal "${output}" later
	ask post "${device}/echo?keep&id=one" -d kept -t 0
	assert_equal "$(cs get "${device}/echo")" '</echo/one>;sz=4'
	assert_equal "$(cs get "${device}/echo/one")" kept
	ask delete "${device}/echo/one"
	assert_equal "$(cs get "${device}/echo")" ''
	ask_refused 4.00 post "${device}/echo?keep" -d x
	ask_refused 4.00 post "${device}/echo?keep&id=a%20b" -d x
	ask_refused 4.00 post "${device}/echo?rlen=1048577" -d x
	ask_refused 4.00 post "${device}/echo?delay=60001" -d x
	run coap-client-notls -m fetch -e text -t 0 "${device}/echo"
	assert_output text
}

# Debian's client, with what it says of an error.
client() {
	run coap-client-notls -B 20 "$@"
	assert_success
}

@test '/json: FETCH reads a part' {
	client -m fetch -t 0 -e /levels/1 "${device}/json"
	assert_output 20
	client -m fetch -t 0 "${device}/json"
	assert_output --partial '"levels":[10,20,30]'
	client -m fetch -t 0 -e /levels/3 "${device}/json"
	assert_output --regexp '^4.22 there is nothing'
	client -m fetch -t 0 -e levels "${device}/json"
	assert_output --regexp '^4.00 the payload is no JSON pointer'
	client -m fetch -t 50 -e /levels "${device}/json"
	assert_output --regexp '^4.15 FETCH takes'
	client -m fetch -t 0 -A 0 -e /levels "${device}/json"
	assert_output --regexp '^4.06 '
}

@test '/json: PATCH and iPATCH change a part, or nothing' {
	local json=${device}/json first
	first=$(cs get "${json}")
	client -m patch -t 52 -e '{"on":true,"name":null}' "${json}"
	assert_equal "$(cs get "${json}")" '{"on":true,"levels":[10,20,30]}'
	client -m patch -t 51 "${json}" -e \
		'[{"op":"replace","path":"/on","value":1},{"op":"remove","path":"/x"}]'
	assert_output --regexp '^4.09 remove: there is nothing'
	client -m patch -t 51 -e '[{"op":"fly","path":""}]' "${json}"
	assert_output --regexp "^4.22 'op' is to be"
	client -m patch -t 51 -e '[' "${json}"
	assert_output --regexp '^4.00 the payload is not JSON'
	client -m patch -t 50 -e '{}' "${json}"
	assert_output --regexp '^4.15 patches are'
	client -m patch -t 52 -e '{"on":2}' -O 1,0x01 "${json}"
	assert_output --regexp '^4.12 '
	client -m ipatch -t 51 "${json}" \
		-e '[{"op":"add","path":"/levels/-","value":1}]'
	assert_output --regexp '^4.22 the second time'
	assert_equal "$(cs get "${json}")" '{"on":true,"levels":[10,20,30]}'
	client -m patch -t 51 "${json}" \
		-e '[{"op":"add","path":"/levels/-","value":1}]'
	client -m ipatch -t 51 "${json}" \
		-e '[{"op":"add","path":"/on","value":null}]'
	client -m ipatch -t 52 -e '{"a":{}}' "${json}"
	assert_equal "$(cs get "${json}")" \
		'{"on":null,"levels":[10,20,30,1],"a":{}}'
	ask put "${json}" -t 50 -d '[]'
	ask_refused 4.15 put "${json}" -t 0 -d '[]'
	ask_refused 4.00 put "${json}" -t 50 -d '[}'
	ask_refused 4.13 put "${json}" -t 50 \
		-d "$(printf '[%.0s' {1..33})$(printf ']%.0s' {1..33})"
	assert_equal "$(cs get "${json}")" '[]'
	ask delete "${json}"
	assert_equal "$(cs get "${json}")" "${first}"
}

@test 'every path of the list that can be read answers' {
	local path
	cs discover "${device}" | cut -f 1 >"${file}"
	while read -r path; do
		case ${path} in
			/location-query | /code | /secure | /obs-reset) continue ;;
		esac
		run_apart cs get "${device}${path}"
		assert_equal "${path} ${status}" "${path} 0"
	done <"${file}"
}
