# win-xenprep: make, make check, make demo, make install, make help
#
# Each of the two builds is ninja's; this only says what to build.  The first
# call of make configures, and so does the first one after configure or the
# patches of QEMU were changed.
#
# QEMU=VERSION is for another version of QEMU than the one that configure chose,
# with any target; it is configured beside that one.
#
# SPDX-License-Identifier: GPL-2.0-or-later

SHELL := /bin/bash

.PHONY: all helper qemu links check check-matrix check-crash \
        bench-hostile check-sanitizers check-upstream emulator \
        packages-emulator demo programs install uninstall dist deb clean packages-deb \
        check-all-qemu check-series check-docs packages-docs \
        check-clang packages-clang \
        distclean format packages-test packages-check packages-matrix \
        bench-jail check-fuzz packages-fuzz analyze bench \
        packages-bench check-pipelines packages-pipelines man \
        packages-man help

all: helper qemu

# These work without a configured tree.
without_config := help format clean distclean check-all-qemu dist deb packages-deb
config := build/$(if $(QEMU),qemu-$(QEMU)/)config.mk
ifneq ($(filter-out $(without_config),$(or $(MAKECMDGOALS),all)),)
include $(config)
else
-include $(wildcard $(config))
endif

configure_parts := configure \
    $(wildcard scripts/* qemu-patches/* qemu-patches/*/*)

build/config.mk: $(configure_parts)
	@./configure --again

build/qemu-%/config.mk: $(configure_parts)
	@./configure --again --qemu=$*

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

packages-emulator:
	@scripts/packages emulator

packages-matrix:
	@scripts/packages test check matrix

packages-fuzz:
	@scripts/packages test fuzz

packages-bench:
	@scripts/packages test bench

# Whoever has systemd decides for themselves whether they want an sshd.
packages-pipelines:
	@scripts/packages test check pipelines \
	    $(if $(wildcard /run/systemd/system),,daemons)

ifneq ($(filter-out 0 no,$(SANITIZE)),)
check: check-sanitizers
else
check: packages-check all
	@$(PYTHON) tests/run-tests --qemu=$(QEMU_VERSION) $(TESTS)
endif

# All of that with every QEMU that there are patches for.
qemu_versions := $(shell basename -s .series qemu-patches/*.series | sort -V)

check-all-qemu:
	@failed=; \
	for version in $(qemu_versions); do \
	    echo "QEMU $$version"; \
	    $(MAKE) --no-print-directory check QEMU=$$version || \
	        failed="$$failed $$version"; \
	done; \
	if [ -n "$$failed" ]; then echo "failed with QEMU$$failed"; exit 1; fi

# Each patch of the series applies, builds and has QEMU's style, one by one.
check-series: all
	@scripts/check-series $(QEMU_VERSION)

packages-clang:
	@scripts/packages clang

# clang with the locks of the block graph, which QEMU 8.0 and newer have.
check-clang: packages-clang all
	@scripts/check-clang $(QEMU_VERSION)

packages-docs:
	@scripts/packages docs

# QEMU's manual with the patches renders without warnings.
check-docs: packages-docs all
	@scripts/check-docs $(QEMU_VERSION)

# Every combination of what "make check" tests pair by pair, and Linux's ntfs3
# as a judge.
check-matrix: packages-matrix all
	@$(PYTHON) tests/run-tests --qemu=$(QEMU_VERSION) full-matrix ntfs3

# win-xenfix ended at every point of its work, on images of every format.
check-crash: packages-check all
	@$(PYTHON) tests/run-tests --qemu=$(QEMU_VERSION) crash/full

# What users do with the tools, with the real programs that they do it with;
# of "make check" what belongs to that.
pipeline_tests := pipelines/ build/install \
    iotests/win-xenprep-report iotests/win-xenfix-report
check-pipelines: packages-pipelines all
	@$(PYTHON) tests/run-tests --qemu=$(QEMU_VERSION) \
	    $(if $(TESTS),$(addprefix pipelines/,$(TESTS)),$(pipeline_tests))

# QEMU's own image tests, with the patched tools and without the patches;
# EMULATOR=yes builds two emulators for those that start a machine.
emulators := $(filter-out 0 no,$(EMULATOR))
check-upstream: packages-test $(if $(emulators),packages-emulator) all
	@$(PYTHON) scripts/check-upstream $(if $(emulators),--emulator) \
	    build/qemu-$(QEMU_VERSION) $(TESTS)

# A system emulator with the driver, for the tests that start a machine.
emulator: packages-emulator all
	@scripts/build-beside build/qemu-$(QEMU_VERSION) emulator

# Disks whose metadata is damaged, or whose end is cut off, by chance; SEED=
# makes others, COUNT= says how many.
bench-hostile: packages-check all
	@SEED='$(SEED)' COUNT='$(COUNT)' JSON='$(or $(JSON),build/hostile.json)' \
	    QEMU=$(QEMU_VERSION) $(PYTHON) tests/bench/run-hostile bench

# Tests of the engine and of the tools under ASan, LSan and UBSan, in builds
# of their own.
check-sanitizers: packages-check helper links
	@scripts/check-sanitizers $(QEMU_VERSION) $(TESTS)

# What preparing costs, beside plain qemu-img convert; no figure makes it fail.
# RUNS= of each case, SCALE= of the guests (1: 10 GiB in build/bench), JSON=
bench: packages-bench all
	@XENPREP_QEMU=$(CURDIR)/$(qemu_build) $(PYTHON) tests/bench/run-bench \
	    --scale '$(SCALE)' --runs '$(RUNS)' --json '$(JSON)'

# What the helper's jail costs, with and without it in one run.
bench-jail: packages-test helper
	@$(PYTHON) tests/bench/run-jail $(helper_binary) \
	    build/fixer/tests/guests/guest-populate

# Every fuzz target for a minute, two at a time; FUZZ_SECONDS, FUZZ_TARGETS.
check-fuzz: packages-fuzz all
	@$(PYTHON) scripts/check-fuzz $(QEMU_VERSION) $(FUZZ_TARGETS)

# What the compilers' static analysers say, and docs/analyzer.rst answers.
analyze: packages-fuzz all
	@$(PYTHON) scripts/analyze $(QEMU_VERSION)

# The manual pages; a warning is an error.
pages := $(patsubst docs/man/%.rst,build/man/%,$(wildcard docs/man/*.rst))
make_page = $(PYTHON) -m docutils --writer=manpage --report=info --halt=info

packages-man:
	@scripts/packages man

man: packages-man $(pages)

build/man/%: docs/man/%.rst
	@mkdir -p $(@D)
	$(make_page) $< $@

demo: packages-test all
	@$(PYTHON) scripts/demo $(QEMU_VERSION)

# Below the prefix; each can be set on the command line.  The tools look for the
# helper in ../libexec and for QEMU's modules in ../lib/qemu; win-xenprep-fleet,
# in commanddir, for its parts in ../share/win-xenprep and for the tools beside
# itself or in ../lib/win-xenprep/bin.
bindir := $(PREFIX)/bin
libexecdir := $(PREFIX)/libexec
moduledir := $(PREFIX)/lib/qemu
commanddir := $(bindir)
datadir := $(PREFIX)/share
sharedir := $(datadir)/win-xenprep
mandir := $(datadir)/man
completiondir := $(datadir)/bash-completion/completions
docdir := $(datadir)/doc/win-xenprep

# A machine that cannot make the manual pages goes without.  They are made where
# they belong: who installs as root owns nothing in build by that.
ifneq ($(and $(PYTHON),$(filter install,$(MAKECMDGOALS))),)
ifeq ($(shell $(PYTHON) -c 'import docutils' 2>&- || echo missing),)
installed_pages := $(pages)
else
$(warning no manual pages are installed: they need python3-docutils)
endif
endif

completions := $(wildcard scripts/completion/*)
put := install -m 644 -t
put_programs := install -m 755 -t

# All that is installed, and nothing else of the tree.
programs: links
	$(NINJA) -C build/fixer $(helper_binary:build/fixer/%=%)
	$(NINJA) -C $(qemu_build) $(tool_targets) $(if $(MODULES),modules)

install: programs
	install -d $(addprefix $(DESTDIR),$(bindir) $(libexecdir) $(docdir)/docs \
	    $(docdir)/profiles $(commanddir) $(sharedir)/xenprep_fleet)
	$(put_programs) $(DESTDIR)$(bindir) \
	    $(addprefix $(qemu_build)/,$(tool_targets))
	$(put_programs) $(DESTDIR)$(libexecdir) $(helper_binary)
	$(put_programs) $(DESTDIR)$(commanddir) fleet/win-xenprep-fleet
	$(put_programs) $(DESTDIR)$(sharedir) fleet/*.sbatch
	$(put) $(DESTDIR)$(sharedir)/xenprep_fleet fleet/xenprep_fleet/*.py
	$(put) $(DESTDIR)$(docdir) README.md SECURITY.md
	$(put) $(DESTDIR)$(docdir)/docs docs/*.rst
	$(put) $(DESTDIR)$(docdir)/profiles fixer/profiles/*.{profile,machine,reg}
ifdef MODULES
	install -d $(DESTDIR)$(moduledir)
	$(put) $(DESTDIR)$(moduledir) $(qemu_build)/block-*.so
endif
ifneq ($(completions),)
	install -d $(DESTDIR)$(completiondir)
	$(put) $(DESTDIR)$(completiondir) $(completions)
endif
	umask 022; for page in $(notdir $(installed_pages)); do \
	    section=$(DESTDIR)$(mandir)/man$${page##*.}; \
	    mkdir -p $$section && \
	    $(make_page) docs/man/$$page.rst $$section/$$page || exit; \
	done

uninstall:
	rm -f $(addprefix $(DESTDIR)$(bindir)/,$(notdir $(tool_targets))) \
	    $(DESTDIR)$(libexecdir)/win-xenprep-helper \
	    $(if $(MODULES),$(DESTDIR)$(moduledir)/block-*.so) \
	    $(DESTDIR)$(commanddir)/win-xenprep-fleet \
	    $(patsubst fleet/%,$(DESTDIR)$(sharedir)/%,$(wildcard \
	        fleet/*.sbatch fleet/xenprep_fleet/*.py)) \
	    $(addprefix $(DESTDIR)$(completiondir)/,$(notdir $(completions))) \
	    $(addprefix $(DESTDIR)$(docdir)/,README.md SECURITY.md) \
	    $(addprefix $(DESTDIR)$(docdir)/,$(wildcard docs/*.rst)) \
	    $(patsubst fixer/%,$(DESTDIR)$(docdir)/%,$(wildcard \
	        $(addprefix fixer/profiles/*.,profile machine reg)))
	for page in $(notdir $(pages)); do \
	    rm -f $(DESTDIR)$(mandir)/man$${page##*.}/$$page; \
	done
	for dir in $(docdir)/docs $(docdir)/profiles $(docdir) \
	    $(sharedir)/xenprep_fleet $(sharedir); do \
	    test ! -d $(DESTDIR)$$dir || \
	        rmdir --ignore-fail-on-non-empty $(DESTDIR)$$dir; \
	done

# A source tarball of what git tracks.
dist:
	@scripts/dist

# The Debian package, into build/deb.
packages-deb:
	@scripts/make-deb --packages

deb:
	@scripts/make-deb $(QEMU)

clean:
	@for dir in build/fixer build/qemu-*/build; do \
	    test ! -f $$dir/build.ninja || ninja -C $$dir -t clean; \
	done
	rm -rf build/guests build/demo build/tests build/sanitize* build/fuzz* \
	    build/upstream-* build/bench build/man build/deb \
	    build/win-xenprep-*.tar.xz build/qemu-*/each \
	    build/qemu-*/clang* build/qemu-*/docs build/qemu-*/unpatched* build/qemu-*/emulator

distclean:
	rm -rf build

format:
	@scripts/format

help:
	@echo 'make            build the patched QEMU tools and their helper'
	@echo 'make check      run all tests; TESTS="NAME..." some of them'
	@echo 'make check-all-qemu    the same with every version of QEMU'
	@echo 'make check-series      each patch builds alone; takes a while'
	@echo "make check-clang       QEMU's locks, checked by clang"
	@echo "make check-docs        QEMU's manual renders with the patches"
	@echo 'make check-matrix      every Windows, driver source, disk layout'
	@echo '                       and shape of a volume'
	@echo 'make check-crash       win-xenfix ended at every point of its work'
	@echo 'make check-pipelines   packages, manuals, fleets, with real tools'
	@echo 'make bench-hostile     5,500 damaged disks; SEED=, COUNT='
	@echo 'make check SANITIZE=1  tests of engine and tools under ASan and UBSan'
	@echo 'make bench      speed beside plain qemu-img; SCALE=, RUNS=, JSON='
	@echo 'make bench-jail what the jail of the helper costs'
	@echo "make check-upstream    QEMU's own image tests, with the patches"
	@echo '                       and without; EMULATOR=yes: all of them'
	@echo 'make emulator   qemu-system-x86_64 with the driver, for tests'
	@echo 'make check-fuzz        every fuzz target for FUZZ_SECONDS (60)'
	@echo 'make analyze    static analysers of gcc and clang'
	@echo 'make demo       prepare a sample VMware disk, and show the result'
	@echo 'make man        the manual pages, into build/man'
	@echo 'make install    install below the prefix (DESTDIR is honoured)'
	@echo 'make uninstall  remove what was installed'
	@echo 'make deb        a Debian package, into build/deb'
	@echo 'make dist       a source tarball, build/win-xenprep-VERSION.tar.xz'
	@echo 'make format     clang-format our own C files'
	@echo 'make clean      remove what was built; distclean: all of build/'
	@echo 'QEMU=VERSION, with any of these: $(qemu_versions)'
	@echo './configure --help tells how to choose the prefix and the QEMU.'
