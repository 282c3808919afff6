# Builds the C libraries from the one archive that cargo makes, and runs everything else.
#
#   make demo      compress a file of 64 MB through a simulated device, and check it with gzip
#   make test      all tests           make check    formatting, lints, documents, headers, floors
#   make test-vm   the libraries on real kernels, in emulated machines (KERNELS="6.1 6.12")
#   make lib       the libraries       make headers  include/, from the Rust sources
#   make install   PREFIX, LIBDIR, INCLUDEDIR, DESTDIR   (and uninstall)
#   make bench     benchmarks          make miri     unit tests under Miri, where it is installed
#   make clean
#
# rustc gives every cdylib a version script of its own, and GNU ld takes only one: so the shared
# libraries are linked here, by the C compiler. docs/abi.md tells what they are.

PROFILE    ?= release
PREFIX     ?= /usr/local
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DOCDIR     ?= $(PREFIX)/share/doc/warpdrive
CARGO      ?= cargo
STRIP      ?= strip
OBJCOPY    ?= objcopy
SHELL      := /bin/bash -o pipefail

comma      := ,
# The package; the core, which will have the ABI of this release of libwd; and the seed API.
VERSION    := $(shell sed -n '/^version/{s/.*"\(.*\)"/\1/p;q}' Cargo.toml)
CORE       := 2.10.0
SEED       := 0.1.0
# The names that libraries of one build have for each other. With the full version, so that
# half an upgrade does not load instead of misbehaving.
NODE       := UADK_PRIVATE_$(subst .,_,$(CORE))

TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
OUT        := $(TARGET_DIR)/$(PROFILE)/so
ARCHIVE    := $(TARGET_DIR)/$(PROFILE)/libwarpdrive.a
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

all: lib
lib: $(addprefix $(OUT)/,libwd.so.2 libwd.so.0 stub/libwd.so.0 libwd.a)

$(ARCHIVE): FORCE
	$(CARGO) rustc --locked --lib --crate-type staticlib $(MODE)

# Nodelete: threads and fork handlers run code of the core until the process ends.
$(OUT)/libwd.so.2: $(ARCHIVE) Makefile
	@mkdir -p $(OUT)
	echo '$(NODE) { global: __uadk_*; local: *; };' >$(OUT)/core.map
	$(CC) -shared -o $@ -Wl,-soname,$(@F) -Wl,--version-script=$(OUT)/core.map \
	  -Wl,--whole-archive $(ARCHIVE) -Wl,--no-whole-archive -Wl,--gc-sections \
	  $(HARDEN) -Wl,-z,nodelete $(LDFLAGS) -lgcc_s $(NATIVE) -lc

# Three lists of the same names: for the assembler, the linker and objcopy.
$(OUT)/libwd0.names: abi/libwd0.map
	@mkdir -p $(OUT)
	sed -n 's/^[[:space:]]*\([A-Za-z_][A-Za-z0-9_]*\);$$/\1/p' $< >$@
$(OUT)/libwd0.forwards: $(OUT)/libwd0.names
	sed 's/.*/FORWARD(&)/' $< >$@
$(OUT)/libwd0.roots: $(OUT)/libwd0.names
	sed 's/^/-Wl,-u,/' $< >$@

FACADE = $(CC) $(BRANCH) $(CFLAGS) -DFORWARDS='"libwd0.forwards"' -I$(OUT)
$(OUT)/facade0.o: abi/facade.S $(OUT)/libwd0.forwards Makefile
	$(FACADE) -c -o $@ -DPREFIX=__uadk_v0_ $<

$(OUT)/libwd.so.0: $(OUT)/facade0.o abi/libwd0.map $(OUT)/libwd.so.2
	$(CC) -shared -nostdlib -o $@ -Wl,-soname,$(@F) -Wl,--version-script=abi/libwd0.map \
	  $(BESIDE) $(HARDEN) $(LDFLAGS) $(OUT)/facade0.o $(OUT)/libwd.so.2

# What programs are linked with: the names of libwd.so.0 and nothing behind them. Linked with the
# library itself, each program would get GNU ld's warning that libwd.so.2, which the library
# needs, looks like another version of libwd.so.0. It lies in a directory of its own, since
# ldconfig takes it for the library, and libwarpdrive.so is a linker script that names it.
$(OUT)/stub/libwd.so.0: abi/facade.S $(OUT)/libwd0.forwards abi/libwd0.map Makefile
	@mkdir -p $(@D)
	$(FACADE) -shared -nostdlib -o $@ -Wl,-soname,$(@F) -Wl,--version-script=abi/libwd0.map \
	  -Wl,-z,nodlopen $(HARDEN) $(LDFLAGS) $<

# One object that has the public names and no others, so that another Rust archive, or another
# deflate, can be in the same program.
$(OUT)/libwd.a: $(ARCHIVE) $(OUT)/facade0.o $(OUT)/libwd0.roots
	$(CC) -r -nostdlib -o $(OUT)/libwd.o -Wl,--gc-sections @$(OUT)/libwd0.roots $(OUT)/facade0.o $(ARCHIVE)
	$(OBJCOPY) -R .llvmbc -R .llvmcmd --keep-global-symbols=$(OUT)/libwd0.names $(OUT)/libwd.o
	rm -f $@
	$(AR) rcs $@ $(OUT)/libwd.o

# libwd.so.0 is the only API there is so far, so it has the name libwd.so too.
L = $(DESTDIR)$(LIBDIR)
install: lib
	install -d $(L)/pkgconfig $(L)/warpdrive $(DESTDIR)$(INCLUDEDIR)/warpdrive $(DESTDIR)$(DOCDIR)
	install -m 755 $(OUT)/libwd.so.2 $(L)/libwd.so.$(CORE)
	install -m 755 $(OUT)/libwd.so.0 $(L)/libwd.so.$(SEED)
	install -m 755 $(OUT)/stub/libwd.so.0 $(L)/warpdrive/libwd.so.0
	echo 'INPUT ( $(LIBDIR)/warpdrive/libwd.so.0 )' >$(L)/libwarpdrive.so
	install -m 644 $(OUT)/libwd.a $(L)/libwd.a
	$(STRIP) --strip-debug $(L)/libwd.so.$(CORE) $(L)/libwd.so.$(SEED) $(L)/libwd.a
	ln -sf libwd.so.$(CORE) $(L)/libwd.so.2
	ln -sf libwd.so.$(SEED) $(L)/libwd.so.0
	ln -sf libwd.so.0 $(L)/libwd.so
	ln -sf libwd.a $(L)/libwarpdrive.a
	sed 's|@prefix@|$(PREFIX)|;s|@libdir@|$(LIBDIR)|;s|@includedir@|$(INCLUDEDIR)|;s|@version@|$(VERSION)|;s|@private@|$(NATIVE)|' \
	  pkgconfig/warpdrive.pc.in >$(L)/pkgconfig/warpdrive.pc
	install -m 644 include/warpdrive/*.h $(DESTDIR)$(INCLUDEDIR)/warpdrive
	install -m 644 LICENSE README.md CHANGELOG.md $(DESTDIR)$(DOCDIR)

uninstall:
	rm -f $(addprefix $(L)/,libwd.so.$(CORE) libwd.so.2 libwd.so.$(SEED) libwd.so.0 libwd.so \
	  libwarpdrive.so libwd.a libwarpdrive.a pkgconfig/warpdrive.pc)
	rm -rf $(L)/warpdrive $(DESTDIR)$(INCLUDEDIR)/warpdrive $(DESTDIR)$(DOCDIR)

# Headers. Another release of cbindgen may print them differently, so it is this one.
CBINDGEN_VERSION := 0.29.4
HEADERS          ?= include/warpdrive
cbindgen = $(shell for c in $(TARGET_DIR)/tools/bin/cbindgen cbindgen $${CARGO_HOME:-$$HOME/.cargo}/bin/cbindgen; do \
	[ "$$($$c --version 2>/dev/null)" = "cbindgen $(CBINDGEN_VERSION)" ] && echo $$c && break; done)
header = cat cbindgen.toml abi/headers/$(1).toml >$(TARGET_DIR)/$(1).toml && \
	$(cbindgen) --quiet --config $(TARGET_DIR)/$(1).toml $(2) | sed -z -E -f abi/headers/c89.sed >$(HEADERS)/$(1).h

headers: cbindgen
	@mkdir -p $(HEADERS) $(TARGET_DIR)
	@$(call header,wd,abi/headers/wd.rs)
	@$(call header,hisi_qm_udrv,src/ctypes/v0/hisi_qm_udrv.rs)
	@$(call header,comp_hw,src/ctypes/v0/comp_hw.rs)
cbindgen:
	@[ -n "$(cbindgen)" ] || $(CARGO) install cbindgen --version $(CBINDGEN_VERSION) --locked --root $(TARGET_DIR)/tools
# Fails where `headers` would have to install it.
has-cbindgen:
	@[ -n "$(cbindgen)" ]

# The prefix is inside the target directory, and is found there by its rpath.
DEMO := $(abspath $(TARGET_DIR))/demo
demo:
	@$(MAKE) --no-print-directory -s install DESTDIR= PREFIX=$(DEMO)/prefix LIBDIR=$(DEMO)/prefix/lib \
	  INCLUDEDIR=$(DEMO)/prefix/include DOCDIR=$(DEMO)/prefix/share/doc
	@$(CARGO) build --quiet --locked --release --example gzip_alone
	@cp $(TARGET_DIR)/release/examples/gzip_alone $(DEMO)
	@CC="$(CC)" examples/demo.sh $(DEMO)

test: tools
	@rm -f $(TARGET_DIR)/tmp/skipped
	$(CARGO) test --locked
	@if [ -s $(TARGET_DIR)/tmp/skipped ]; then echo; sort -u $(TARGET_DIR)/tmp/skipped; fi
tools:
	@tests/tools.sh

# The libraries on real kernels, in emulated machines: tests/vm/README.md.
KERNELS ?= 6.1 6.12
test-vm:
	@tests/vm/run.sh $(KERNELS)

# What needs real mappings, signals or system calls is marked in the tests and left out.
miri:
	@if $(CARGO) +nightly miri --version >/dev/null 2>&1; then \
	  MIRIFLAGS=-Zmiri-disable-isolation PROPTEST_CASES=4 $(CARGO) +nightly miri test --locked --lib; \
	else echo "skipped: miri: no nightly toolchain with the component miri here"; fi

bench:
	$(CARGO) bench --locked --benches

check:
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS=-Dwarnings $(CARGO) doc --locked --no-deps --document-private-items
	$(CARGO) test --locked --test layers
	@rm -rf $(TARGET_DIR)/headers
	@$(MAKE) --no-print-directory headers HEADERS=$(TARGET_DIR)/headers
	diff -r include/warpdrive $(TARGET_DIR)/headers

clean:
	$(CARGO) clean

FORCE:
.PHONY: all lib install uninstall headers cbindgen has-cbindgen demo test test-vm tools miri bench check clean FORCE
.DELETE_ON_ERROR:
