# SPDX-License-Identifier: GPL-2.0
#
# Entry points.  The work is done by scripts/, each of which can be run alone and
# says in its header what it does; `make help` lists what there is.

BUILD ?= build
MACHINE ?= versatilepb
SCENARIO ?= quick
# The kernel's make refuses such paths; rm would take a part of one for another.
ifneq ($(words $(CURDIR)x$(subst :, ,$(BUILD))x),1)
$(error no blank in the path of this repository, no blank or colon in BUILD: "$(CURDIR)", "$(BUILD)")
endif
override BUILD := $(abspath $(BUILD))
ifeq ($(origin KERNEL)$(KERNEL),command line)
$(error KERNEL= names no kernel tree: leave it away for build/linux)
endif
# nor is this repository, or a folder that it is in, one that may be removed
ifneq ($(filter $(BUILD) $(BUILD:/=)/%,$(CURDIR)),)
$(error BUILD is a folder for what is built, not this repository or around it: "$(BUILD)")
endif
export BUILD
export DISCARD STEP BASE_TARBALL BASE_ANY BUSYBOX MDADM_ROOT JOBS
# all others work on build/linux
unexport KERNEL
tree: export KERNEL := $(KERNEL)

# The user's -j is not for these scripts: they take JOBS, the number of CPUs.
.NOTPARALLEL:
.PHONY: help run test test-raid test-all check bench compare series tree refresh roundtrip menuconfig clean \
	distclean

help:
	@sed -n 's/^#? \{0,1\}//p' Makefile

#? Targets:                                                  first time / again
#?   make run         build the kernel, boot it, test it          4 min / 31 s
#?                    MACHINE=versatilepb SCENARIO=quick
#?   make test        the tests; ends with "N passed, N failed"   37 min
#?   make test-raid   md RAID 5 and 6 on simulated engines: all of its scenarios,
#?                    most of them in all modes: hours
#?   make test-all    make test, then the same objects for arm64, PowerPC, MIPS
#?                    and by clang, each commit with all files, and dmatest on
#?                    other engines: more than two hours; only these:
#?                    make test-all STEP="deps tree matrix link pl330 zynqmp"
#?   make check       checks of the series; builds every commit, boots some:
#?                    an hour
#?   make tree        compose the series to build/linux           90 s / 1 s
#?   make compare     base and series on the same guests, side by side: what
#?                    leaks, what is wrong; build/compare/table.txt.  This and
#?                    make bench take half an hour and 6 GiB more
#?   make bench       what it costs, in instructions: base and series, tables
#?                    and plots in build/bench
#?   make series      the mails, with a cover letter, to build/series   5 s
#?   make refresh     write the commits of build/linux back here        2 s
#?   make roundtrip   compose, mail, git am: the same trees            15 s
#?   make menuconfig  look at the kernel configuration of make run     10 s
#?   make clean       remove what was built, keep downloads             1 s
#?   make distclean   remove build/                                     1 s
#?
#? Variables:
#?   KERNEL=DIR       make tree: compose onto that kernel tree instead
#?   DISCARD=1        make tree, refresh: give up edits that are in the way
#?   STEP="NAME ..."  make test, test-raid, test-all, check: only these steps
#?                    (scripts/*.list)
#?   BASE_TARBALL=F   use this base tarball; BASE_ANY=1 accepts any hash
#?   BUSYBOX=FILE     use this static busybox for the guest
#?   MDADM_ROOT=DIR   use mdadm, dmsetup and libraries of this folder
#?   JOBS=N           compile jobs, by default one a CPU
#?   LANES=N          make test and the like: steps side by side, by default 2
#?   BUILD=DIR        build there, by default build
#?
#? Machines and scenarios of make run: tools/testing/dmatest/dmatest.sh list; with
#? the engine under dma-shadow: scripts/harness run versatilepb quick shadow
#? Those of RAID: tools/testing/dmatest/raid.sh list; one boot of these:
#?   scripts/harness raid run vexpress-a15 quick
#?
#? make itself exits with 2 on any failure.  The script does not, and the last
#? line says what its code means:
#?   scripts/run [MACHINE [SCENARIO]]
#?      2 usage          12 series or patch      15 no boot, or a hang
#?     10 package        13 configuration        16 a test failed
#?     11 base kernel    14 build                17 the kernel complained

run:
	@scripts/run "$(MACHINE)" "$(SCENARIO)"

test test-raid test-all check:
	@scripts/steps $@

bench compare:
	@scripts/$@

series: deps
	@scripts/mail

tree refresh roundtrip: deps
	@scripts/$(patsubst tree,compose,$@)

.PHONY: deps
deps:
	@scripts/install-deps tree

menuconfig:
	@scripts/install-deps run menuconfig
	@scripts/menuconfig $(MACHINE)

clean:
	@[ ! -e "$(BUILD)" ] || scripts/clean

distclean:
	@[ ! -e "$(BUILD)" ] || scripts/clean all
