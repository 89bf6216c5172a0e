# SPDX-License-Identifier: BSD-2-Clause
# One makefile for the whole tree. `make help` lists the targets.

VERSION    := 0.1.0
SOVERSION  := 0

O          ?= build
PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR    ?= $(PREFIX)/share
MANDIR     ?= $(DATADIR)/man
BASHCOMPDIR ?= $(DATADIR)/bash-completion/completions
USERUNITDIR ?= $(PREFIX)/lib/systemd/user

LD         ?= ld
OBJCOPY    ?= objcopy
INSTALL    ?= install
FUZZ_CC    ?= clang-14
FUZZ_TIME  ?= 15
FUZZ_SAN   := address,undefined
CLANG_FORMAT ?= clang-format-14
CLANG_TIDY ?= clang-tidy-14

# The rooms of the tree, lowest first. `make ROOMS="base wire" check-quick`
# compiles and tests these alone.
ROOMS      ?= base wire tls net message exchange session cli shell

# Back-ends. Which of their files is used is chosen here. With dynamic modules
# they are opened at their first use, with static ones linked in.
TLS        ?= gnutls
WS         ?= lws
MODULES    ?= $(if $(SAN),static,dynamic)
MODULEDIR  ?= $(LIBDIR)/coap-session
TLS_LIBS   := $(if $(filter gnutls,$(TLS)),-lgnutls)
WS_LIBS    := $(if $(filter lws,$(WS)),-lwebsockets)

# Sources. Those of a back-end BACK are lib/tls/BACK*.c or lib/net/ws_BACK*.c;
# BACK_module.c is what its module exports, and in the module alone.

ALL_SRCS   := $(strip $(foreach r,$(ROOMS),$(wildcard lib/$(r)/*.c lib/$(r)/*/*.c)))
TLS_CHOICE := lib/tls/load_%.c lib/tls/none.c lib/tls/gnutls%.c
WS_CHOICE  := lib/net/ws_load_%.c lib/net/ws_none.c lib/net/ws_lws%.c
LIB_SRCS   := $(filter-out $(TLS_CHOICE) $(WS_CHOICE),$(ALL_SRCS))
TLS_SRCS   := $(filter lib/tls/$(TLS)%.c,$(filter-out lib/tls/none.c,$(ALL_SRCS)))
WS_SRCS    := $(filter lib/net/ws_$(WS)%.c,$(filter-out lib/net/ws_none.c,$(ALL_SRCS)))
CLI_SRCS   := $(wildcard cli/*.c cli/*/*.c)
EDIT_CHOICE := shell/edit_load_dynamic.c shell/edit_load_static.c
SHELL_SRCS := $(filter-out $(EDIT_CHOICE),$(wildcard shell/*.c))
NEED_TLS   := tests/unit/tls_%_test.c tests/unit/net_tls_gnutls_test.c \
	tests/fuzz/tls_fuzz.c
UNIT_SRCS  := $(filter-out $(if $(TLS_SRCS),,$(NEED_TLS)), \
	$(foreach r,$(ROOMS),$(wildcard tests/unit/$(r)_*_test.c)))
HELP_SRCS  := $(filter-out %_test.c tests/unit/tls_pki$(if $(TLS_SRCS),_none).c, \
	$(wildcard tests/unit/*.c))
FUZZ_SRCS  := $(filter-out $(if $(TLS_SRCS),,$(NEED_TLS)), \
	$(wildcard tests/fuzz/*_fuzz.c))
HEADERS    := $(wildcard lib/include/coap3/*.h)
MANPAGES   := $(wildcard man/*.[1-9])
UNITS      := $(patsubst %.in,%,$(notdir $(wildcard packaging/systemd/*)))
SRCS       := $(ALL_SRCS) $(CLI_SRCS) $(SHELL_SRCS) $(EDIT_CHOICE)

obj         = $(patsubst %.c,$(O)/obj/%.o,$(1))
LIB_OBJS   := $(call obj,$(LIB_SRCS))
CLI_OBJS   := $(call obj,$(CLI_SRCS))
SHELL_OBJS := $(call obj,$(SHELL_SRCS))
OBJS       := $(call obj,$(SRCS) $(UNIT_SRCS) $(HELP_SRCS) $(FUZZ_SRCS)) \
	$(O)/obj/tests/fuzz/standalone.o

# The library's objects with its back-ends: $(call with,TLS,WS), each of them
# dynamic, static or none.

tls_dynamic = lib/tls/load_dynamic.c
tls_static  = lib/tls/load_static.c $(filter-out %_module.c,$(TLS_SRCS))
tls_none    = lib/tls/none.c
ws_dynamic  = lib/net/ws_load_dynamic.c
ws_static   = lib/net/ws_load_static.c $(filter-out %_module.c,$(WS_SRCS))
ws_none     = lib/net/ws_none.c
choose      = $(filter $($(1)_$(if $(filter none,$(2)),none,$(3))),$(ALL_SRCS))
with        = $(O)/obj/BACKENDS $(O)/obj/LIB_SRCS $(LIB_OBJS) $(call obj,$(call choose,tls,$(TLS),$(1)) \
	$(call choose,ws,$(WS),$(2)))

# Products. libcoap-session has its back-ends as MODULES says, as the program
# has; -gnutls and -notls have that of TLS settled; the archive has all.

LIBNAMES   := coap-session coap-session-notls \
	$(if $(TLS_SRCS),coap-session-$(TLS))
MODULE_SOS := $(if $(filter dynamic,$(MODULES)), \
	$(if $(TLS_SRCS),$(O)/lib/coap-session/coapx-tls-$(TLS).so) \
	$(if $(WS_SRCS),$(O)/lib/coap-session/coapx-ws-$(WS).so))
LIBS       := $(LIBNAMES:%=$(O)/lib/lib%.so.$(VERSION)) \
	$(O)/lib/libcoap-session.a
PROGRAM    := $(if $(SHELL_SRCS),$(O)/coap-shell)
UNIT_TESTS := $(UNIT_SRCS:tests/%.c=$(O)/tests/%)
FUZZ_TESTS := $(FUZZ_SRCS:tests/%.c=$(O)/tests/%)
E2E_TESTS  := $(wildcard tests/e2e/*.bats)
TREE_TESTS := $(wildcard tests/check/*.sh)

# Flags. CFLAGS, CPPFLAGS and LDFLAGS are the user's.

WARNINGS   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wwrite-strings -Wformat=2 -Wvla -Wundef \
	-Wimplicit-fallthrough -Wcast-qual $(if $(WERROR),-Werror)
CFLAGS     ?= $(if $(SAN),-O1,-O2) -g
HARDEN     := -fstack-protector-strong $(if $(SAN),,-D_FORTIFY_SOURCE=2)
SANITIZE   := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all \
	-fno-omit-frame-pointer)
OUR_CFLAGS := -std=gnu11 -D_GNU_SOURCE -fPIC -fvisibility=hidden -pthread \
	$(WARNINGS) $(HARDEN) $(SANITIZE)
OUR_LDFLAGS := -pthread -Wl,--as-needed -Wl,-z,relro -Wl,-z,now $(SANITIZE)
JSON_LIBS  ?= -ljansson
EDIT_LIBS  ?= -ledit

$(O)/obj/lib/%: INCLUDES := -I lib -I lib/include
$(O)/obj/cli/%: INCLUDES := -I . -I lib/include
$(O)/obj/shell/%: INCLUDES := -I . -I lib/include
$(O)/obj/tests/%: INCLUDES := -I . -I lib -I lib/include -I tests/unit
LINT_FLAGS := -std=gnu11 -D_GNU_SOURCE -I . -I lib -I lib/include -I tests/unit

Q          := $(if $(filter 1,$(V)),,@)
say         = @printf '  %-8s%s\n' $(1) $(2)
AGAIN       = +@$(MAKE) --no-print-directory \
	$(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

all: $(PROGRAM) libs ## Compile the program and the libraries (the default)

libs: $(if $(LIB_SRCS),$(LIBS) $(MODULE_SOS))

.PHONY: all libs demo deps check check-quick check-run tests lint lint-run \
	fuzz fuzz-run bench install uninstall clean help FORCE
.DELETE_ON_ERROR:
.SUFFIXES:

# Nothing is compiled before the packages that it needs are there.

$(OBJS): | build-deps

.PHONY: build-deps
build-deps:
	@packaging/install-deps --check build

$(O)/obj/%.o: %.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(INCLUDES) $(OUR_CFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP \
		-c -o $@ $<

-include $(OBJS:.o=.d)

# What was chosen, each in a file that changes with it: the back-ends, the
# folder of the modules, which is compiled in, and what archives are made of: no
# time tells that a member is gone, or came back with its room.

BACKENDS   := $(TLS) $(WS) $(MODULES) $(TLS_SRCS) $(WS_SRCS)
$(O)/obj/lib/base/module.o: OUR_CFLAGS += -DMODULE_DIR='"$(MODULEDIR)"'
$(O)/obj/lib/base/module.o: $(O)/obj/MODULEDIR
CHOSEN     := BACKENDS MODULEDIR LIB_SRCS CLI_SRCS SHELL_SRCS HELP_SRCS
$(CHOSEN:%=$(O)/obj/%): $(O)/obj/%: FORCE
	@mkdir -p $(@D)
	@echo '$($*)' | cmp -s - $@ || echo '$($*)' >$@

# The libraries

$(O)/lib/libcoap-session.map: packaging/version-script lib/include/api.tsv
	@mkdir -p $(@D)
	$(Q)packaging/version-script lib/include/api.tsv >$@

$(O)/lib/libcoap-session.so.$(VERSION): $(call with,$(MODULES),$(MODULES))
$(O)/lib/libcoap-session-$(TLS).so.$(VERSION): $(call with,static,$(MODULES))
$(O)/lib/libcoap-session-notls.so.$(VERSION): $(call with,none,$(MODULES))
$(O)/lib/lib%.so.$(VERSION): $(O)/lib/libcoap-session.map
	$(call say,LD,$@)
	$(Q)$(CC) -shared $(OUR_LDFLAGS) $(LDFLAGS) -Wl,-soname,lib$*.so.$(SOVERSION) \
		-Wl,--version-script=$(O)/lib/libcoap-session.map \
		-o $@ $(filter %.o,$^) $(TLS_LIBS) $(WS_LIBS)
	@ln -sf lib$*.so.$(VERSION) $(O)/lib/lib$*.so.$(SOVERSION)
	@ln -sf lib$*.so.$(SOVERSION) $(O)/lib/lib$*.so

# A module has what it needs of the room base, and imports nothing of ours.

$(O)/lib/coap-session/coapx-tls-$(TLS).so: $(call obj,$(TLS_SRCS))
$(O)/lib/coap-session/coapx-ws-$(WS).so: $(call obj,$(WS_SRCS))
$(O)/lib/coap-session/coapx-tls-%.so: LIBRARY := $(TLS_LIBS)
$(O)/lib/coap-session/coapx-ws-%.so: LIBRARY := $(WS_LIBS)
$(O)/lib/coap-session/%.so: $(O)/obj/base.a packaging/module.map
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -shared $(OUR_LDFLAGS) $(LDFLAGS) -Wl,-z,defs \
		-Wl,--version-script=packaging/module.map \
		-o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBRARY)

# One object whose internal names are local, so that none can clash.

$(O)/obj/session-static.o: $(call with,static,static)
$(O)/obj/session-program.o: $(call with,$(MODULES),$(MODULES))
$(O)/obj/session-static.o $(O)/obj/session-program.o:
	$(Q)$(LD) -r -o $@ $(filter %.o,$^)
	$(Q)$(OBJCOPY) --localize-hidden $@

$(O)/lib/libcoap-session.a: $(O)/obj/session-static.o
	$(call say,AR,$@)
	@mkdir -p $(@D) && rm -f $@
	$(Q)$(AR) rcs $@ $^

$(O)/coap-shell: $(SHELL_OBJS) $(call obj,shell/edit_load_$(MODULES).c) \
		$(CLI_OBJS) $(O)/obj/session-program.o \
		$(O)/obj/CLI_SRCS $(O)/obj/SHELL_SRCS | $(MODULE_SOS)
	$(call say,LD,$@)
	$(Q)$(CC) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) \
		$(JSON_LIBS) $(EDIT_LIBS) $(TLS_LIBS) $(WS_LIBS)

# The tests see internal names, so they are linked with plain archives.

$(O)/obj/lib.a: $(call with,static,static)
$(O)/obj/base.a: $(filter $(O)/obj/lib/base/%,$(LIB_OBJS)) $(O)/obj/LIB_SRCS
$(O)/obj/cli.a: $(CLI_OBJS) $(O)/obj/CLI_SRCS
$(O)/obj/shell.a: $(O)/obj/SHELL_SRCS $(filter-out %/main.o,$(SHELL_OBJS)) \
	$(call obj,shell/edit_load_static.c)
$(O)/obj/support.a: $(call obj,$(HELP_SRCS)) $(O)/obj/HELP_SRCS
$(O)/obj/%.a:
	@mkdir -p $(@D) && rm -f $@
	$(Q)$(AR) rcs $@ $(filter %.o,$^)

$(filter $(O)/tests/unit/cli_%,$(UNIT_TESTS)): $(O)/obj/cli.a
$(filter $(O)/tests/unit/shell_%,$(UNIT_TESTS)): $(O)/obj/shell.a $(O)/obj/cli.a
$(UNIT_TESTS): $(O)/tests/%: $(O)/obj/tests/%.o $(O)/obj/support.a $(O)/obj/lib.a
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $< -Wl,--start-group \
		$(filter %.a,$^) -Wl,--end-group -lcmocka $(JSON_LIBS) $(EDIT_LIBS) \
		$(TLS_LIBS) $(WS_LIBS)

# A fuzz target is a test over its corpus, or with libFuzzer a search.

FUZZ_MAIN  := $(if $(findstring fuzzer,$(SAN)),-fsanitize=fuzzer,\
	$(O)/obj/tests/fuzz/standalone.o)

$(FUZZ_TESTS): $(O)/tests/%: $(O)/obj/tests/%.o $(filter %.o,$(FUZZ_MAIN)) \
		$(O)/obj/cli.a $(O)/obj/lib.a
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $< $(FUZZ_MAIN) \
		$(O)/obj/cli.a $(O)/obj/lib.a $(JSON_LIBS) \
		$(TLS_LIBS) $(WS_LIBS)

# What a user calls

deps: ## Install the Debian packages that compiling needs
	@packaging/install-deps build

demo: deps ## Install what is missing, compile, and show the program at work
	$(AGAIN) all
	@$(O)/coap-shell demo

check: ## Install what is missing, compile, and run all tests
	@packaging/install-deps build check
	$(AGAIN) check-run

check-run: all tests
	@O=$(O) CC="$(CC)" SAN="$(SAN)" STATIC_LIBS="$(TLS_LIBS) $(WS_LIBS)" TLS=$(TLS) WS=$(WS) MODULES=$(MODULES) \
		tests/run $(UNIT_TESTS) $(FUZZ_TESTS) $(E2E_TESTS) $(TREE_TESTS)

check-quick: $(UNIT_TESTS) ## Run the unit tests only
	@O=$(O) tests/run $(UNIT_TESTS)

tests: $(UNIT_TESTS) $(FUZZ_TESTS)

lint: ## Install what is missing, and run the formatter and all linters
	@packaging/install-deps build check lint
	@CLANG_FORMAT=$(CLANG_FORMAT) CLANG_TIDY=$(CLANG_TIDY) \
		tests/lint $(LINT_FLAGS)

fuzz: ## Run each fuzz target for FUZZ_TIME seconds
	@packaging/install-deps build fuzz
	$(AGAIN) O=$(O)/fuzz CC=$(FUZZ_CC) SAN=fuzzer-no-link,$(FUZZ_SAN) fuzz-run

fuzz-run: $(FUZZ_TESTS)
	@O=$(O) FUZZ_TIME=$(FUZZ_TIME) tests/fuzz/run $(FUZZ_TESTS)

# The benchmark: one driver for this library and for Debian's libcoap, and the
# floor, which is neither.

BENCH_DIR   = $(O)/tests/bench
BENCH_APP  := $(addprefix tests/bench/,app.c app_server.c app_client.c \
	app_blocks.c app_notify.c)
BENCH_BOTH := $(addprefix tests/bench/,measure.c suite.c)
BENCH_FLOOR := $(wildcard tests/bench/floor*.c tests/bench/chan*.c) \
	tests/bench/frame.c
bench_link  = $(call say,LD,$@)$(NL)	@mkdir -p $(@D)$(NL)	$(Q)$(CC) $(1) \
	$(OUR_CFLAGS) $(CPPFLAGS) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ \
	$(filter %.c %.a,$^) $(2) -lgnutls

bench: ## Compare the speed with libcoap and with bare sockets (BENCH="udp tcp")
	@packaging/install-deps build bench
	$(AGAIN) all $(addprefix $(BENCH_DIR)/,app-ours app-libcoap floor)
	@O=$(O) tests/bench/run

$(addprefix $(BENCH_DIR)/,app-ours app-libcoap floor): \
	$(wildcard tests/bench/*.h) Makefile

$(BENCH_DIR)/app-ours: $(BENCH_APP) tests/bench/app_ours.c $(BENCH_BOTH) \
		$(O)/lib/libcoap-session.a
	$(call bench_link,-I . -I lib/include,$(TLS_LIBS) $(WS_LIBS))

$(BENCH_DIR)/app-libcoap: $(BENCH_APP) tests/bench/app_libcoap.c $(BENCH_BOTH)
	$(call bench_link,-I .,-lcoap-3-gnutls)

$(BENCH_DIR)/floor: $(BENCH_FLOOR) $(BENCH_BOTH)
	$(call bench_link,-I .)

# Development links under libcoap's names live in a folder of their own, so
# that they never stand in the way of libcoap itself.

D           = $(DESTDIR)
PC_FILES   := libcoap-session.pc $(LIBNAMES:coap-session%=libcoap-3%.pc)
pc_dir      = $(LIBDIR)/$(if $(filter libcoap-3%,$(1)),coap-session/)pkgconfig
pc_install  = @sed -e 's,@PREFIX@,$(PREFIX),' -e 's,@LIBDIR@,$(LIBDIR),' \
	-e 's,@INCLUDEDIR@,$(INCLUDEDIR),' -e 's,@VERSION@,$(VERSION),' \
	-e 's,@STATIC_LIBS@,$(strip -pthread $(TLS_LIBS) $(WS_LIBS)),' \
	packaging/pkgconfig/$(1).in >$(D)$(call pc_dir,$(1))/$(1)
unit_install = @sed -e 's,@BINDIR@,$(BINDIR),' \
	$(wildcard packaging/systemd/$(1) packaging/systemd/$(1).in) \
	>$(D)$(USERUNITDIR)/$(1)
man_dir     = $(MANDIR)/man$(subst .,,$(suffix $(1)))
define NL


endef

install: all ## Install below DESTDIR and PREFIX
	$(INSTALL) -d $(D)$(BINDIR) $(D)$(INCLUDEDIR)/coap-session/coap3 \
		$(D)$(LIBDIR)/pkgconfig $(D)$(LIBDIR)/coap-session/pkgconfig \
		$(D)$(USERUNITDIR)
	$(INSTALL) $(PROGRAM) $(D)$(BINDIR)/
	$(INSTALL) -m 644 $(HEADERS) $(D)$(INCLUDEDIR)/coap-session/coap3/
	cp -Pf $(foreach l,$(LIBNAMES),$(O)/lib/lib$(l).so*) $(O)/lib/*.a \
		$(D)$(LIBDIR)/
	$(foreach m,$(MODULE_SOS),$(INSTALL) -Dm 644 $(m) -t $(D)$(MODULEDIR)$(NL)	)
	$(foreach l,$(LIBNAMES),ln -sf ../lib$(l).so.$(SOVERSION) \
		$(D)$(LIBDIR)/coap-session/$(l:coap-session%=libcoap-3%).so$(NL)	)
	$(foreach p,$(PC_FILES),$(call pc_install,$(p))$(NL)	)
	$(foreach m,$(MANPAGES),$(INSTALL) -Dm 644 $(m) -t $(D)$(call man_dir,$(m))$(NL)	)
	$(foreach u,$(UNITS),$(call unit_install,$(u))$(NL)	)
	$(INSTALL) -Dm 644 completions/coap-shell.bash $(D)$(BASHCOMPDIR)/coap-shell
	$(if $(D),,-ldconfig)

uninstall: ## Remove what install installed
	rm -f $(D)$(BINDIR)/coap-shell $(D)$(BASHCOMPDIR)/coap-shell \
		$(UNITS:%=$(D)$(USERUNITDIR)/%) \
		$(LIBNAMES:%=$(D)$(LIBDIR)/lib%.so*) \
		$(MODULE_SOS:$(O)/lib/coap-session/%=$(D)$(MODULEDIR)/%) \
		$(D)$(LIBDIR)/libcoap-session.a \
		$(D)$(LIBDIR)/pkgconfig/libcoap-session.pc \
		$(foreach m,$(MANPAGES),$(D)$(call man_dir,$(m))/$(notdir $(m)))
	rm -rf $(D)$(LIBDIR)/coap-session $(D)$(INCLUDEDIR)/coap-session

clean: ## Remove the build
	rm -rf $(O)

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' \
		Makefile
	@echo
	@echo '  V=1 shows the commands, WERROR=1 stops at a warning, O=DIR builds'
	@echo '  elsewhere, SAN=address,undefined adds sanitizers, DEPS=auto installs'
	@echo '  packages unasked, PREFIX and DESTDIR say where install puts things.'
	@echo '  TLS=none and WS=none leave a back-end out; MODULES=static links them'
	@echo '  in, dynamic opens them at their first use.'
