#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What the program and the library do not use they do not load: the libraries
# of TLS and WebSocket are needed by modules, which show one name, and that of
# the prompt is opened by it.
source "$(dirname "$0")/tap.bash"

if [[ ${MODULES:-dynamic} != dynamic || -n ${SAN:-} ]]; then
	echo '1..0 # SKIP modules are linked in'
	exit 0
fi

tmp=$(mktemp -d)
trap 'rm -rf "${tmp}"' EXIT

needed() {
	objdump -p "$1" | awk '$1 == "NEEDED" { print $2 }'
}

lean() {
	needed "$1" | grep -E '^lib(gnutls|websockets|ssl|crypto|uv|edit|tinfo)'
}

# The libedit that is opened is the one whose header was compiled.
opens_libedit() {
	local library
	library=$("${CC:-cc}" -shared -Wl,--no-as-needed -o "${tmp}/user.so" \
		-x c /dev/null -ledit && needed "${tmp}/user.so" | grep '^libedit')
	grep -qF "${library:-no libedit}" "${O}/coap-shell" \
		|| printf '%s is not opened\n' "${library:-no libedit}"
}

needs() {
	needed "$1" | grep -q "^$2\." || printf '%s is not needed\n' "$2"
}

shows_one_name() {
	nm -D --defined-only "$1" | awk '$3 != "coapx_module"'
}

imports_ours() {
	nm -D --undefined-only "$1" | awk '$NF ~ /^coapx?_/'
}

for file in coap-shell lib/libcoap-session.so lib/libcoap-session-notls.so; do
	check "${file##*/} needs no library of TLS, WebSocket or editing" \
		nothing lean "${O}/${file}"
done
check 'a prompt opens the libedit of <histedit.h>' opens_libedit
for module in "${O}"/lib/coap-session/*.so; do
	name=${module##*/}
	case ${name} in
		coapx-tls-*) library=lib${name#coapx-tls-} ;;
		*) library=libwebsockets ;;
	esac
	check "${name} needs ${library%.so}" needs "${module}" "${library%.so}"
	check "${name} shows one name" shows_one_name "${module}"
	check "${name} imports nothing of the library" imports_ours "${module}"
done
plan
