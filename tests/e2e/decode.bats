#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Payloads by their format: what a terminal, a pipe and JSON show of what a
# device keeps, what --cbor writes, and bytes at hand.

load helper

setup_file() {
	start_serve || return 1
	export device=coap://127.0.0.1:${port}
}

teardown_file() {
	stop_peers
}

teardown() {
	term_stop
	stop_peers
}

# Store CBOR from the notation $2 at /store/$1, with the other arguments.
store() {
	cs put "${device}/store/$1" --cbor "$2" "${@:3}" >"${BATS_TEST_TMPDIR}/put"
}

hex_of() {
	cs get "${device}/store/$1" | xxd -p | tr -d '\n'
}

# ---- writing ----------------------------------------------------------------

@test '--cbor: the bytes, and the format is CBOR unless -t or -O says it' {
	store a '{1: [_ 2, true], "a": 1.5} # a comment'
	run -0 hex_of a
	assert_output a2019f02f5ff6161f93e00
	run -0 cs get "${device}/store/a" -w '\n%{content_format}' --format none
	assert_line application/cbor
	store b '[{0: "t", 2: 1}]' -t senml+cbor
	run -0 cs get "${device}/store/b" -w '%{content_format}' --format none
	assert_output application/senml+cbor
	store c 1 -O content-format=61
	run -0 cs get "${device}/store/c" -w '%{content_format}' --format none
	assert_output application/cwt
	store d '1, "a"' -t cbor-seq
	run -0 hex_of d
	assert_output 016161
}

@test '--cbor: what is wrong, and where; nothing is sent' {
	run_apart cs put "${device}/store/wrong" --cbor '{"a": [1 2]}'
	assert_equal "${status}" 2
	assert_equal "${stderr}" \
		"coap-shell: --cbor, at character 10: expected ',' or ']'"
	run_apart cs put "${device}/store/wrong" --cbor '1, 2'
	assert_equal "${status}" 2
	[[ ${stderr} == *'at character 2: expected the end'* ]]
	run_apart cs put "${device}/store/wrong" --cbor 1 --data 1
	assert_equal "${status}" 2
	[[ ${stderr} == *'give the payload once'*'--cbor'* ]]
	run_apart cs get "${device}/store/wrong"
	assert_equal "${status}" 4
}

# ---- reading ----------------------------------------------------------------

@test 'a terminal shows CBOR in diagnostic notation, a pipe the bytes' {
	store t "{\"name\": \"lamp\", 2: h'0102', 3: [1.5, null, 1(1786698723)]}"
	term_start "${COAP_SHELL}" get "${device}/store/t"
	term_wait "^\\{\"name\": \"lamp\", 2: h'0102', 3: \\[1.5, null, 1\\(1786698723\\)\\]\\}$"
	run term_screen
	assert_line --regexp '^2.05 Content .* application/cbor'
	run -0 hex_of t
	assert_output "a3646e616d65646c616d70024201020383f93e00f6c11a$(printf %08x 1786698723)"
	run -0 cs get "${device}/store/t" --format diag
	assert_output "{\"name\": \"lamp\", 2: h'0102', 3: [1.5, null, 1(1786698723)]}"
}

@test 'SenML: a table with times and units, and resolved records in JSON' {
	store senml '[{-2: "urn:dev:ow:10e2:/", -3: 1786698723, 0: "t", 1: "Cel",
		2: 21.4}, {0: "door", 6: -3, 4: true}]' -t senml+cbor
	term_start "${COAP_SHELL}" get "${device}/store/senml"
	term_wait '^  2026-08-14 09:12:00Z  urn:dev:ow:10e2:/door  true$'
	term_wait '^  2026-08-14 09:12:03Z  urn:dev:ow:10e2:/t     21.4 Cel$'
	run -0 --separate-stderr cs get "${device}/store/senml" --json \
		--expect-json /1/v=21.4 --expect-json /0/n=urn:dev:ow:10e2:/door
	assert_equal "$(jq -c .payload.decoded <<<"${output}")" \
		'[{"n":"urn:dev:ow:10e2:/door","vb":true,"t":1786698720},{"n":"urn:dev:ow:10e2:/t","u":"Cel","v":21.4,"t":1786698723}]'
	cs put "${device}/store/json" -t senml+json -d '[{"n":"x","u":"V","v":3}]'
	run -0 cs get "${device}/store/json" --format human -q
	assert_output --regexp '^  [0-9-]{10} [0-9:]{8}Z  x  3 V$'
	run -10 --separate-stderr cs get "${device}/store/json" --expect-json /0/v=4
	[[ ${stderr} == *'expected /0/v=4, got 3'* ]]
}

@test 'JSON on a terminal has lines, its numbers are as they were' {
	cs put "${device}/store/j" -t json -d \
		'{"temperature":21.40,"list":[1,2],"text":"0123456789012345678901234567890123456789"}'
	run -0 cs get "${device}/store/j" --format human -q
	assert_output '{
  "temperature": 21.40,
  "list": [1, 2],
  "text": "0123456789012345678901234567890123456789"
}'
	cs put "${device}/store/j" -t json -d '{"a":'
	run -0 --separate-stderr cs get "${device}/store/j" --format human -q
	assert_output '{"a":'
	[[ ${stderr} == 'coap-shell: the payload was not decoded as application/json, '* ]]
	run -0 --separate-stderr cs get "${device}/store/j"
	assert_output '{"a":'
	assert_equal "${stderr}" ''
}

@test 'problem details as a result' {
	store p '{-1: "too hot", -2: "over 90 degrees", -4: 132, 9: {0: 1}}' -t 257
	run -0 cs get "${device}/store/p" --format human -q
	assert_output 'too hot: over 90 degrees
  response-code: 4.04
  9: {"0": 1}'
	run -0 cs get "${device}/store/p" --json --expect-json /title='too hot'
	assert_success
}

@test '--format diag: what is no CBOR is said, and shown all the same' {
	run -0 --separate-stderr cs get "${device}/hello" --format diag
	assert_output --partial Hello
	[[ ${stderr} == 'coap-shell: text/plain;charset=utf-8 is no CBOR '* ]]
}

# ---- bytes at hand ----------------------------------------------------------

@test 'decode -t: a payload from hex, a file and stdin' {
	local file=${BATS_TEST_TMPDIR}/file
	run -0 cs decode -t cbor a1616101
	assert_output '{"a": 1}'
	xxd -r -p <<<a1616101 >"${file}"
	run -0 cs decode --content-format 60 "@${file}"
	assert_output '{"a": 1}'
	run -0 cs decode -t cbor @- <"${file}"
	assert_output '{"a": 1}'
	run -0 cs decode -t cbor-seq 0102 --format diag
	assert_output '1, 2'
	run -0 cs decode -t text/plain 6869
	assert_output hi
	run -0 cs decode -t 65000 00ff --format human
	assert_line --partial '00 ff'
	run -0 cs decode -t cbor 01 --format none
	assert_output ''
	run -0 cs decode -t cbor a1616101 --json
	run -0 jq -c '[.type, .content_format, .payload.decoded]' <<<"${output}"
	assert_output '["payload","application/cbor",{"a":1}]'
}

@test 'decode -t: not valid is exit 8, no such format exit 2' {
	run_apart cs decode -t cbor a161
	assert_equal "${status}" 8
	assert_equal "${output}" ''
	assert_equal "${stderr}" \
		'coap-shell: these are no bytes of application/cbor: at byte 0: more items are announced than follow'
	run_apart cs decode -t none/such 00
	assert_equal "${status}" 2
	[[ ${stderr} == *"no format is named 'none/such'"* ]]
	run_apart cs decode -t cbor --proto tcp 00
	assert_equal "${status}" 2
	[[ ${stderr} == *'give one of them'* ]]
}
