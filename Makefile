# Builds the C libraries from the one archive that cargo makes, and runs everything else.
#
#   make demo      compress a file of 64 MB through a simulated device, and check it with gzip
#   make test      all tests           make check    formatting, lints, documents, headers, floors
#   make test-vm   the libraries on real kernels, in emulated machines (KERNELS="6.1 6.12");
#                  make vm prepares them: packages, kernel modules, programs
#   make lib       the libraries       make headers  include/, from the Rust sources
#   make install   PREFIX, LIBDIR, INCLUDEDIR, BINDIR, DESTDIR   (and uninstall; install-lib, install-tool)
#   make tool      the tool wd, its man pages and completions
#   make bench     benchmarks          make miri     unit tests under Miri, where it is installed
#   make faults    N requests over failing devices: N=100000 SCHEDULE= JOBS= ONLY=
#   make deny      licences of the crates, where cargo-deny is installed
#   make models    threads that meet in each order: the concurrent parts under loom
#   make sanitize  C programs under the sanitizers and valgrind, where they are installed
#   make fuzz      each target for FOR=60 seconds, or RUNS=10000000 executions; needs cargo-fuzz and
#                  a nightly compiler
#   make missing   after functions have come: abi/missing.list without them
#   make clean
#
# rustc gives every cdylib a version script of its own, and GNU ld takes only one: so the shared
# libraries are linked here, by the C compiler. docs/abi.md tells what they are.

PROFILE    ?= release
PREFIX     ?= /usr/local
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
BINDIR     ?= $(PREFIX)/bin
SHAREDIR   ?= $(PREFIX)/share
DOCDIR     ?= $(PREFIX)/share/doc/warpdrive
CARGO      ?= cargo
STRIP      ?= strip
OBJCOPY    ?= objcopy
READELF    ?= readelf
SHELL      := /bin/bash -o pipefail

comma      := ,
# The package; the libraries that have the ABI of this release of libwd; and the seed API.
VERSION    := $(shell sed -n '/^version/{s/.*"\(.*\)"/\1/p;q}' Cargo.toml)
CORE       := 2.10.0
SEED       := 0.1.0
# The names that libraries of one build have for each other. With the full version, so that
# half an upgrade does not load instead of misbehaving.
NODE       := UADK_PRIVATE_$(subst .,_,$(CORE))

TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
OUT        := $(TARGET_DIR)/$(PROFILE)/so
ARCHIVE    := $(TARGET_DIR)/$(PROFILE)/libwarpdrive.a
PRELOAD    := $(TARGET_DIR)/$(PROFILE)/libwd_sim.a
MODE       := $(if $(filter release,$(PROFILE)),--release)

# rustc --print native-static-libs, less what the C compiler adds itself.
NATIVE     := -lpthread -lm -ldl -lrt -lutil
# A facade finds the core beside itself, wherever both are installed. Distributions that
# install to the linker's own path may empty this.
RUNPATH    ?= $$ORIGIN
BESIDE     := $(addprefix -Wl$(comma)--enable-new-dtags$(comma)-rpath$(comma),$(RUNPATH:%='%'))
# What the compiler has of these is used: landing pads for indirect branches.
BRANCH     := $(foreach f,-fcf-protection=full -mbranch-protection=standard,\
	$(shell $(CC) $f -E -x c /dev/null >/dev/null 2>&1 && echo $f))
HARDEN     := -Wl,-z,defs,-z,relro,-z,now,-z,noexecstack,--as-needed,--no-undefined-version

# libnuma.so.1, where it is. Programs of libwd use its functions and name it nowhere: they rely on
# libwd.so.2 to bring it. `make NUMA=` leaves it out.
NUMA       ?= $(filter /%,$(shell $(CC) -print-file-name=libnuma.so.1))

FACADES    := libwd_comp libwd_crypto libwd_dae libwd_udma
# UADK has static libraries of these drivers: lib/uadk/libhisi_zip.a.
DRIVERS    := zip sec hpre dae udma
# The names that have no function yet.
MISSING    ?= abi/missing.list

all: lib
lib: $(addprefix $(OUT)/,$(patsubst %,%.so.2,libwd $(FACADES)) libwd.so.0 stub/libwd.so.0 libwd.a libwarpdrive.a libwd_sim.so)

$(ARCHIVE): FORCE
	$(CARGO) rustc --locked --lib --crate-type staticlib $(MODE)

# For LD_PRELOAD: nobody links with it, so it has no soname.
$(PRELOAD): FORCE
	$(CARGO) rustc --locked -p warpdrive-preload --lib --crate-type staticlib $(MODE)

$(OUT)/libwd_sim.so: $(PRELOAD) preload/libwd_sim.map Makefile
	@mkdir -p $(OUT)
	$(CC) -shared -o $@ -Wl,--version-script=preload/libwd_sim.map \
	  -Wl,--whole-archive $(PRELOAD) -Wl,--no-whole-archive -Wl,--gc-sections \
	  $(HARDEN) -Wl,-z,nodelete $(LDFLAGS) -lgcc_s $(NATIVE) -lc

# What is made from the maps: lists of the same names, for the assembler, the linker and objcopy.
$(OUT)/%.names: abi/%.map
	@mkdir -p $(OUT)
	sed -n 's/^[[:space:]]*\([A-Za-z_][A-Za-z0-9_]*\);$$/\1/p' $< | LC_ALL=C sort >$@
$(OUT)/uadk.names: $(patsubst %,$(OUT)/%.names,libwd $(FACADES) libwd_static)
	LC_ALL=C sort -u $^ >$@
$(OUT)/%.forwards: $(OUT)/%.names
	sed 's/.*/FORWARD(&)/' $< >$@
$(OUT)/%.roots: $(OUT)/%.names
	sed 's/^/-Wl,-u,/' $< >$@

# Every name has a function in the archive or an entry in the list of those that have none yet.
$(OUT)/archive.names: $(ARCHIVE)
	@mkdir -p $(OUT)
	$(READELF) -sW $< | awk '$$5 ~ /GLOBAL|WEAK/ && $$7 != "UND" { print $$8 }' | LC_ALL=C sort -u >$@
$(OUT)/missing.names: $(MISSING)
	@mkdir -p $(OUT)
	sed '/^#/d;s/ .*//' $< | LC_ALL=C sort >$@
$(OUT)/missing.wrong: $(addprefix $(OUT)/,archive.names missing.names uadk.names)
	@cd $(OUT); export LC_ALL=C; { \
	  comm -12 archive.names missing.names | sed 's/.*/abi\/missing.list: & is there now: make missing/'; \
	  comm -13 uadk.names missing.names | sed 's/.*/abi\/missing.list: & is in no map/'; \
	  sort -u archive.names missing.names | comm -23 uadk.names - | \
	    sed 's/.*/&: in a map, but neither in Rust nor in abi\/missing.list/'; } >$(@F)
	@if [ -s $@ ]; then cat $@ >&2; rm $@; exit 1; fi
$(OUT)/missing.forwards: $(MISSING) $(OUT)/missing.wrong
	awk '/^#/ { next } \
	  /^[A-Za-z0-9_]+ (int|error_pointer)$$/ { print "ABSENT(" $$1 ", -19)"; next } \
	  /^[A-Za-z0-9_]+ (pointer|handle|count|bool|void)$$/ { print "ABSENT(" $$1 ", 0)"; next } \
	  { print FILENAME ": what is " $$0 "?" >"/dev/stderr"; exit 1 }' $< >$@

# Takes the names from the list whose functions have come.
missing: $(OUT)/archive.names
	awk 'NR == FNR { there[$$1]; next } !($$1 in there)' $< $(MISSING) >$(OUT)/missing.list
	cat $(OUT)/missing.list >$(MISSING)

ASSEMBLE = $(CC) $(BRANCH) $(CFLAGS) -I$(OUT) -Iabi
$(OUT)/missing.o: abi/missing.S abi/notes.S $(OUT)/missing.forwards Makefile
	$(ASSEMBLE) -c -o $@ -DMISSING='"missing.forwards"' $<

# Public names of the facades are private ones here, by aliases.
$(OUT)/core.map: abi/libwd.map Makefile
	@mkdir -p $(OUT)
	{ cat $<; echo '$(NODE) { global: __uadk_*; local: *; };'; } >$@
$(OUT)/core.aliases: $(FACADES:%=$(OUT)/%.names)
	LC_ALL=C sort -u $^ | sed 's/.*/-Wl,--defsym=__uadk_&=&/' >$@

# Nodelete: threads and fork handlers run code of the core until the process ends.
$(OUT)/libwd.so.2: $(ARCHIVE) $(addprefix $(OUT)/,missing.o core.map core.aliases) Makefile
	@$(if $(NUMA),,echo 'no libnuma.so.1 here: programs that need it and do not say so will not find it')
	$(CC) -shared -o $@ -Wl,-soname,$(@F) -Wl,--version-script=$(OUT)/core.map @$(OUT)/core.aliases \
	  -Wl,--whole-archive $(ARCHIVE) -Wl,--no-whole-archive $(OUT)/missing.o -Wl,--gc-sections \
	  $(HARDEN) -Wl,-z,nodelete $(LDFLAGS) $(if $(NUMA),-Wl$(comma)--no-as-needed $(NUMA) -Wl$(comma)--as-needed) \
	  -lgcc_s $(NATIVE) -lc

# The facades. The seed's names have a prefix of their own in the core.
$(OUT)/libwd0.o: PREFIX_IN_CORE = __uadk_v0_
PREFIX_IN_CORE = __uadk_
FACADE = $(ASSEMBLE) -DFORWARDS='"$*.forwards"'
$(OUT)/%.o: abi/facade.S abi/notes.S $(OUT)/%.forwards Makefile
	$(FACADE) -c -o $@ -DPREFIX=$(PREFIX_IN_CORE) $<
facade = $(CC) -shared -nostdlib -o $@ -Wl,-soname,$(@F) -Wl,--version-script=$(1) \
	  $(BESIDE) $(HARDEN) $(LDFLAGS) $(2) $(OUT)/libwd.so.2

$(FACADES:%=$(OUT)/%.so.2): $(OUT)/%.so.2: $(OUT)/%.o abi/%.map $(OUT)/libwd.so.2
	$(call facade,abi/$*.map,$<)
$(OUT)/libwd.so.0: $(OUT)/libwd0.o abi/libwd0.map $(OUT)/libwd.so.2
	$(call facade,abi/libwd0.map,$<)

# What programs of the seed API are linked with: the names of libwd.so.0 and nothing behind them.
# Linked with the library itself, each program would get GNU ld's warning that libwd.so.2, which the
# library needs, looks like another version of libwd.so.0. It lies in a directory of its own, since
# ldconfig takes it for the library, and libwarpdrive.so is a linker script that names it.
$(OUT)/stub/libwd.so.0: abi/facade.S abi/notes.S $(OUT)/libwd0.forwards abi/libwd0.map Makefile
	@mkdir -p $(@D)
	$(ASSEMBLE) -DFORWARDS='"libwd0.forwards"' -shared -nostdlib -o $@ -Wl,-soname,$(@F) \
	  -Wl,--version-script=abi/libwd0.map -Wl,-z,nodlopen $(HARDEN) $(LDFLAGS) $<

# Static libraries: one object that has the public names and no others, so that another Rust archive,
# or another deflate, can be in the same program.
static = $(CC) -r -nostdlib -o $(@:.a=.static.o) -Wl,--gc-sections @$(OUT)/$(1).roots $(2) && \
	  $(OBJCOPY) -R .llvmbc -R .llvmcmd --keep-global-symbols=$(OUT)/$(1).names $(@:.a=.static.o) && \
	  rm -f $@ && $(AR) rcs $@ $(@:.a=.static.o)
$(OUT)/libwd.a: $(ARCHIVE) $(OUT)/missing.o $(OUT)/uadk.roots
	$(call static,uadk,$(OUT)/missing.o $(ARCHIVE))
# UADK v1 has functions of the same names as the seed.
$(OUT)/libwd0.archive: $(ARCHIVE) $(OUT)/libwd0.names
	$(OBJCOPY) --weaken-symbols=$(OUT)/libwd0.names $(ARCHIVE) $@
$(OUT)/libwarpdrive.a: $(OUT)/libwd0.archive $(OUT)/libwd0.o $(OUT)/libwd0.roots
	$(call static,libwd0,$(OUT)/libwd0.o $(OUT)/libwd0.archive)

# All of libwd is in libwd.a, and the other static libraries are other names of it: whichever the
# linker comes to first serves all.
L = $(DESTDIR)$(LIBDIR)
fill = sed 's|@prefix@|$(PREFIX)|;s|@libdir@|$(LIBDIR)|;s|@includedir@|$(INCLUDEDIR)|;s|@private@|$(NATIVE)|;$(1)' \
	  pkgconfig/$(2).pc.in >$(L)/pkgconfig
install: install-lib install-tool
install-lib: lib
	install -d $(L)/pkgconfig $(L)/warpdrive $(L)/uadk $(DESTDIR)$(DOCDIR) \
	  $(DESTDIR)$(INCLUDEDIR)/warpdrive $(DESTDIR)$(INCLUDEDIR)/uadk/v1
	for l in libwd $(FACADES); do \
	  install -m 755 $(OUT)/$$l.so.2 $(L)/$$l.so.$(CORE) && $(STRIP) --strip-debug $(L)/$$l.so.$(CORE) && \
	  ln -sf $$l.so.$(CORE) $(L)/$$l.so.2 && ln -sf $$l.so.2 $(L)/$$l.so || exit 1; done
	install -m 644 $(OUT)/libwd.a $(OUT)/libwarpdrive.a $(L)
	$(STRIP) --strip-debug $(L)/libwd.a $(L)/libwarpdrive.a
	for l in $(FACADES); do ln -sf libwd.a $(L)/$$l.a || exit 1; done
	for d in $(DRIVERS); do ln -sf ../libwd.a $(L)/uadk/libhisi_$$d.a || exit 1; done
	install -m 755 $(OUT)/libwd.so.0 $(L)/libwd.so.$(SEED)
	install -m 755 $(OUT)/stub/libwd.so.0 $(L)/warpdrive/libwd.so.0
	install -m 755 $(OUT)/libwd_sim.so $(L)/libwd_sim.so
	$(STRIP) --strip-debug $(L)/libwd.so.$(SEED) $(L)/libwd_sim.so
	ln -sf libwd.so.$(SEED) $(L)/libwd.so.0
	echo 'INPUT ( $(LIBDIR)/warpdrive/libwd.so.0 )' >$(L)/libwarpdrive.so
	$(call fill,s|@version@|$(VERSION)|,warpdrive)/warpdrive.pc
	$(call fill,s|@version@|$(CORE)|,libwd)/libwd.pc
	$(call fill,s|@version@|$(CORE)|;s|@name@|wd_comp|;s|@what@|compression|,libwd_part)/libwd_comp.pc
	$(call fill,s|@version@|$(CORE)|;s|@name@|wd_crypto|;s|@what@|cryptography|,libwd_part)/libwd_crypto.pc
	install -m 644 include/warpdrive/*.h $(DESTDIR)$(INCLUDEDIR)/warpdrive
	install -m 644 include/uadk/*.h $(DESTDIR)$(INCLUDEDIR)/uadk
	install -m 644 include/uadk/v1/*.h $(DESTDIR)$(INCLUDEDIR)/uadk/v1
	install -m 644 LICENSE README.md CHANGELOG.md $(DESTDIR)$(DOCDIR)

# The tool. UADK's tool has options of its own, which it understands under that name.
PAGES      := $(TARGET_DIR)/$(PROFILE)/pages
# Where each shell looks for completions.
COMPLETE   := bash-completion/completions/wd zsh/site-functions/_wd fish/vendor_completions.d/wd.fish
tool:
	$(CARGO) build --locked --package warpdrive-tool $(MODE)
	rm -rf $(PAGES) && $(TARGET_DIR)/$(PROFILE)/wd pages $(PAGES)
install-tool: tool
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(SHAREDIR)/man/man1 \
	  $(addprefix $(DESTDIR)$(SHAREDIR)/,$(dir $(COMPLETE)))
	install -m 755 $(TARGET_DIR)/$(PROFILE)/wd $(DESTDIR)$(BINDIR) && $(STRIP) --strip-debug $(DESTDIR)$(BINDIR)/wd
	ln -sf wd $(DESTDIR)$(BINDIR)/uadk_tool
	install -m 644 $(PAGES)/man/*.1 $(DESTDIR)$(SHAREDIR)/man/man1
	install -m 644 $(PAGES)/completions/wd.bash $(DESTDIR)$(SHAREDIR)/$(word 1,$(COMPLETE))
	install -m 644 $(PAGES)/completions/_wd $(DESTDIR)$(SHAREDIR)/$(word 2,$(COMPLETE))
	install -m 644 $(PAGES)/completions/wd.fish $(DESTDIR)$(SHAREDIR)/$(word 3,$(COMPLETE))

# UADK's own directories may have more in them than is ours: plug-ins, headers of other algorithms.
uninstall:
	rm -f $(foreach l,libwd $(FACADES),$(addprefix $(L)/$l,.so.$(CORE) .so.2 .so .a)) \
	  $(addprefix $(L)/,libwd.so.$(SEED) libwd.so.0 libwarpdrive.so libwarpdrive.a libwd_sim.so) \
	  $(DRIVERS:%=$(L)/uadk/libhisi_%.a) \
	  $(patsubst %,$(L)/pkgconfig/%.pc,warpdrive libwd libwd_comp libwd_crypto) \
	  $(patsubst include/%,$(DESTDIR)$(INCLUDEDIR)/%,$(wildcard include/uadk/*.h include/uadk/v1/*.h))
	rm -f $(addprefix $(DESTDIR)$(BINDIR)/,wd uadk_tool) $(addprefix $(DESTDIR)$(SHAREDIR)/,$(COMPLETE)) \
	  $(DESTDIR)$(SHAREDIR)/man/man1/wd.1 $(DESTDIR)$(SHAREDIR)/man/man1/wd-*.1
	rm -rf $(L)/warpdrive $(DESTDIR)$(INCLUDEDIR)/warpdrive $(DESTDIR)$(DOCDIR)
	rmdir $(L)/uadk $(DESTDIR)$(INCLUDEDIR)/uadk/v1 $(DESTDIR)$(INCLUDEDIR)/uadk 2>/dev/null || true

# Headers. Another release of cbindgen may print them differently, so it is this one.
CBINDGEN_VERSION := 0.29.4
HEADERS          ?= include
cbindgen = $(shell for c in $(TARGET_DIR)/tools/bin/cbindgen cbindgen $${CARGO_HOME:-$$HOME/.cargo}/bin/cbindgen; do \
	[ "$$($$c --version 2>/dev/null)" = "cbindgen $(CBINDGEN_VERSION)" ] && echo $$c && break; done)
header = cat cbindgen.toml abi/headers/$(1).toml >$(TARGET_DIR)/$(1).toml && \
	$(cbindgen) --quiet --config $(TARGET_DIR)/$(1).toml $(2) | sed -z -E -f abi/headers/c89.sed >$(HEADERS)/warpdrive/$(1).h
UADK_HEADERS     := $(patsubst abi/headers/uadk/%.toml,%,$(wildcard abi/headers/uadk/*.toml abi/headers/uadk/v1/*.toml))

headers: cbindgen
	@mkdir -p $(HEADERS)/warpdrive $(HEADERS)/uadk/v1 $(TARGET_DIR)
	@$(call header,wd,abi/headers/wd.rs)
	@$(call header,hisi_qm_udrv,src/ctypes/v0/hisi_qm_udrv.rs)
	@$(call header,comp_hw,src/ctypes/v0/comp_hw.rs)
	@for h in $(UADK_HEADERS); do \
	  abi/headers/uadk.sh $(cbindgen) $(TARGET_DIR)/uadk $$h >$(HEADERS)/uadk/$$h.h || exit 1; done
cbindgen:
	@[ -n "$(cbindgen)" ] || $(CARGO) install cbindgen --version $(CBINDGEN_VERSION) --locked --root $(TARGET_DIR)/tools
# Fails where `headers` would have to install it.
has-cbindgen:
	@[ -n "$(cbindgen)" ]

# The prefix is inside the target directory, and is found there by its rpath.
DEMO := $(abspath $(TARGET_DIR))/demo
demo:
	@$(MAKE) --no-print-directory -s install-lib DESTDIR= PREFIX=$(DEMO)/prefix LIBDIR=$(DEMO)/prefix/lib \
	  INCLUDEDIR=$(DEMO)/prefix/include DOCDIR=$(DEMO)/prefix/share/doc
	@$(CARGO) build --quiet --locked --release --example gzip_alone
	@cp $(TARGET_DIR)/release/examples/gzip_alone $(DEMO)
	@CC="$(CC)" examples/demo.sh $(DEMO)

test: cargo-test
	$(MAKE) --no-print-directory faults SCHEDULE=$(or $(SCHEDULE),2)
	$(MAKE) --no-print-directory models skipped
cargo-test: tools
	@rm -f $(TARGET_DIR)/tmp/skipped
	$(CARGO) test --locked --workspace
test-programs:
	$(CARGO) test --locked --workspace --no-run
# The tests that were not done, and why.
skipped:
	@if [ -s $(TARGET_DIR)/tmp/skipped ]; then echo; sort -u $(TARGET_DIR)/tmp/skipped; fi
tools:
	@tests/tools.sh

# Optimised and with all checks. The seed is printed, and SCHEDULE= gives the same schedule again, whatever
# JOBS= says, which is how many rounds go on at once. ONLY= is a part of the names of the ways wanted.
N ?= 100000
faults:
	FAULTS_N=$(N) FAULTS_SEED=$(SCHEDULE) FAULTS_JOBS=$(JOBS) FAULTS_ONLY="$(ONLY)" \
	  $(CARGO) test --locked --profile faults --test faults

# New inputs go to the target directory; fuzz/corpus has the small ones that `make test` replays.
# RUNS counts what is in the corpora, too. FUZZ_BUILD is for cargo-fuzz: docs/reliability.md.
FOR     ?= 60
RUNS    ?=
FUZZ_BUILD ?=
FUZZED  ?= $(basename $(notdir $(wildcard fuzz/fuzz_targets/*.rs)))
fuzz:
	@set -e; for t in $(FUZZED); do mkdir -p $(TARGET_DIR)/fuzz/$$t fuzz/corpus/$$t; \
	  case $$t in api_*) len=1024;; *) len=4096;; esac; \
	  $(CARGO) +nightly fuzz run $(FUZZ_BUILD) $$t $(TARGET_DIR)/fuzz/$$t fuzz/corpus/$$t -- \
	    $(if $(RUNS),-runs=$(RUNS),-max_total_time=$(FOR)) -max_len=$$len -timeout=20; done

# The libraries on real kernels, in emulated machines: tests/vm/README.md.
KERNELS ?= 6.1 6.12
test-vm:
	@tests/vm/run.sh $(KERNELS)
vm:
	@tests/vm/run.sh --prepare $(KERNELS)

# What needs real mappings, signals or system calls is marked in the tests and left out. `MIRI=` runs
# the tests of all modules, which takes long.
MIRI ?= $(addprefix sys::,copy fork gate lock shared slots table)
miri:
	@if $(CARGO) +nightly miri --version >/dev/null 2>&1; then \
	  MIRIFLAGS=-Zmiri-disable-isolation PROPTEST_CASES=4 $(CARGO) +nightly miri test --locked --lib --target-dir $(TARGET_DIR)/miri -- $(MIRI); \
	else echo "skipped: miri: no nightly toolchain with the component miri here"; fi

# The sources with loom's atomics instead of the processor's: src/sys/atomic.rs.
models:
	RUSTFLAGS="$(RUSTFLAGS) --cfg models" $(CARGO) test --locked --lib --target-dir $(TARGET_DIR)/models models:: -- --nocapture

# The C programs and the libraries under the sanitizers: tests/sanitize.sh tells what is needed.
SANITIZERS ?= address thread
sanitize:
	@CARGO="$(CARGO)" CC="$(CC)" tests/sanitize.sh $(SANITIZERS)

# Licences and sources of the crates. `cargo deny check advisories` looks for known holes, and needs
# the network.
deny:
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny --workspace check licenses bans sources; \
	else echo "skipped: deny: no cargo-deny here"; fi

# With PEER=DIR the C libwd 2.10 in DIR is measured too. Table, plots and the line of targets go to
# docs/performance.md; RESULTS= makes them again of what was measured before.
BENCH   := $(abspath $(TARGET_DIR))/bench
RESULTS ?=
bench: $(if $(RESULTS),,measure)
	$(CARGO) run --quiet --locked --package warpdrive-tool --example performance -- $(or $(RESULTS),$(BENCH)/results) docs
measure:
	@$(MAKE) --no-print-directory -s install-lib DESTDIR= PREFIX=$(BENCH) LIBDIR=$(BENCH)/lib \
	  INCLUDEDIR=$(BENCH)/include DOCDIR=$(BENCH)/share/doc
	@CC="$(CC)" PEER="$(PEER)" benches/run.sh $(BENCH) $(BENCH)/results

check:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS=-Dwarnings $(CARGO) doc --locked --workspace --no-deps --document-private-items
	$(CARGO) test --locked --test layers
	@rm -rf $(TARGET_DIR)/headers
	@$(MAKE) --no-print-directory headers HEADERS=$(TARGET_DIR)/headers
	diff -r include $(TARGET_DIR)/headers

clean:
	$(CARGO) clean

FORCE:
.PHONY: all lib missing tool install install-lib install-tool uninstall headers cbindgen has-cbindgen demo test cargo-test test-programs skipped test-vm vm tools faults fuzz miri models sanitize deny bench measure check clean FORCE
.DELETE_ON_ERROR:
.SECONDARY:
