#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Multicast (RFC 7252 section 8): on a bridge with three devices, where this
# may make networks, and on the loopback.

load helper

teardown() {
	stop_peers
}

# ---- on a bridge ------------------------------------------------------------

# The device $1 runs "${@:2}".
device() {
	printf '#!/bin/sh\nexec %s\n' "${*:2}" \
		>"${BATS_TEST_TMPDIR}/host$1"
	chmod +x "${BATS_TEST_TMPDIR}/host$1"
}

three_devices() {
	local n
	for n in 1 2 3; do
		device "${n}" "${COAP_SHELL}" serve --group default%eth0 \
			"'coap://*:5683'"
	done
}

# Run "$@" on the bridge, with both outputs; the status is 77 where no networks
# can be made.
on_bridge() {
	run_apart "${BATS_TEST_DIRNAME}/group_network.sh" \
		"${BATS_TEST_TMPDIR}" "$@"
	((status != 77)) \
		|| skip "no network namespaces here (root has them): ${stderr}"
}

senders() {
	cut -f 1 <<<"${output}" | sort | tr '\n' ' '
}

@test "IPv4: three devices answer, three rows with three senders" {
	three_devices
	on_bridge "${COAP_SHELL}" -T 6s get coap://224.0.1.187/hello
	assert_success
	assert_equal "${#lines[@]}" 3
	assert_equal "$(senders)" \
		'10.77.0.11:5683 10.77.0.12:5683 10.77.0.13:5683 '
	for line in "${lines[@]}"; do
		# Who, when (ms), code, size, format, payload.
		assert_regex "${line}" \
			$'^10.77.0.1[123]:5683\t[0-9.]+\t2.05\t[0-9]+\ttext/plain\t.+$'
	done
	assert_equal "${stderr}" ''
}

@test "IPv6: three devices answer on the link, three rows with three senders" {
	three_devices
	on_bridge "${COAP_SHELL}" --format human -T 6s \
		get 'coap://[ff02::fd%br0]/hello'
	assert_success
	assert_equal "${#lines[@]}" 4
	assert_regex "${lines[0]}" '^FROM +AFTER +CODE +SIZE +FORMAT +PAYLOAD$'
	assert_equal "$(grep -oE '^\[fe80::[0-9a-f:]+%br0\]:5683' \
		<<<"${output}" | sort -u | wc -l)" 3
}

@test "IPv6: the interface by --bind, the site's group, one object each" {
	three_devices
	on_bridge "${COAP_SHELL}" --json -T 6s \
		get 'coap://[ff05::fd]/hello' --bind '[fd77::1]'
	assert_success
	assert_equal "${#lines[@]}" 3
	assert_equal "$(jq -r .from <<<"${output}" | sort | tr '\n' ' ')" \
		'[fd77::11]:5683 [fd77::12]:5683 [fd77::13]:5683 '
	assert_equal "$(jq -r '.code + (.ok | tostring)' <<<"${output}" \
		| sort -u)" 2.05true
}

@test "a long answer begins by multicast and ends by unicast" {
	three_devices
	on_bridge "${COAP_SHELL}" -vv --json -T 6s get \
		coap://224.0.1.187/.well-known/core
	assert_success
	assert_equal "${#lines[@]}" 3
	# What came by multicast is not asked for again.
	assert_equal "$(grep -cE '^> NON .*GET' <<<"${stderr}")" 1
	assert_equal "$(grep -cE '^> CON .*GET .*Block2:0/' <<<"${stderr}" || :)" 0
	assert_equal "$(grep -cE '^> CON .*GET .*Block2:1/' <<<"${stderr}")" 3
	# Longer than a message, and whole.
	for line in "${lines[@]}"; do
		assert [ "$(jq .payload.length <<<"${line}")" -gt 1500 ]
		assert_equal "$(jq '.payload.text | length' <<<"${line}")" \
			"$(jq .payload.length <<<"${line}")"
	done
}

@test "discover lists the devices with their resources" {
	three_devices
	on_bridge "${COAP_SHELL}" -T 6s discover --rt time coap://224.0.1.187
	assert_success
	assert_equal "${#lines[@]}" 3
	assert_equal "$(cut -f 1,2 <<<"${output}" | sort)" \
		$'10.77.0.11:5683\t/time\n10.77.0.12:5683\t/time\n10.77.0.13:5683\t/time'
}

@test "Debian's server and ours answer our client; ours answers Debian's" {
	device 1 "${COAP_SHELL}" serve --group default%eth0 "'coap://*:5683'"
	device 2 "${COAP_SHELL}" serve --group 224.0.1.187 "'coap://*:5683'"
	device 3 stdbuf -o0 coap-server-notls -v 7 -A 0.0.0.0 -g 224.0.1.187 \
		-G eth0
	on_bridge "${COAP_SHELL}" -T 6s get coap://224.0.1.187/.well-known/core
	assert_success
	assert_equal "$(senders)" \
		'10.77.0.11:5683 10.77.0.12:5683 10.77.0.13:5683 '
	rm "${BATS_TEST_TMPDIR}"/host*
	three_devices
	on_bridge coap-client-notls -N -B 6 -v 6 -m get coap://224.0.1.187/hello
	assert_equal "$(grep -c 'c:2.05' <<<"${output}${stderr}")" 3
}

@test "who gives no answer: 28, and a sentence that says what to look at" {
	three_devices
	on_bridge "${COAP_SHELL}" -T 300ms get coap://224.0.1.99/hello
	assert_equal "${status}" 28
	assert_equal "${output}" ''
	assert_regex "${stderr}" '224.0.1.99:5683: nobody answered; .*interface'
}

# ---- on the loopback --------------------------------------------------------

# A device in the group by the loopback. Sets port.
start_member() {
	start_on udp:PORT member "${COAP_SHELL}" serve --group 224.0.1.187%lo \
		'coap://*:PORT'
}

@test "IPv4 on the loopback: an answer with its sender" {
	start_member
	run_apart cs -T 6s get "coap://224.0.1.187:${port}/hello" \
		--bind 127.0.0.1
	assert_success
	assert_regex "${output}" $'^127.0.0.1:'"${port}"$'\t.*\t2.05\t'
	# What is not there is not answered.
	run_apart cs -T 500ms get \
		"coap://224.0.1.187:${port}/nothing-here" --bind 127.0.0.1
	assert_equal "${status}" 28
}

@test "a session to a group: answers by -S, and what it cannot be asked" {
	start_member
	run_apart cs --keep-going -c "
		open coap://224.0.1.187:${port} --name all --bind 127.0.0.1
		session get addr.mcast
		get /hello -T 6s --expect 2.05
		put /hello -d x -n 2
		get /hello -o ${BATS_TEST_TMPDIR}/file
		ping"
	assert_equal "${lines[0]}" "224.0.1.187:${port}"
	assert_regex "${lines[1]}" $'^127.0.0.1:'"${port}"$'\t'
	assert_equal "${#lines[@]}" 2
	assert_regex "${stderr}" '--count: a group is asked once'
	assert_regex "${stderr}" '-o: the answers of a group are no one file'
	assert_regex "${stderr}" 'a multicast group cannot be asked so'
}

@test "a group is not observed; what would be sent to it is a NON" {
	run_apart cs observe coap://224.0.1.187/obs --bind 127.0.0.1
	assert_equal "${status}" 2
	assert_regex "${stderr}" 'is a group, and one device at a time is observed'
	run_apart cs get 'coap://[ff02::fd]/x' --dry-run
	assert_success
	assert_regex "${lines[1]}" '^NON 0.01 GET '
	run_apart cs get coap://224.0.1.187/x --print-command=coap-client
	assert_success
	assert_regex "${output}" ' -N '
}

@test "there is no group over a stream, and no group without a listener" {
	run_apart cs get coap+tcp://224.0.1.187/x
	assert_equal "${status}" 2
	assert_regex "${stderr}" 'not possible with a multicast group'
	run_apart cs serve --group default coap://127.0.0.1:0
	assert_equal "${status}" 3
	assert_output ''
	assert_equal "${stderr}" "coap-shell: --group default: no listener can \
hear it: that takes a coap:// one on all addresses, such as coap://*, of its family"
	run_apart cs serve --group 'default%nosuchif' 'coap://*:0'
	assert_equal "${status}" 2
	assert_regex "${stderr}" "no interface 'nosuchif'"
	run_apart cs serve --group 10.0.0.1 'coap://*:0'
	assert_equal "${status}" 3
	assert_output ''
	assert_equal "${stderr}" "coap-shell: --group 10.0.0.1: that is no \
address of a multicast group"
}

@test "an address that is on every link wants its interface" {
	run_apart cs get 'coap://[ff02::fd]/x'
	assert_equal "${status}" 2
	assert_regex "${stderr}" 'which interface\? .*\[ff02::fd%eth0\]'
	run_apart cs get 'coap://[fe80::1]/x'
	assert_equal "${status}" 2
	assert_regex "${stderr}" '\[fe80::1%eth0\]'
}
