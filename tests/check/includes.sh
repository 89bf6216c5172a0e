#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Includes point one way: a room includes itself, lower rooms, and the public
# headers; cli and shell see the library through its public headers alone.
source "$(dirname "$0")/tap.bash"

rooms='base wire tls net message exchange session'

# Included names of the C files below "$@": FILE NAME, quotes or brackets kept.
includes() {
	find "$@" -name '*.[ch]' -exec awk '
		/^[ \t]*#[ \t]*include/ { print FILENAME, $NF }
	' {} +
}

library_direction() {
	includes lib | awk -v rooms="${rooms}" '
		BEGIN {
			n = split(rooms, r, " ")
			for (i = 1; i <= n; i++)
				rank[r[i]] = i
			rank["include"] = 0
		}
		{
			split($1, path, "/")
			name = $2
			gsub(/["<>]/, "", name)
			split(name, to, "/")
		}
		!(path[2] in rank) { print $1 ": lib/" path[2] " is no room" }
		$2 ~ /^"/ && !(to[1] in rank) {
			print $1 ": " $2 " does not begin with a room"
		}
		$2 ~ /^"/ && to[1] in rank && rank[to[1]] > rank[path[2]] {
			print $1 ": " $2 " is a higher room"
		}
		$2 ~ /^</ && to[1] in rank && system("test -e lib/" name) == 0 {
			print $1 ": " $2 " is no system header"
		}
	'
}

# Files below the folder $1 include in quotes only what matches $2.
only_own() {
	includes "$1" | awk -v own="$2" '$2 ~ /^"/ && $2 !~ own {
		print $1 ": " $2
	}'
}

no_socket_no_clock() {
	includes lib/wire lib/message lib/exchange | awk '
		$2 ~ /^<(sys\/(socket|epoll|select|eventfd|timerfd|time|un|ioctl)\.h|netinet\/|arpa\/|net\/|netdb|poll|time|unistd)/ {
			print $1 ": " $2
		}
	'
}

no_gnutls() {
	find lib/* cli shell -path lib/tls -prune -o -path lib/include -prune \
		-o -name '*.[ch]' -exec grep -nE 'gnutls_|<gnutls/' /dev/null {} +
}

no_lws() {
	find lib cli shell -path 'lib/net/ws_lws*' -prune -o -name '*.[ch]' \
		-exec grep -nE 'lws_|<libwebsockets' /dev/null {} +
}

check 'the rooms of lib include downwards only' library_direction
check 'cli includes public headers and its own' only_own cli '^"cli/'
check 'shell includes public headers, cli and its own' \
	only_own shell '^"(cli|shell)/'
check 'wire, message and exchange have no socket and no clock' \
	no_socket_no_clock
check 'nothing but lib/tls names GnuTLS' nothing no_gnutls
check 'nothing but lib/net/ws_lws* names libwebsockets' nothing no_lws
plan
