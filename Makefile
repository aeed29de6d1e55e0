# SPDX-License-Identifier: MIT
# Banyan's build. `make run` and `make test` are all that one has to know; `make help` lists the rest.
#
# Nothing is listed by hand: components are directories with a component.mk, libraries are directories below a lib/,
# interfaces are files include/NAME/NAME.rpc, unit tests are files tests/unit/NAME.c. All output goes below build/:
#
#   build/bin/NAME       a component, with symbols        build/boot/NAME    the same, stripped: what is booted
#   build/kernel/kernel  the kernel, with symbols         build/boot/kernel  stripped (GRUB), kernel32 (QEMU -kernel)
#   build/unchecked/     kernel and core once more, without asserts, for figures
#   build/include/       headers made by rpcgen           build/lib/NAME.a   libraries
#   build/obj/CLASS/     objects: kernel, static (core and the platform page), pie (components), host, unit
#
# tools/rules.mk holds the rules, this file the goals.

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
NPROC := $(shell nproc)
ifeq ($(MAKELEVEL)$(findstring -j,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(NPROC)
endif
.DEFAULT_GOAL := help
.SECONDEXPANSION:
.SUFFIXES:
.DELETE_ON_ERROR:
.PHONY: all run test soak prove lint bench reference help clean units setup FORCE

STAMP := build/setup.stamp

include tools/rules.mk

all: kernel build/host/rpcgen build/host/check_config build/host/malformed build/host/manifests $(component_images) build/boot/core build/boot/core_flipped build/boot/interfaces build/boot/platform_page build/boot/kernel_test build/compile_commands.json

kernel: build/boot/kernel build/boot/kernel32

units: $(unit_programs)

run: run/demo

run/%: $(STAMP) FORCE
	+@tools/run run/$*

# The first is gdb on a scenario that runs; what the second has recorded, the third repeats in gdb, forwards and backwards.
gdb/%: all FORCE
	@tools/debug live $*

record/%: all FORCE
	@RECORD=1 BOOT=$(or $(BOOT),direct) tools/run $*

replay/%: FORCE
	@tools/debug replay $*

# The configuration of a scenario, without booting it; WHY='CLIENT SERVICE LABEL', GRAPH=FILE.svg
check/%: $(STAMP) FORCE
	+@CHECK_ONLY=1 tools/run run/$*

# What its components did, drawn as time lines
trace/%: all FORCE
	@BOOT=$(or $(BOOT),direct) tools/trace $*

test: all units
	@tools/setup browser
	+@tools/test $(unit_programs:%=-u %) $(scenarios:%=-s %) $(failing:%=-f %) $(if $(ONLY),-o '$(ONLY)')

# One dispatcher with libFuzzer
fuzz/%: $(headers) build/abi/kernel/abi FORCE
	@tools/setup fuzz
	@tests/fuzz/run -l $* $(or $(SECONDS),60)

# What Frama-C can show of the kernel's files, with all bounds
prove: $(headers) build/abi/kernel/abi
	@tools/setup prove
	@SCALE=1 tests/prove/run

lint: $(STAMP)
	@tools/lint

# Everything at full length: minutes instead of seconds.
soak: export SCALE := 1
soak: export ALL_CPUS := 4
soak: test

bench: all build/host/entries.so
	@tools/bench $(NAMES)

reference: build/host/rpcdoc build/host/check_config
	@rm -rf build/reference && mkdir -p build/reference
	@build/host/rpcdoc $(interface_dirs:%=-I %) build/reference $(filter-out tests/%,$(interfaces))
	@build/host/check_config --reference build/reference/config.html
	@echo 'build/reference/index.html, and a manual page for each interface file beside it; config.html: the configuration of init'

new/%: FORCE
	@tools/new $*

setup: $(STAMP)

# The packages are checked again when the list changes or dpkg has installed or removed something; else this costs nothing.
$(STAMP): tools/setup $(wildcard /var/lib/dpkg/status)
	@mkdir -p $(@D)
	@tools/setup
	@touch $@

clean:
	rm -rf build

help:
	@echo 'make run            boot the default scenario, demo, in QEMU: a web page of the resources being traded (leave with Ctrl-C or Ctrl-A X)'
	@echo 'make run/NAME       boot run/NAME.run; BOOT=iso|uefi|direct, CPUS=4, MEM=512, ICOUNT=1, CHECKS=off, QEMU_ARGS=..., DEBUG=1'
	@echo 'make gdb/NAME       the same under gdb, with symbols of the kernel and of the component that runs (tools/debug.py)'
	@echo 'make record/NAME    boot and record it; make replay/NAME repeats that in gdb, which can also go backwards'
	@echo 'make check/NAME     what its configuration will be denied, without booting; WHY="CLIENT SERVICE [LABEL]": one session; GRAPH=FILE.svg'
	@echo 'make trace/NAME     boot it and draw what its components did, by thread, operation and session: build/trace/NAME.svg'
	@echo 'make test           every test; ends with "N passed, N failed"; ONLY=PATTERN runs some (unit/*, run/hello.iso, tidy)'
	@echo 'make fuzz/NAME      feed the dispatcher of interface NAME with libFuzzer, under ASan and UBSan, for SECONDS=60; fuzz/xml: XML against libxml2'
	@echo 'make lint           static checks of the kernel: gcc -fanalyzer, clang-tidy, cppcheck (part of make test)'
	@echo 'make prove          Frama-C on the kernel: lists stay lists, no overflow, nothing out of bounds (tests/prove/)'
	@echo 'make soak           the same with all long campaigns in full, and every scenario on four CPUs too'
	@echo 'make bench          figures in instructions, against doc/performance.md; NAMES="ipc core" measures some; tcp among them: against a Linux guest'
	@echo 'make all            build everything; make NAME: one component'
	@echo 'make new/NAME       lay down a component os/apps/NAME that works, with a unit test and a scenario'
	@echo 'make reference      write the reference of all interfaces and of the configuration of init to build/reference/ (HTML and manual pages)'
	@echo 'make setup          install missing packages (all goals do that first)'
	@echo 'make clean          remove build/'
	@echo 'make REPOS=DIR ...  with further repositories (each with include/ servers/ apps/ run/ as in repos/hello_tutorial)'
	@echo 'tools/run PATH      run a scenario from anywhere on disk'
	@echo
	@echo 'scenarios: $(sort $(basename $(notdir $(scenarios))))'
	@echo 'components: $(sort $(components))'
