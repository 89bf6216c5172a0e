#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What is installed can be compiled and linked with, under our name and under
# libcoap's, and uninstall takes all of it away.
source "$(dirname "$0")/tap.bash"

tmp=$(mktemp -d)
trap 'rm -rf "${tmp}"' EXIT
root=${tmp}/root
# Where it was compiled for: another place would compile again.
prefix=${PREFIX:-/usr/local}
unset LIBDIR MODULEDIR BINDIR INCLUDEDIR DATADIR USERUNITDIR
lib=${root}${prefix}/lib
units=${lib}/systemd/user

export PKG_CONFIG_SYSROOT_DIR=${root}
export PKG_CONFIG_PATH=${lib}/pkgconfig:${lib}/coap-session/pkgconfig

install_with() {
	make -s "$1" "O=${O}" "SAN=${SAN:-}" DESTDIR="${root}" \
		PREFIX="${prefix}" >"${tmp}/log" 2>&1 || cat "${tmp}/log"
}

cat >"${tmp}/user.c" <<'END'
#include <coap3/coap.h>

int
main(void)
{
	coap_context_t *context;

	coap_startup();
	context = coap_new_context(NULL);
	if (context == NULL)
		return 1;
	coap_free_context(context);
	coap_cleanup();
	return 0;
}
END

links_and_runs() {
	local flags
	read -ra flags < <(pkg-config --cflags --libs "$1")
	"${CC:-cc}" ${SAN:+"-fsanitize=${SAN}"} -o "${tmp}/user" \
		"${tmp}/user.c" "${flags[@]}" || return 1
	LD_LIBRARY_PATH=${lib} "${tmp}/user"
}

# The archive has all back-ends in it.
links_static() {
	local flags
	read -ra flags < <(pkg-config --static --cflags --libs "$1")
	flags=("${flags[@]/#-l${1#lib}/-l:$1.a}")
	"${CC:-cc}" ${SAN:+"-fsanitize=${SAN}"} -o "${tmp}/user" \
		"${tmp}/user.c" "${flags[@]}" || return 1
	"${tmp}/user"
}

needs() {
	objdump -p "${tmp}/user" | awk '$1 == "NEEDED" { print $2 }' \
		| grep -xF "$1" >/dev/null || printf '%s is not needed\n' "$1"
}

clash() {
	find "${lib}" "${root}${prefix}/include" -maxdepth 1 -name '*coap[-3]3*'
}

# The service runs the program that was installed, and nothing was left to put
# in.
unit_runs() {
	grep -qxF "ExecStart=${prefix}/bin/coap-shell agent start --foreground" \
		"${units}/coap-shell-agent.service" \
		|| printf 'ExecStart is another\n'
	grep -n '@[A-Z]*@' "${units}"/coap-shell-agent.*
}

# It complains of programs that are not there: so with that below DESTDIR.
verify_units() {
	local copy=${tmp}/units
	mkdir -p "${copy}"
	cp "${units}"/coap-shell-agent.* "${copy}"
	sed -i "s,^ExecStart=,&${root}," "${copy}/coap-shell-agent.service"
	XDG_RUNTIME_DIR=${tmp} systemd-analyze --user --man=no verify \
		"${copy}"/coap-shell-agent.* 2>&1
}

left() {
	find "${root}" ! -type d
}

check 'make install' install_with install
check 'a program links with libcoap-session' links_and_runs libcoap-session
for name in '' -notls -gnutls; do
	[[ ${TLS:-gnutls} == gnutls || ${name} != -gnutls ]] || continue
	check "a program links with libcoap-3${name}" \
		links_and_runs "libcoap-3${name}"
	check "libcoap-3${name} is our library" needs "libcoap-session${name}.so.0"
done
check 'a program links with libcoap-session.a' links_static libcoap-session
check 'nothing stands where libcoap would' nothing clash
check 'the unit for systemd runs the program' nothing unit_runs
if command -v systemd-analyze >/dev/null; then
	check 'systemd takes the units' nothing verify_units
else
	skip 'systemd takes the units' 'systemd-analyze is not installed'
fi
check 'make uninstall' install_with uninstall
check 'uninstall leaves nothing' left
plan
