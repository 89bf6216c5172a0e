#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Our client and our device over all six protocols: keys, certificates, raw
# public keys, and what is said when they do not fit.

load helper

# A key, and a certificate for it with the names $2, signed by ca: $1.key,
# $1.pem. More are openssl's options.
signed() {
	local name=$1 names=$2
	shift 2
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "${name}.key" -out request -subj "/CN=${name}"
	openssl x509 -req -in request -CA ca.pem -CAkey ca.key \
		-CAcreateserial -out "${name}.pem" "$@" \
		-extfile <(printf 'subjectAltName=%s' "${names}")
	openssl pkey -in "${name}.key" -pubout -out "${name}.pub"
}

setup_file() {
	[[ $(cs version) == *' wss'* ]] || return 0
	cd "${BATS_FILE_TMPDIR}" || return 1
	umask 077
	{
		openssl req -x509 -newkey ec -nodes -keyout ca.key -out ca.pem \
			-pkeyopt ec_paramgen_curve:P-256 -subj '/CN=Test CA' -days 30
		openssl req -x509 -newkey ec -nodes -keyout self.key \
			-out self.pem -pkeyopt ec_paramgen_curve:P-256 \
			-subj '/CN=self' -addext subjectAltName=IP:127.0.0.1 -days 30
		signed server DNS:localhost,IP:127.0.0.1 -days 30
		signed expired IP:127.0.0.1 -days -1
		signed client DNS:client -days 30
	} 2>openssl.log || return 1
	printf '00112233445566778899aabbccddeeff\n' >dev1.hex
	printf '00112233445566778899aabbccddee00\n' >wrong.hex
	printf 'dev1:00112233445566778899aabbccddeeff\ndev2:aabb\n' >table
	schemes=(coaps coaps+tcp coaps+ws)
	start_all psk --psk-table table --psk-hint here || return 1
	start_all pki --cert server.pem --key server.key || return 1
}

teardown_file() {
	stop_peers
}

setup() {
	[[ $(cs version) == *' wss'* ]] || skip 'this build lacks TLS or WebSocket'
	cd "${BATS_FILE_TMPDIR}" || return 1
	schemes=(coaps coaps+tcp coaps+ws)
	key=(--psk-identity dev1 --psk-hex-file dev1.hex)
}

teardown() {
	term_stop
	stop_peers
}

# A device over all three secured protocols, whose URIs are in the file $1.
start_all() {
	local name=$1
	shift
	start_peer "${name}" "${COAP_SHELL}" serve "$@" coaps://127.0.0.1:0 \
		coaps+tcp://127.0.0.1:0 coaps+ws://127.0.0.1:0
	wait_line "${peer_log}" '^coaps\+ws://' || return 1
	cp "${peer_log}" "${name}"
}

# The URI of the scheme $2 in the file $1.
uri() {
	grep -m 1 "^$2:" "$1"
}

# Run the program; it ends with the status $1, and its stderr has the text $2.
fails() {
	local want=$1 text=$2
	shift 2
	run_apart cs -T 20s "$@"
	assert_equal "${status}" "${want}" || fail "${stderr}"
	[[ ${stderr} == *"${text}"* ]] || fail "${stderr}"
}

# ---- keys -------------------------------------------------------------------

@test 'a key, over each protocol' {
	local scheme uri
	for scheme in "${schemes[@]}"; do
		uri=$(uri psk "${scheme}")
		run_apart cs get "${uri}/hello?name=${scheme}" "${key[@]}"
		assert_success
		assert_equal "${output}" "Hello, ${scheme}!"
		run_apart cs ping "${uri}" "${key[@]}"
		assert_success
		run_apart cs discover "${uri}" "${key[@]}"
		assert_success
		[[ ${output} == *'/time'* ]]
	done
}

@test 'a key from a file, a command, the command line' {
	local uri
	uri=$(uri psk coaps)
	printf '\xaa\xbb\n' >dev2.key
	run_apart cs get "${uri}/hello" --psk-identity dev2 --psk-file dev2.key
	assert_success
	run_apart cs get "${uri}/hello" --psk-identity dev2 \
		--psk-cmd "printf '\\252\\273\\n'"
	assert_success
	run_apart cs get "${uri}/hello" --psk-identity dev2 \
		--psk-file <(printf '\xaa\xbb')
	assert_success
	start_peer text "${COAP_SHELL}" serve coaps://127.0.0.1:0 \
		--psk 'a key of text'
	wait_line "${peer_log}" '^coaps:'
	run_apart cs get "$(grep -m 1 '^coaps:' "${peer_log}")/hello" \
		--psk-identity anybody --psk 'a key of text'
	assert_success
}

@test 'a typed key' {
	local uri
	start_peer text "${COAP_SHELL}" serve coaps://127.0.0.1:0 --psk geheim
	wait_line "${peer_log}" '^coaps:'
	uri=$(grep -m 1 '^coaps:' "${peer_log}")
	term_start "${COAP_SHELL}" --quiet "${uri}" --psk-identity dev1 --psk -
	term_wait 'Key of dev1'
	term_line geheim
	term_wait '^s1:/> '
	# The session is there, so nobody is asked again.
	term_line "get ${uri}/hello --psk-identity dev1 --psk -"
	term_wait 'Hello, world!'
	term_line 'exit'
	term_status
	run term_screen
	assert_equal "$(grep -c 'Key of' <<<"${output}")" 1
}

@test 'what is known of a session with a key' {
	local scheme uri
	for scheme in "${schemes[@]}"; do
		uri=$(uri psk "${scheme}")
		run_apart cs -c "open ${uri} ${key[*]} -q
			session get tls.verify
			session get psk.identity
			session get psk.key
			session get psk.key --reveal
			session get tls.version
			session list --json
			session info --json"
		assert_success
		assert_equal "${lines[0]}" 'pre-shared key'
		assert_equal "${lines[1]}" dev1
		assert_equal "${lines[2]}" '<16 bytes>'
		assert_equal "${lines[3]}" 00112233445566778899aabbccddeeff
		[[ ${lines[4]} == *TLS\ 1.[23] ]]
		[[ ${lines[5]} == *'"security":"psk"'* ]]
		[[ ${lines[6]} == *'"psk.key":"<16 bytes>"'* ]]
		[[ ${lines[6]} == *'"tls.peer.subject":null'* ]]
		run_apart cs -c "open ${uri} ${key[*]} -q; cert"
		assert_equal "${status}" 9
		[[ ${stderr} == *'it uses a pre-shared key'* ]]
	done
	run_apart cs -c "open $(uri psk coaps) ${key[*]} -q
		session get psk.hint
		session get tls.cipher"
	assert_output 'here
TLS_PSK_WITH_AES_128_CCM_8'
	run_apart cs -c "open $(uri psk coaps+tcp) ${key[*]} -q
		session get tls.alpn"
	assert_output coap
}

@test 'an identity that is not known: exit 35, with its alert' {
	local scheme
	for scheme in "${schemes[@]}"; do
		fails 35 'handshake failed: server sent alert 115 (unknown_psk_identity); it does not know identity "nobody"; check --psk-identity' \
			get "$(uri psk "${scheme}")/" --psk-identity nobody \
			--psk-hex-file dev1.hex
		fails 35 'it does not know identity "nobody"' \
			open "$(uri psk "${scheme}")" --psk-identity nobody \
			--psk-hex-file dev1.hex
	done
}

@test 'another key: exit 35' {
	local scheme
	for scheme in coaps+tcp coaps+ws; do
		fails 35 'alert 51 (decrypt_error); the keys differ' \
			get "$(uri psk "${scheme}")/" --psk-identity dev1 \
			--psk-hex-file wrong.hex
	done
	# DTLS drops what it cannot read, so nothing says so but time.
	fails 35 'the keys of "dev1" differ, most likely' get \
		"$(uri psk coaps)/" --psk-identity dev1 \
		--psk-hex-file wrong.hex -T 2s
}

@test 'a certificate for who wants a key, and the other way: exit 35' {
	local scheme
	for scheme in "${schemes[@]}"; do
		fails 35 'no cipher suite' get "$(uri psk "${scheme}")/" \
			--ca ca.pem
		fails 35 'no cipher suite' get "$(uri pki "${scheme}")/" \
			"${key[@]}"
	done
}

# ---- certificates -----------------------------------------------------------

@test 'a certificate that is trusted, over each protocol' {
	local scheme uri
	for scheme in "${schemes[@]}"; do
		uri=$(uri pki "${scheme}")
		run_apart cs get "${uri}/hello" --ca ca.pem
		assert_success
		run_apart cs get "${uri/127.0.0.1/localhost}/hello" --ca ca.pem
		assert_success
		run_apart cs get "${uri}/hello" --ca ca.pem --sni localhost
		assert_success
		run_apart cs -c "open ${uri} --ca ca.pem -q
			session get tls.verify
			session get tls.peer.san
			session get tls.peer.issuer
			session get psk.key"
		assert_success
		assert_equal "${output}" 'trusted
DNS:localhost, IP:127.0.0.1
CN=Test CA'
	done
}

@test 'a peer that is not trusted: exit 60, and why' {
	local scheme uri
	for scheme in "${schemes[@]}"; do
		uri=$(uri pki "${scheme}")
		fails 60 'its issuer is not trusted (we sent alert 48 (unknown_ca)); --ca FILE' \
			get "${uri}/"
		fails 60 'its issuer is not trusted' open "${uri}" \
			--ca self.pem
		fails 60 'it is for DNS:localhost, IP:127.0.0.1, not for "elsewhere.example"' \
			get "${uri}/" --ca ca.pem --sni elsewhere.example
		fails 60 'its raw public key is not the one expected' \
			get "${uri}/" --peer-rpk client.pub
	done
}

@test 'a certificate that is expired, or signed by itself' {
	local scheme
	start_peer expired "${COAP_SHELL}" serve coaps://127.0.0.1:0 \
		coaps+tcp://127.0.0.1:0 --cert expired.pem --key expired.key
	wait_line "${peer_log}" '^coaps\+tcp:'
	for scheme in coaps coaps+tcp; do
		fails 60 "it has expired on $(date -u +%Y)" get \
			"$(uri "${peer_log}" "${scheme}")/" --ca ca.pem
	done
	start_peer self "${COAP_SHELL}" serve coaps://127.0.0.1:0 \
		coaps+tcp://127.0.0.1:0 --cert self.pem --key self.key
	wait_line "${peer_log}" '^coaps\+tcp:'
	for scheme in coaps coaps+tcp; do
		fails 60 'it is signed by itself' get \
			"$(uri "${peer_log}" "${scheme}")/" --ca ca.pem
		run_apart cs get "$(uri "${peer_log}" "${scheme}")/" \
			--ca self.pem
		assert_success
	done
}

@test '--insecure works, and is marked everywhere' {
	local scheme uri
	for scheme in "${schemes[@]}"; do
		uri=$(uri pki "${scheme}")
		run_apart cs get "${uri}/hello" --insecure --json
		assert_success
		[[ ${output} == *'"insecure":true'* ]]
		run_apart cs --format human -c "open ${uri} --insecure
			session get tls.verify
			session list
			get /hello"
		assert_success
		[[ ${stderr} == *'not checked (--insecure)'* ]]
		[[ ${output} == *'not checked (--insecure): no trusted issuer'* ]]
		[[ ${output} == *' (insecure) '* ]]
		[[ ${output} == *'peer not checked'* ]]
	done
	run_apart cs get "${uri}/hello" --ca ca.pem --json
	[[ ${output} != *insecure* ]]
	term_start "${COAP_SHELL}" --quiet "${uri}" --insecure
	term_wait '^s1\(insecure\):/> '
}

@test 'cert prints the chain as PEM' {
	run_apart cs -c "open $(uri pki coaps) --ca ca.pem -q; cert"
	assert_success
	assert_equal "${output}" "$(cat server.pem)"
	run_apart cs -c "open $(uri pki coaps+tcp) --ca ca.pem -q; cert --json"
	assert_success
	[[ ${output} == *'"type":"certificate"'* ]]
	[[ ${output} == *'"subject":"CN=server"'* ]]
	[[ ${output} == *'BEGIN CERTIFICATE'* ]]
	run_apart cs --format human -c \
		"open $(uri pki coaps+ws) --ca ca.pem -q; cert -o chain.pem"
	assert_success
	openssl x509 -in chain.pem -noout
	run_apart cs -c 'serve coap://127.0.0.1:0 -q --format none
		open coap://127.0.0.1 -q; cert'
	assert_equal "${status}" 9
	[[ ${stderr} == *'coap is not secured'* ]]
}

@test 'certificates on both sides' {
	local scheme uri
	start_all mutual --cert server.pem --key server.key --ca ca.pem
	for scheme in "${schemes[@]}"; do
		uri=$(uri mutual "${scheme}")
		run_apart cs get "${uri}/hello" --ca ca.pem --cert client.pem \
			--key client.key
		assert_success
		cat client.pem client.key >both.pem
		run_apart cs get "${uri}/hello" --ca ca.pem --cert both.pem
		assert_success
		fails 35 'server sent alert 48 (unknown_ca); it does not trust the issuer of our certificate' \
			get "${uri}/hello" --ca ca.pem --cert self.pem \
			--key self.key
	done
	fails 35 'server sent alert 116 (certificate_required); it wants a certificate of ours' \
		get "$(uri mutual coaps+tcp)/" --ca ca.pem
	fails 35 'server sent alert 40' get "$(uri mutual coaps)/" --ca ca.pem
}

@test 'raw public keys on both sides' {
	local scheme uri
	start_all rpk --rpk server.key --peer-rpk client.pub
	for scheme in "${schemes[@]}"; do
		uri=$(uri rpk "${scheme}")
		run_apart cs get "${uri}/hello" --rpk client.key \
			--peer-rpk server.pub
		assert_success
		fails 60 'its raw public key is not the one expected' \
			get "${uri}/hello" --rpk client.key --peer-rpk client.pub
		fails 35 'server sent alert 42 (bad_certificate); it does not accept our certificate, or raw public key' \
			get "${uri}/hello" --rpk server.key --peer-rpk server.pub
		run_apart cs -c "open ${uri} --rpk client.key --peer-rpk server.pub -q
			session get tls.verify; cert"
		assert_success
		assert_equal "${output}" "raw public key
$(cat server.pub)"
	done
}

@test 'a key in a token, its PIN from a file or a command' {
	local token='pkcs11:token=coap;object=key;type=private' uri
	export SOFTHSM2_CONF=${BATS_TEST_TMPDIR}/softhsm.conf
	mkdir "${BATS_TEST_TMPDIR}/tokens"
	printf 'directories.tokendir = %s\n' "${BATS_TEST_TMPDIR}/tokens" \
		>"${SOFTHSM2_CONF}"
	openssl pkcs8 -topk8 -nocrypt -in client.key -out client.p8
	softhsm2-util --init-token --free --label coap --pin 1234 --so-pin 1234
	softhsm2-util --import client.p8 --token coap --label key --id 01 \
		--pin 1234
	printf '1234\n' >pin
	start_peer token "${COAP_SHELL}" serve coaps://127.0.0.1:0 \
		--cert server.pem --key server.key --ca ca.pem
	wait_line "${peer_log}" '^coaps:'
	uri=$(uri "${peer_log}" coaps)
	run_apart cs get "${uri}/hello" --ca ca.pem --cert client.pem \
		--key "${token}" --pin-file pin
	assert_success
	run_apart cs get "${uri}/hello" --ca ca.pem --cert client.pem \
		--key "${token}" --pin-cmd 'echo 1234'
	assert_success
	fails 3 PIN get "${uri}/hello" --ca ca.pem --cert client.pem \
		--key "${token}" --pin-cmd 'echo 4321'
	[[ ${stderr} != *4321* ]]
}

# ---- other peers ------------------------------------------------------------

@test 'nobody, or somebody else, on the port' {
	local closed plain scheme tls
	closed=$(free_port)
	for scheme in "${schemes[@]}" coap+ws; do
		fails 7 'nothing listens there' get "${scheme}://127.0.0.1:${closed}/"
		fails 7 '' open "${scheme}://127.0.0.1:${closed}"
	done
	start_serve
	plain=127.0.0.1:${port}
	fails 35 'does not speak TLS' get "coaps+tcp://${plain}/"
	[[ ${stderr} == *'is it coap+tcp that listens on this port?'* ]]
	fails 35 'does not speak TLS' get "coaps+ws://${plain}/"
	fails 8 'but not with HTTP' get "coap+ws://${plain}/"
	fails 28 'over dtls: nothing answered the handshake; a firewall' \
		get "coaps://${plain}/" -T 500ms
	tls=$(uri pki coaps+tcp)
	fails 7 'it may want TLS' get "coap+tcp://${tls#*//}/"
	fails 35 'alert 120 (no_application_protocol)' \
		get "coaps+ws://${tls#*//}/" --ca ca.pem
	start_silent
	fails 28 'connected, but nothing answered the handshake' \
		get "coaps+tcp://127.0.0.1:${port}/" -T 500ms
	fails 28 'nothing answered the handshake' \
		get "coaps://127.0.0.1:${port}/" -T 500ms
}

@test 'a web server without CoAP: exit 7, with its status' {
	local web
	web=$(free_port)
	start_peer web python3 -c '
import socket
import sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    client = server.accept()[0]
    client.recv(4096)
    client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    client.close()
' "${web}"
	wait_until bound tcp "${web}"
	fails 7 'the server has no /.well-known/coap' get \
		"coap+ws://127.0.0.1:${web}/"
	[[ ${stderr} == *'HTTP status 404'* ]]
	[[ ${stderr} != *"127.0.0.1:${web}"*"127.0.0.1:${web}"* ]]
}

@test 'open --reconnect waits until somebody listens' {
	local late
	late=$(free_port)
	start_peer open "${COAP_SHELL}" -v -c \
		"open coaps://127.0.0.1:${late} ${key[*]} --reconnect 1; session get state"
	wait_line "${peer_log}" 'client_hello|handshake'
	log=${peer_log}
	start_peer late "${COAP_SHELL}" serve "coaps://127.0.0.1:${late}" \
		--psk-table table
	wait_line "${log}" '^established$'
}

# ---- listening --------------------------------------------------------------

@test 'serve without credentials leaves the secured protocols out' {
	run_apart cs serve coaps://127.0.0.1:0
	assert_equal "${status}" 2
	[[ ${stderr} == *'what it proves itself with is missing'* ]]
}

@test 'listen tells who was let in, and why others were not' {
	local uri
	start_peer listen "${COAP_SHELL}" --format human listen \
		coaps://127.0.0.1:0 --psk-table table
	wait_line "${peer_log}" 'listening on coaps:'
	uri=$(grep -o 'coaps://[0-9.:]*' "${peer_log}" | head -n 1)
	run_apart cs ping "${uri}" "${key[@]}"
	assert_success
	wait_line "${peer_log}" 'connected: dtls from'
	fails 35 nobody ping "${uri}" --psk-identity nobody \
		--psk-hex-file dev1.hex
	wait_line "${peer_log}" 'the client says that it is "nobody"'
	fails 35 '' ping "${uri}" --ca ca.pem
	wait_line "${peer_log}" 'no cipher suite'
}

@test 'call-home over each protocol' {
	local scheme uri
	for scheme in "${schemes[@]}"; do
		cat >home.coap <<-END
			listen ${scheme}://127.0.0.1:0 --name home --psk-table table --type client
			session wait --from home --state established
			session get type
			session get psk.identity
			session set-type client
			get /hello --expect 2.05
		END
		start_peer "home-${scheme}" "${COAP_SHELL}" -f home.coap -T 20s
		wait_line "${peer_log}" '^coaps'
		uri=$(grep -m 1 '^coaps' "${peer_log}")
		start_peer device "${COAP_SHELL}" -c \
			"serve coap://127.0.0.1:0; open ${uri} ${key[*]}; sleep 20s"
		wait_line "$(peer_folder)/home-${scheme}.log" 'Hello, world!'
		run cat "$(peer_folder)/home-${scheme}.log"
		assert_line client
		assert_line dev1
		stop_peers
	done
}

@test 'set-type says why it refuses' {
	run_apart cs -c "open $(uri psk coaps) ${key[*]} -q; session set-type client -v"
	assert_success
	[[ ${stderr} == *'s1 is a client session already'* ]]
}

# ---- demo -------------------------------------------------------------------

@test 'demo: six sessions, and a key for other terminals' {
	local command
	term_start env TMPDIR="${BATS_TEST_TMPDIR}" "${COAP_SHELL}" demo
	term_wait '^wss:/> '
	run term_screen
	for proto in udp dtls tcp tls ws wss; do
		assert_line --regexp "^[* ] +${proto} +client +${proto} +established"
	done
	command=$(term_screen | tr -d '\n' \
		| grep -oE 'coap-shell get coaps://[^ ]+ --psk-identity demo --psk-hex-file [^ ]*demo-......')
	read -ra words <<<"${command}"
	assert_equal "$(stat -c %a "${words[-1]}")" 600
	run_apart cs "${words[@]:1}"
	assert_success
	[[ ${output} =~ ^[0-9-]{10}T ]]
	term_line 'get dtls:/who'
	term_wait ' over dtls'
	term_line exit
	term_status
	[[ ! -e ${words[-1]} ]]
}
