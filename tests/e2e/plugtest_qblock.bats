#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# EXT_08, Q-Block (RFC 9177): our client and our device, also through a network
# that loses datagrams, and Debian's server, which does not take it.

load helper
load plugtest

setup_file() {
	start_serve || return 1
	export device=${port}
	start_coap_server -d 10 || return 1
	export server=coap://127.0.0.1:${port}
}

teardown_file() {
	stop_peers
}

setup() {
	uri=coap://127.0.0.1:${device}
	body=${BATS_TEST_TMPDIR}/body
	got=${BATS_TEST_TMPDIR}/got
	head -c 40000 /dev/urandom >"${body}"
}

teardown() {
	stop_peers
}

# Neither Block1 nor Block2 is on the way.
no_block() {
	assert_equal "$(count_traced '[[ ]Block[12]:')" 0
}

@test 'EXT_08: a body goes and comes by Q-Block, CON and NON' {
	local type flag
	for type in CON NON; do
		flag=()
		[[ ${type} == CON ]] || flag=(-N)
		ask put "${uri}/store/q${type}" --q-block "${flag[@]}" \
			-d "@${body}"
		traced '^> CON 0\.03 .*Q-Block1:0/1/1024, Size1:40000, Request-Tag:'
		traced "^> ${type} 0\.03 .*Q-Block1:39/0/1024, Size1:40000"
		no_block
		# Each payload has a token of its own, and one Request-Tag.
		assert_equal "$(sed -nE 's/^> .*token=([0-9a-f]+) .*Q-Block1.*/\1/p' \
			<<<"${stderr}" | sort -u | wc -l)" 40
		assert_equal "$(grep -o 'Request-Tag:[^],]*' <<<"${stderr}" \
			| sort -u | wc -l)" 1
		ask get "${uri}/store/q${type}" --q-block "${flag[@]}" \
			-o "${got}${type}"
		traced '^> CON 0\.01 .*Q-Block2:0/[01]/1024'
		traced "^< ${type} 2\.05 .*Q-Block2:39/0/1024"
		no_block
		# One ETag.
		assert_equal "$(grep -o 'ETag:[^],]*' <<<"${stderr}" \
			| sort -u | wc -l)" 1
		cmp "${body}" "${got}${type}"
	done
	cs get "${uri}/store/qNON" | cmp "${body}"
}

@test 'EXT_08: what is lost of a body is asked for' {
	start_relay "${device}" --seed 2 --drop 10
	ask put "coap://127.0.0.1:${port}/store/lossy" --q-block -N \
		-d "@${body}"
	(($(passed '^> lost') > 0))
	# 4.08 names the blocks that are missing (RFC 9177 section 5).
	traced '^< NON 4\.08 .*Content-Format:application/missing-blocks\+cbor-seq'
	no_block
	cs get "${uri}/store/lossy" | cmp "${body}"
	ask get "coap://127.0.0.1:${port}/store/lossy" --q-block -N \
		-o "${got}"
	no_block
	cmp "${body}" "${got}"
	(($(passed '^< lost') > 0))
	# Missing blocks of an answer are asked for by several Q-Block2.
	traced '^> NON 0\.01 .*Q-Block2:[1-9][0-9]*/0/1024'
}

@test 'EXT_08: a body in both directions' {
	seq -f 'line %.0f of a long text' 500 >"${body}"
	ask post "${uri}/large-post" -t text/plain --q-block -d "@${body}"
	traced '^> CON 0\.02 .*Q-Block1:0/1/1024'
	traced '^< CON 2\.04 .*Q-Block2:[0-9]+/0/1024'
	no_block
	assert_equal "${output}" "$(tr '[:lower:]' '[:upper:]' <"${body}")"
}

@test 'a peer without Q-Block gets Block1 and Block2' {
	ask put "${server}/qfall" --q-block -d "@${body}"
	traced '^< ACK 4\.02 '
	traced '^\* .*does not take Q-Block: once more by Block1 and Block2'
	traced '^> CON 0\.03 .*[ \[]Block1:39/0/1024'
	assert_equal "$(count_traced 'Q-Block')" 3
	ask get "${server}/qfall" --q-block -o "${got}"
	cmp "${body}" "${got}"
	# It is asked once a session.
	run_apart cs -vv -c "open ${server}; get /qfall --q-block --format none;
		get /qfall --q-block --format none; put /qfall --q-block -d @${body}"
	assert_success
	assert_equal "$(count_traced '^> .*Q-Block')" 1
	cs delete "${server}/qfall"
}

@test 'without --q-block nothing goes by it' {
	ask put "${uri}/store/plain" -d "@${body}"
	ask get "${uri}/store/plain" -o "${got}"
	assert_equal "$(count_traced 'Q-Block')" 0
	cmp "${body}" "${got}"
}

@test '--dry-run and --print-command know --q-block' {
	run_apart cs put "${uri}/store/dry" -N --q-block -d "@${body}" --dry-run -v
	assert_success
	[[ ${output} == *'CON 0.03 PUT'*'Q-Block1:0/1/1024'* ]]
	[[ ${stderr} == *'Request-Tag'*'the first of 40 blocks'* ]]
	run_apart cs get "${uri}/large" --q-block --dry-run
	assert_success
	[[ ${output} == *'CON 0.01 GET'*'Q-Block2:0/1/1024'* ]]
	run_apart cs get coap+tcp://127.0.0.1/large --q-block --dry-run
	assert_failure 2
	run cs get "${uri}/large" --q-block --print-command=coap-client
	assert_success
	[[ ${output} == *'--q-block'*'-L 7'* ]]
}

@test '--q-block is refused where it is nothing for' {
	run_apart cs get "coap+tcp://127.0.0.1:${device}/large" --q-block
	assert_failure 2
	[[ ${stderr} == *'UDP and DTLS'*'coap+tcp'* ]]
	run_apart cs get coap://224.0.1.187/test --q-block --bind 127.0.0.1
	assert_failure 2
	[[ ${stderr} == *'group'*'--q-block'* ]]
	run_apart cs get "${uri}/large" --q-block --resume -o "${got}"
	assert_failure 2
	[[ ${stderr} == *'--resume'*'--q-block'* ]]
}
