#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# CoAP over TCP and what is beside the core, by messages as they are on the wire.
# For these there are no published descriptions; a name begins with a number of
# our own list. Elsewhere are
#
#   TCP_02  lengths: wire_frame_test; requests.bats, plugtest_libcoap.bats
#   TLS_01  ALPN: interop.bats, "TLS 1.2 and 1.3 with ALPN to openssl s_server"
#   WS_01   upgrade: websocket.bats, "GET over WebSocket: path, subprotocol ..."
#   WS_02   framing: websocket.bats, "a client that breaks the rules is told ..."
#   WS_03   pings: websocket.bats, "a WebSocket client: CSM, GET, Ping, ..."
#   EXT_02  FETCH, PATCH, iPATCH: device.bats, "/json: ..."
#   EXT_03  Echo: methods.bats, "Echo: a request is sent again with it, ..."
#   EXT_07  4.29: methods.bats, "repeating waits as long as 4.29 and 5.03 ask for"

load helper
load plugtest
load peers

setup_file() {
	start_serve --notify-interval 50ms || return 1
	export port
}

teardown_file() {
	stop_peers
}

teardown() {
	stop_peers
}

# Messages to the device, see raw_peer.py; what comes is in ${lines[@]}.
tcp() {
	run raw tcp "${port}" "$@"
	assert_success
}

udp() {
	run raw udp "${port}" "$@"
	assert_success
}

# A number of bytes y.
ys() {
	printf 'y%.0s' $(seq "$1")
}

@test 'TCP_01: the CSM of the device comes first and waits for nothing' {
	tcp '<'
	assert_output --regexp '^7\.01 token= \[2=[0-9a-f]+, 4=\] 0 bytes$'
	# A request may follow ours at once.
	tcp joined 7.01 0.01/0a/11=test '<2'
	assert_line --index 0 --regexp '^7\.01 '
	assert_line --index 1 --regexp '^2\.05 token=0a '
}

@test 'TCP_03: a Pong has the token of its Ping, and Custody if asked for' {
	tcp 7.01 7.02/0a0b 7.02/0c/2= '<3'
	assert_line --index 1 '7.03 token=0a0b [] 0 bytes'
	assert_line --index 2 '7.03 token=0c [2=] 0 bytes'
}

@test 'TCP_03: Custody comes behind the answers to what came before' {
	tcp joined 7.01 0.01/0a/11=test 0.01/0b/11=large 7.02/0c/2= '<4'
	assert_line --index 1 --regexp '^2\.05 token=0a '
	assert_line --index 2 --regexp '^2\.05 token=0b '
	assert_line --index 3 '7.03 token=0c [2=] 0 bytes'
}

@test 'TCP_04: after a Release the device closes' {
	tcp joined 7.01 0.01/0a/11=test 7.04 '<2' closed
	assert_line --index 1 --regexp '^2\.05 token=0a '
	assert_line --index 2 closed
}

@test 'TCP_04: what came before a Release is answered first' {
	tcp joined 7.01 0.01/0a/11=separate,15=ms=200 7.04 '<2' closed
	assert_line --index 1 --regexp '^2\.05 token=0a '
	assert_line --index 2 closed
}

@test 'TCP_04: what a Release says is shown' {
	# A CSM, then a Release with Alternative-Address a:1 and Hold-Off 30.
	start_odd say "00e160e423613a31211e"
	run_apart cs -vv get "coap+tcp://127.0.0.1:${port}/x"
	assert_equal "${status}" 7
	[[ ${stderr} == *'the peer sent Release; it wants no more requests'* ]]
	traced '^< 7.04 Release .*Alternative-Address:a:1, Hold-Off:30'
}

@test 'TCP_05: what begins with no CSM, or a bad one, is aborted' {
	tcp 0.01/0a/11=test '<2' closed
	assert_line --index 1 --regexp '^7\.05 token= \[\] [1-9][0-9]* bytes$'
	assert_line --index 2 closed
	# The option is named.
	tcp 7.01//9=0x01 '<2' closed
	assert_line --index 1 --regexp '^7\.05 token= \[2=09\] '
	assert_line --index 2 closed
	# An elective one does not count.
	tcp 7.01//10=0x01 0.01/0a/11=test '<2'
	assert_line --index 1 --regexp '^2\.05 token=0a '
}

@test 'TCP_06: what the peer does not take goes in blocks' {
	tcp 7.01 '0.01/0a/11=large,15=size=5000' '<2'
	assert_line --index 1 --regexp '^2\.05 .* 23=0e,.* 1024 bytes$'
	tcp 7.01//2=0x100000 '0.01/0a/11=large,15=size=5000' '<2'
	assert_line --index 1 --regexp '^2\.05 .* 5000 bytes$'
}

@test 'TCP_07: BERT, down: many blocks of 1024 bytes in one' {
	tcp 7.01//2=0x1000,4= '0.01/0a/11=large,15=size=9000,23=0x07' '<2'
	assert_line --index 1 --regexp ' 23=0f, 28=2328\] 3072 bytes$'
	# The rest of it, by the number of the block of 1024 bytes.
	tcp 7.01//2=0x100000,4= '0.01/0a/11=large,15=size=9000,23=0x87' '<2'
	assert_line --index 1 --regexp ' 23=87\] 808 bytes$'
}

@test 'TCP_07: BERT, up' {
	tcp 7.01//2=0x100000,4= '0.02/01/11=large-post,12=,27=0x0f/@2048' \
		'0.02/02/11=large-post,12=,27=0x2f/@1024' \
		'0.02/03/11=large-post,12=,27=0x37/@100' '<4'
	assert_line --index 1 '2.31 token=01 [27=0f] 0 bytes'
	assert_line --index 2 '2.31 token=02 [27=2f] 0 bytes'
	assert_line --index 3 --regexp '^2\.04 token=03 .*27=37\] 3172 bytes$'
	# A part with more to come is a multiple of 1024.
	tcp 7.01//2=0x100000,4= '0.02/01/11=large-post,12=,27=0x0f/@2000' '<2'
	assert_line --index 1 --regexp '^4\.00 '
}

@test 'TCP_08: observe, until Observe 1; the numbers do not count' {
	tcp 7.01 0.01/0a/6=,11=obs '<4' 0.01/0a/6=0x01,11=obs '<'
	assert_line --index 1 --regexp '^2\.05 token=0a \[6='
	assert_line --index 2 --regexp '^2\.05 token=0a \[6='
	assert_line --index 3 --regexp '^2\.05 token=0a \[6='
	# Behind the answer to that nothing more comes.
	tcp 7.01 0.01/0a/6=,11=obs '<2' 0.01/0a/6=0x01,11=obs \
		'0.01/0b/11=separate,15=ms=200' until:0b
	run sed -e '1,/token=0a \[12=/d' -e /token=0b/d <<<"${output}"
	assert_output ''
}

@test 'TCP_09: messages byte by byte, and several at once' {
	local how
	for how in split joined; do
		tcp "${how}" 7.01 0.01/0a/11=test '0.01/0b/11=query,15=a' \
			"0.02/0c/11=echo,12=/$(ys 300)" 7.02/0d '<5'
		assert_line --index 1 --regexp '^2\.05 token=0a '
		assert_line --index 2 --regexp '^2\.05 token=0b .* 2 bytes$'
		assert_line --index 3 --regexp '^2\.04 token=0c .* 300 bytes$'
		assert_line --index 4 '7.03 token=0d [] 0 bytes'
	done
}

@test 'TCP_10: an empty message is nothing' {
	tcp 7.01 0.00 0.00 0.01/0a/11=test '<2'
	assert_line --index 1 --regexp '^2\.05 token=0a '
}

@test 'EXT_01: a longer token than was agreed on, by TCP and UDP' {
	tcp 7.01 0.01/0102030405060708/11=test '<2'
	assert_line --index 1 --regexp '^2\.05 token=0102030405060708 '
	tcp 7.01 0.01/010203040506070809/11=test '<2' closed
	assert_line --index 1 --regexp '^7\.05 '
	assert_line --index 2 closed
	udp 0.01/010203040506070809/11=test '<'
	assert_line --index 0 'RST 0.00 token= [] 0 bytes'
}

@test 'EXT_04: bodies with different Request-Tags stay apart' {
	local steps=('0.02/01/11=large-post,12=,27=0x0a,292=a/@64' '<'
		"0.02/02/11=large-post,12=,27=0x0a,292=b/$(ys 64)" '<'
		'0.02/03/11=large-post,12=,27=0x12,292=a/x' '<payload'
		'0.02/04/11=large-post,12=,27=0x12,292=b/y' '<payload')
	udp "${steps[@]}"
	assert_line --index 2 --regexp '^X{65}$'
	assert_line --index 3 --regexp '^Y{65}$'
	tcp 7.01 '<' "${steps[@]}"
	assert_line --index 3 --regexp '^X{65}$'
	assert_line --index 4 --regexp '^Y{65}$'
	# Without one the second takes the place of the first.
	udp 0.02/01/11=large-post,12=,27=0x0a/@64 \
		"0.02/02/11=large-post,12=,27=0x0a/$(ys 64)" '<2' \
		0.02/03/11=large-post,12=,27=0x12/x '<payload'
	assert_line --index 2 --regexp '^Y{64}X$'
}

@test 'EXT_05: No-Response 26 is answered by nothing, a CON by an empty ACK' {
	udp non:0.03/0a/11=test,12=,258=0x1a/x 0.01/0b/11=test '<'
	assert_line --index 0 --regexp '^ACK 2\.05 token=0b '
	udp 0.03/0a/11=test,12=,258=0x1a/x 0.01/0b/11=test '<2'
	assert_line --index 0 'ACK 0.00 token= [] 0 bytes'
	assert_line --index 1 --regexp '^ACK 2\.05 token=0b '
}

@test 'TD_COAP_OBS_06: a Reset removes the observer' {
	# Notifications to another token go on, of /obs none comes any more.
	udp 0.01/0a/6=,11=obs '<2' rst '<' 0.01/0b/6=,11=obs-non '<6'
	assert_line --index 1 --regexp '^CON 2\.05 token=0a \[6='
	assert_line --index 2 --regexp '^CON 2\.05 token=0a \[6='
	printf '%s\n' "${lines[@]:3}" >"${BATS_TEST_TMPDIR}/rest"
	refute grep token=0a "${BATS_TEST_TMPDIR}/rest"
	assert_line --index 8 --regexp '^NON 2\.05 token=0b \[6='
}
