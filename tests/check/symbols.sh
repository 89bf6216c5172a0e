#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The libraries define each function of api.tsv, those too which only fail so
# far, and no other name can be seen from outside.
source "$(dirname "$0")/tap.bash"

tmp=$(mktemp -d)
trap 'rm -rf "${tmp}"' EXIT

awk -F '\t' '!/^#/ && NF { print $1 }' lib/include/api.tsv >"${tmp}/listed"

# Defined symbols as "nm $@" prints them; the version node is none.
defined() {
	nm --defined-only "$@" | awk 'NF == 3 && $2 != "A" && $3 !~ /^__(asan|odr_asan|ubsan)/ {
		sub(/@.*/, "", $3)
		print $3
	}'
}

compare() {
	defined "$@" >"${tmp}/defined"
	differences "${tmp}/defined" "${tmp}/listed" \
		'not in api.tsv' \
		'not defined'
}

soname() {
	local name
	name=$(objdump -p "$1" | awk '$1 == "SONAME" { print $2 }')
	[[ ${name} == "$2" ]] || printf 'SONAME is %s\n' "${name}"
}

# The library says what it has to say to its caller and its log handler.
imports() {
	nm -D --undefined-only "$1" | awk '{ sub(/@.*/, "", $NF); print $NF }' \
		| grep -xE '_?_?exit|abort|(__)?printf(_chk)?|puts|putchar'
}

for name in libcoap-session libcoap-session-notls libcoap-session-gnutls; do
	[[ ${TLS:-gnutls} == gnutls || ${name} != *-gnutls ]] || continue
	library=${O}/lib/${name}.so
	check "${name}.so exports what api.tsv lists" compare -D "${library}"
	check "${name}.so has its SONAME" soname "${library}" "${name}.so.0"
	check "${name}.so does not print or exit" nothing imports "${library}"
done
check 'libcoap-session.a shows what api.tsv lists' \
	compare -g "${O}/lib/libcoap-session.a"
plan
