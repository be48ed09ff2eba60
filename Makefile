# win-xenprep: make, make check, make demo, make install, make help
#
# Each of the two builds is ninja's; this only says what to build.  The first
# call of make configures, and so does the first one after configure or the
# patches of QEMU were changed.
#
# SPDX-License-Identifier: GPL-2.0-or-later

SHELL := /bin/bash

.PHONY: all helper qemu links check check-matrix check-crash \
        bench-hostile check-sanitizers demo install uninstall clean \
        distclean format packages-test packages-check packages-matrix \
        bench-jail check-fuzz packages-fuzz help

all: helper qemu

# These work without a configured tree.
without_config := help format clean distclean
ifneq ($(filter-out $(without_config),$(or $(MAKECMDGOALS),all)),)
include build/config.mk
else
-include $(wildcard build/config.mk)
endif

build/config.mk: configure $(wildcard scripts/* qemu-patches/* qemu-patches/*/*)
	@./configure --again

# "make -jN" is for ninja; make itself never runs two of them at once.
.NOTPARALLEL:
NINJA = ninja $(filter-out -j,$(filter -j%,$(MAKEFLAGS))) $(if $(V),-v)

qemu_build := build/qemu-$(QEMU_VERSION)/build
tool_targets := qemu-img qemu-nbd qemu-io win-xenfix \
    storage-daemon/qemu-storage-daemon
helper_binary := build/fixer/fixer/win-xenprep-helper

helper:
	$(NINJA) -C build/fixer

links:
	@scripts/link-files $(QEMU_VERSION) $(PREFIX)

qemu: links
	$(NINJA) -C $(qemu_build) $(tool_targets)

# Packages without which tests are skipped.
packages-test:
	@scripts/packages test

packages-check:
	@scripts/packages test check

packages-matrix:
	@scripts/packages test check matrix

packages-fuzz:
	@scripts/packages test fuzz

check: packages-check all
	@$(PYTHON) tests/run-tests $(TESTS)

# Every combination of what "make check" tests pair by pair, and Linux's ntfs3
# as a judge.
check-matrix: packages-matrix all
	@$(PYTHON) tests/run-tests full-matrix ntfs3

# win-xenfix ended at every point of its work, on images of every format.
check-crash: packages-check all
	@$(PYTHON) tests/run-tests crash/full

# Disks whose metadata is damaged, or whose end is cut off, by chance; SEED=
# makes others, COUNT= says how many.
bench-hostile: packages-check all
	@SEED='$(SEED)' COUNT='$(COUNT)' JSON='$(or $(JSON),build/hostile.json)' \
	    $(PYTHON) tests/bench/run-hostile bench

# The engine's tests under ASan and UBSan, in a build of their own.
check-sanitizers: packages-check helper
	@scripts/check-sanitizers $(TESTS)

# What the helper's jail costs, with and without it in one run.
bench-jail: packages-test helper
	@$(PYTHON) tests/bench/run-jail $(helper_binary) \
	    build/fixer/tests/guests/guest-populate

# Every fuzz target for a minute, two at a time; FUZZ_SECONDS, FUZZ_TARGETS.
check-fuzz: packages-fuzz all
	@$(PYTHON) scripts/check-fuzz $(FUZZ_TARGETS)

demo: packages-test all
	@$(PYTHON) scripts/demo $(QEMU_VERSION)

bindir := $(DESTDIR)$(PREFIX)/bin
libexecdir := $(DESTDIR)$(PREFIX)/libexec

install: all
	install -d $(bindir) $(libexecdir)
	install -m 755 $(addprefix $(qemu_build)/,$(tool_targets)) $(bindir)
	install -m 755 $(helper_binary) $(libexecdir)

uninstall:
	rm -f $(addprefix $(bindir)/,$(notdir $(tool_targets))) \
	    $(libexecdir)/win-xenprep-helper

clean:
	@for dir in build/fixer build/qemu-*/build; do \
	    test ! -f $$dir/build.ninja || ninja -C $$dir -t clean; \
	done
	rm -rf build/guests build/demo build/tests build/sanitize* build/fuzz*

distclean:
	rm -rf build

format:
	@scripts/format

help:
	@echo 'make            build the patched QEMU tools and their helper'
	@echo 'make check      run all tests; TESTS="NAME..." some of them'
	@echo 'make check-matrix      every Windows, driver source, disk layout'
	@echo '                       and shape of a volume'
	@echo 'make check-crash       win-xenfix ended at every point of its work'
	@echo 'make bench-hostile     5,500 damaged disks; SEED=, COUNT='
	@echo 'make check-sanitizers  tests of the engine under ASan and UBSan'
	@echo 'make bench-jail what the jail of the helper costs'
	@echo 'make check-fuzz        every fuzz target for FUZZ_SECONDS (60)'
	@echo 'make demo       prepare a sample VMware disk, and show the result'
	@echo 'make install    install below the prefix (DESTDIR is honoured)'
	@echo 'make uninstall  remove what was installed'
	@echo 'make format     clang-format our own C files'
	@echo 'make clean      remove what was built; distclean: all of build/'
	@echo './configure --help tells how to choose the prefix and the QEMU.'
