#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The same commands, once in one process and once through the agent: statuses
# and outputs are the same, but for what tests/normalize replaces.

load helper
load pki
load peers

run_list=${BATS_TEST_DIRNAME}/control_same_run
normalize=${BATS_TEST_DIRNAME}/../normalize

# Both ways have a folder of their own with these files, where they write.
make_folder() {
	mkdir "$1"
	cp -p "${pki}/psk.hex" "${pki}/wrong.hex" "${pki}/ca.pem" \
		"${pki}/other-ca.pem" "$1"
	printf 'bytes \0\1\377\r\n\33[31m that are no text' >"$1/payload.bin"
	printf 'from the standard input\n\n' >"$1/stdin"
}

start_all() {
	start_server plain "${COAP_SHELL}" serve coap://127.0.0.1:PORT \
		coap+tcp://127.0.0.1:PORT || return 1
	export UDP=coap://127.0.0.1:${port} TCP=coap+tcp://127.0.0.1:${port}
	start_server psk "${COAP_SHELL}" serve \
		--psk-hex-file "${pki}/psk.hex" coaps://127.0.0.1:PORT \
		coap+ws://127.0.0.1:PORT || return 1
	export DTLS=coaps://127.0.0.1:${port} WS=coap+ws://127.0.0.1:${port}
	start_on 'tcp:PORT tcp:NEXT' certs "${COAP_SHELL}" serve \
		--cert "${pki}/server.pem" --key "${pki}/server.key" \
		coaps+tcp://127.0.0.1:PORT coaps+ws://127.0.0.1:NEXT || return 1
	export TLS=coaps+tcp://127.0.0.1:${port}
	export WSS=coaps+ws://127.0.0.1:$((port + 1))
	start_silent || return 1
	export SILENT=coap://127.0.0.1:${port}
	export REFUSED=coap://127.0.0.1:1 REFUSED_TCP=coap+tcp://127.0.0.1:1
}

setup_file() {
	export XDG_RUNTIME_DIR=${BATS_FILE_TMPDIR}/run
	mkdir -m 700 "${XDG_RUNTIME_DIR}"
	[[ $(cs version) == *' wss'* ]] || return 0
	cd "${BATS_FILE_TMPDIR}" || return 1
	make_pki || return 1
	make_folder one
	make_folder agent
	start_all || return 1
	"${run_list}" one
	"${run_list}" agent
	cs agent stop
}

teardown_file() {
	stop_peers
}

setup() {
	[[ $(cs version) == *' wss'* ]] || skip 'this build lacks TLS or WebSocket'
	cd "${BATS_FILE_TMPDIR}" || return 1
}

# ---- normalize --------------------------------------------------------------

# What $1 becomes is $2.
becomes() {
	assert_equal "$("${normalize}" <<<"$1")" "$2"
}

# None of the lines of standard input becomes another one.
stay() {
	local line
	while IFS= read -r line; do
		becomes "${line}" "${line}"
	done
}

@test 'normalize: times, durations and ports in what the program says' {
	becomes $'2.05 Content \u00b7 text/plain \u00b7 13 B \u00b7 <0.1 ms' \
		$'2.05 Content \u00b7 text/plain \u00b7 13 B \u00b7 DURATION'
	becomes $'\e[32m2.04 Changed\e[0m - 1.2 s - peer not checked - 1 retransmission' \
		$'\e[32m2.04 Changed\e[0m - DURATION - peer not checked - 1 retransmission'
	becomes 'reply from 127.0.0.1:5683 over udp: seq=2 time=1 min 3 s' \
		'reply from 127.0.0.1:PORT over udp: seq=2 time=DURATION'
	becomes 'time min/avg/max: <0.1 ms / 23 ms / 1.2 s' \
		'time min/avg/max: DURATION / DURATION / DURATION'
	becomes $'[::1]:5683 over tcp\t2\t0.037\t' $'[::1]:PORT over tcp\t2\tDURATION\t'
	becomes $'u\t*\tclient\tudp\tnone\t127.0.0.1:1\tlocalhost:2\t0.006\t3\t42\tpsk' \
		$'u\t*\tclient\tudp\tnone\t127.0.0.1:PORT\tlocalhost:PORT\tDURATION\t3\tDURATION\tpsk'
	becomes $'u\t\tclient\tudp\tnone\t\t\t\t3\t42\t' \
		$'u\t\tclient\tudp\tnone\t\t\t\t3\tDURATION\t'
	becomes $'age\t42' $'age\tDURATION'
	becomes $'  \e[36mstats.rtt-avg\e[0m     3 d 2 h' \
		$'  \e[36mstats.rtt-avg\e[0m     DURATION'
	becomes 'rtt_ms=0.037' 'rtt_ms=DURATION'
}

@test 'normalize: a table of sessions, however wide its durations are' {
	becomes "$(
		cat <<-'EOF'
			   NAME  TYPE    STATE  LOCAL        REMOTE       RTT      OBS  AGE
			   u     client  none   127.0.0.1:1  127.0.0.1:2  <0.1 ms  0    42 ms
			*  t     client  none   127.0.0.1:3  127.0.0.1:4  -        12   1.0 s
		EOF
	)" "$(
		cat <<-'EOF'
			   NAME  TYPE    STATE  LOCAL        REMOTE       RTT OBS  AGE
			   u     client  none   127.0.0.1:PORT  127.0.0.1:PORT  DURATION 0    DURATION
			*  t     client  none   127.0.0.1:PORT  127.0.0.1:PORT  DURATION 12   DURATION
		EOF
	)"
	# No row without its head.
	becomes 'u  client  127.0.0.1:2  23 ms  0    42 ms' \
		'u  client  127.0.0.1:PORT  23 ms  0    42 ms'
}

@test 'normalize: tokens and message ids, in traces and their bytes' {
	becomes '> u: CON 0.01 GET mid=63224 token=d970 [Uri-Path:mid=1 token=2]' \
		'> u: CON 0.01 GET mid=MID token=TOKEN [Uri-Path:mid=1 token=2]'
	becomes '< 2.05 Content token=d970 13 bytes' \
		'< 2.05 Content token=TOKEN 13 bytes'
	becomes "$(
		cat <<-'EOF'
			> u: CON 0.01 GET mid=63224 token=4156 [Uri-Path:hAVlo]
			>  00000000  42 01 f6 f8 41 56 b5 68  41 56 6c 6f              |B...AV.hAVlo|
			>  0000000c
			< t: 2.05 Content token=4156 3 bytes
			<  00000000  42 45 41 56 ff 41 56 41                           |BEAV.AVA|
		EOF
	)" "$(
		cat <<-'EOF'
			> u: CON 0.01 GET mid=MID token=TOKEN [Uri-Path:hAVlo]
			>  00000000  42 01 mm mm tt tt b5 68  41 56 6c 6f              |B.mmtt.hAVlo|
			>  0000000c
			< t: 2.05 Content token=TOKEN 3 bytes
			<  00000000  42 45 tt tt ff 41 56 41                           |BEtt.AVA|
		EOF
	)"
	# Bytes that are not those of the line before stay.
	becomes "$(
		cat <<-'EOF'
			> u: CON 0.01 GET mid=7 token=0102 [Uri-Path:a]
			>  00000000  42 01 00 08 01 03 b1 61                           |B......a|
			>  00000010  42 01 00 07 01 02 b1 61                           |B......a|
		EOF
	)" "$(
		cat <<-'EOF'
			> u: CON 0.01 GET mid=MID token=TOKEN [Uri-Path:a]
			>  00000000  42 01 00 08 01 03 b1 61                           |B......a|
			>  00000010  42 01 00 07 01 02 b1 61                           |B......a|
		EOF
	)"
}

@test 'normalize: JSON, but for its payload' {
	local payload='"payload":{"length":9,"base64":"bWlk","text":"{\"mid\":7}","decoded":{"mid":7,"rtt_ms":3,"token":"ab"}}}'
	becomes '{"v":1,"type":"response","ts":"2026-11-30T15:09:33.969Z","session":{"name":"u","remote":"127.0.0.1:5683"},"request":{"uri":"coap://localhost:5683/7","mid":63226,"token":"d970"},"code":"2.05","ok":true,"rtt_ms":0.003,"retransmits":1,"options":[{"num":12,"value":60}],'"${payload}" \
		'{"v":1,"type":"response","ts":"TIME","session":{"name":"u","remote":"127.0.0.1:PORT"},"request":{"uri":"coap://localhost:PORT/7","mid":MID,"token":"TOKEN"},"code":"2.05","ok":true,"rtt_ms":DURATION,"retransmits":1,"options":[{"num":12,"value":60}],'"${payload}"
	becomes '{"v":1,"type":"session","ts":"2026-11-30T15:09:33.969Z","name":"u","rtt_ms":null,"observations":3,"age_ms":42,"security":null}' \
		'{"v":1,"type":"session","ts":"TIME","name":"u","rtt_ms":null,"observations":3,"age_ms":DURATION,"security":null}'
	becomes '{"v":1,"type":"value","ts":"2026-11-30T15:09:33.969Z","name":"age_ms","value":42}' \
		'{"v":1,"type":"value","ts":"TIME","name":"age_ms","value":DURATION}'
	becomes '{"v":1,"type":"value","ts":"2026-11-30T15:09:33.969Z","name":"refs","value":42}' \
		'{"v":1,"type":"value","ts":"TIME","name":"refs","value":42}'
	becomes '{"v":1,"type":"info","fields":{"idle_ms":1e-05,"stats.tx":2,"stats.rtt-max_ms":0.5,"data.mid":"7"}}' \
		'{"v":1,"type":"info","fields":{"idle_ms":DURATION,"stats.tx":2,"stats.rtt-max_ms":DURATION,"data.mid":"7"}}'
	stay <<-'EOF'
		{"on":true,"mid":77,"rtt_ms":3,"ts":"2026-11-30T15:09:33.969Z"}
		{"v":2,"type":"response","mid":77,"token":"ab"}
	EOF
}

@test 'normalize: payloads, counts and limits keep their digits' {
	stay <<-'EOF'
		it took 23 ms, mid=7 token=ab12, 3 s ago: 5683
		23 ms
		42
		2.05
		2.05 volts - 3 ms
		2026-11-30T15:09:33Z
		2026-11-30T15:09:33.969Z
		mid=7 token=ab12
		"mid":7,"token":"ab12"
		time=3 ms
		age 42
		rtt_ms 42, or rtt_ms=42
		10.0.0.7:5683
		coap://[fd00::2]:5683/a
		127.0.0.1
		[::1]
		0x5598f1953be0
		2 sent, 1 answered, 50% lost
		no answer: seq=2
		* u: retransmission 2
		* u: handshake: sent client_hello (1), 125 bytes
		coap-shell: timed out after 150 ms waiting for a response
		00000000  68 01 ad 1f f3 85 89 63  d0 07 b5 68 65 6c 6c 6f  |h......c...hello|
	EOF
}

@test 'normalize: bytes that are no text, and ends of lines, stay' {
	local bytes
	for bytes in 'a\0b 12\377\r\n\n\33[31m 7' 'a\n' '\n\n' '' \
		'stats.tx\t112\nmtu\t1152\n'; do
		# shellcheck disable=SC2059 # it is a format
		printf "${bytes}" >bytes
		"${normalize}" <bytes >normal
		cmp bytes normal
	done
	assert_equal "$(printf '127.0.0.1:7' | "${normalize}" | wc -c)" 14
}

# ---- the same ---------------------------------------------------------------

@test 'each command was run, and ends in one process as it should' {
	"${run_list}" check
	assert_equal "$(<one.status)" 60
}

@test 'statuses are the same through the agent' {
	"${run_list}" compare status
}

@test 'standard outputs are the same through the agent' {
	"${run_list}" compare out
}

@test 'standard errors are the same through the agent' {
	"${run_list}" compare err
}

@test 'files are the same through the agent' {
	for file in hello.out file.out; do
		[[ -s one/${file} ]]
	done
	diff -r --exclude='[0-9]*.*' one agent
}
