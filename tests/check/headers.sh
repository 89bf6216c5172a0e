#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Each public header compiles alone, in C11 and in C++.
source "$(dirname "$0")/tap.bash"

compiles() {
	"$@" -Wall -Wextra -Wundef -pedantic -Werror \
		-fsyntax-only -I lib/include
}

for header in lib/include/coap3/*.h; do
	check "${header##*/} is C11" compiles "${CC:-cc}" -std=c11 -x c \
		-Wstrict-prototypes -include "coap3/${header##*/}" /dev/null
	check "${header##*/} is C++" compiles "${CXX:-c++}" -std=c++11 -x c++ \
		-include "coap3/${header##*/}" /dev/null
done
plan
