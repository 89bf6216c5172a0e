#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs a command in a network of a bridge with three hosts on it, of which
# nothing is left when it ends:
#
#   group_network.sh FOLDER COMMAND [ARG]...
#
# COMMAND runs where the bridge br0 is, 10.77.0.1 and fd77::1. In each host,
# 10.77.0.1N and fd77::1N on its eth0, the program FOLDER/hostN is run if it is
# there; it says on a line of its own (in FOLDER/hostN.log) that it is ready.
# Without what is asked for: exit status 77.
set -u

# Namespaces of its own; all that is started ends with this process.
if [[ -z ${GROUP_NETWORK:-} ]]; then
	export GROUP_NETWORK=1
	for how in '' -Ur; do
		# shellcheck disable=SC2086 # one word or none
		why=$(unshare ${how} -nmpf --kill-child true 2>&1) || continue
		# shellcheck disable=SC2086
		exec unshare ${how} -nmpf --kill-child --mount-proc \
			"${BASH_SOURCE[0]}" "$@"
	done
	printf '%s\n' "${why}" >&2
	exit 77
fi

folder=$1
shift

network() {
	mount -t tmpfs tmpfs /run && mkdir /run/netns || return 1
	ip link set lo up
	ip link add br0 type bridge mcast_snooping 0 || return 1
	echo 0 >/proc/sys/net/ipv6/conf/br0/accept_dad || return 1
	ip link set br0 up
	ip addr add 10.77.0.1/24 dev br0
	ip addr add fd77::1/64 dev br0 nodad
	ip route add 224.0.0.0/4 dev br0
}

host() {
	local name=h$1
	ip netns add "${name}" || return 1
	ip link add "v$1" type veth peer name eth0 netns "${name}" || return 1
	ip link set "v$1" master br0 up
	ip netns exec "${name}" sh -c "
		ip link set lo up
		echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad
		ip link set eth0 up
		ip addr add 10.77.0.1$1/24 dev eth0
		ip addr add fd77::1$1/64 dev eth0 nodad
	"
}

# Also until each has an address of the link.
ready() {
	local n
	for n in 1 2 3; do
		ip -6 addr show dev "v${n}" scope link | grep -q . || return 1
		ip netns exec "h${n}" ip -6 addr show dev eth0 scope link \
			| grep -q . || return 1
		[[ ! -e ${folder}/host${n} || -s ${folder}/host${n}.log ]] \
			|| return 1
	done
}

failed() {
	tail -n 1 "${folder}/network.log" >&2
	exit 77
}

network >"${folder}/network.log" 2>&1 || failed
for n in 1 2 3; do
	host "${n}" >>"${folder}/network.log" 2>&1 || failed
	[[ -e ${folder}/host${n} ]] || continue
	ip netns exec "h${n}" "${folder}/host${n}" \
		</dev/null >"${folder}/host${n}.log" 2>&1 3>&- 4>&- &
done
end=$((SECONDS + 30))
until ready; do
	((SECONDS < end)) || {
		cat "${folder}"/*.log >&2
		exit 1
	}
	sleep 0.02
done
"$@"
