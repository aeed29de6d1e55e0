# SPDX-License-Identifier: MIT
# The rules of the build: what is found where, with which flags it is compiled, and how it is linked.
#
# component.mk may set USES (interfaces and libraries), SRC (further sources, from the root of the tree) and HEAVY (not empty: its code uses SSE, and its
# threads get FPU state). A library may have a component.mk too; its headers are included as <LIBRARY/header.h>. Who uses libc, and what
# else component.mk may set for that and for third-party code, is told in repos/libports/README.md.

CC := gcc
LD := ld
AR := ar
OBJCOPY := objcopy
STRIP := strip

# --- What there is ---

space := $(subst ,, )
# Not every shell replaces the ~ of REPOS=~/x.
extra_repos := $(sort $(abspath $(patsubst ~/%,$(HOME)/%,$(subst :,$(space),$(REPOS)))))
$(foreach repo,$(extra_repos),$(if $(wildcard $(repo)/*),,$(error REPOS: there is no repository in $(repo))))
repos := $(patsubst %/,%,$(wildcard repos/*/)) $(extra_repos)

files := $(shell find -L $(wildcard kernel core base init os tests/components tests/kernel tests/core tools/rpcgen tools/rpcdoc tools/check_config) $(repos) \
	\( -name build -o -name '.*' \) -prune -o -type f \( -name '*.[cS]' -o -name component.mk -o -name '*.rpc' \) -print \
	2>/dev/null | LC_ALL=C sort)
code := $(filter %.c %.S,$(files))
sources_in = $(filter $1/%,$(code))
failing := $(wildcard tests/failing/*.run)
scenarios := $(wildcard run/*.run) $(foreach repo,$(repos),$(wildcard $(repo)/run/*.run))

library_dirs := $(sort $(foreach dir,os $(repos),$(foreach lib,$(wildcard $(dir)/lib/*/),$(lib:/=)))) \
	$(if $(filter init/sandbox/%,$(code)),init/sandbox)
libraries := $(notdir $(library_dirs))
is_component = $(filter-out core $(library_dirs),$1)
component_dirs := $(call is_component,$(patsubst %/component.mk,%,$(filter %/component.mk,$(files))))
components := $(notdir $(component_dirs))
component_images := $(components:%=build/boot/%)

twice := $(strip $(foreach name,$(sort $(components) $(libraries)),$(if $(word 2,$(filter $(name),$(components) $(libraries))),$(name))))
$(if $(twice),$(error these names are used by two components or libraries: $(twice)))

interfaces := $(foreach rpc,$(filter %.rpc,$(files)),$(if $(findstring /include/,$(rpc)),$(rpc)))
interface_path = $(lastword $(subst /include/,$(space),$1))
interface_names := $(sort $(foreach rpc,$(interfaces),$(patsubst %/,%,$(dir $(call interface_path,$(rpc))))))
interface_dirs := $(wildcard base/include os/include tests/components/include $(addsuffix /include,$(repos)))
headers := $(foreach rpc,$(interfaces),$(patsubst %.rpc,build/include/%.h,$(call interface_path,$(rpc))))

# The list of sources as a file that changes only when the list does: archives and compile_commands.json depend on it.
$(shell mkdir -p build && echo '$(files)' | cmp -s - build/sources || echo '$(files)' >build/sources)

# --- Flags ---

warnings := -Wall -Wextra -Werror -Wshadow -Wundef -Wvla -Wpointer-arith -Wwrite-strings -Wstrict-prototypes \
	-Wmissing-prototypes -Wimplicit-fallthrough -Wno-unused-parameter
common := -std=gnu11 -g -ffile-prefix-map=$(CURDIR)=. -fno-omit-frame-pointer $(warnings)
light := -mgeneral-regs-only
guest := $(common) -O2 -ffreestanding -mno-red-zone -fno-stack-protector -fno-common \
	-fno-asynchronous-unwind-tables
includes := -Ibuild/include -Ibase/include -Ibuild/abi

flags_kernel := $(guest) $(light) -momit-leaf-frame-pointer -fpie -I.
flags_static := $(guest) $(light) -fno-pic -fno-pie $(includes) -I.
flags_unchecked_kernel := $(flags_kernel) -DCHECKS=0
flags_unchecked_static := $(flags_static) -DCHECKS=0
flags_pie := $(guest) -fPIE -ffunction-sections -fdata-sections $(includes)
# Programs of the C library, and what is below it: base with the C library's headers for what the two agree on
libc_headers := build/libc/include
flags_hosted := -Ibuild/libc -nostdinc -isystem $(libc_headers) -isystem $(shell $(CC) -print-file-name=include)
flags_program := $(filter-out -ffreestanding -mno-red-zone,$(guest)) -Wno-missing-prototypes -Wno-strict-prototypes -fPIE -ftls-model=local-exec \
	-ffunction-sections -fdata-sections $(flags_hosted)
flags_system := $(guest) $(light) -fPIE -ftls-model=local-exec -ffunction-sections -fdata-sections $(flags_hosted) $(includes)

flags_host := $(common) -O1
flags_tool := $(flags_host) -D_GNU_SOURCE -U_FORTIFY_SOURCE $(includes) -I. $$$$(pkg-config --cflags libxml-2.0)
flags_unit := $(common) -O1 -mno-red-zone -fsanitize=address,undefined -fno-sanitize-recover=all $(includes) -Ios/include -Ios/lib -I.

libgcc = $(shell $(CC) -print-libgcc-file-name)

link_static := -static -no-pie -nostdlib -z max-page-size=4096 -z noexecstack --build-id=none
link_pie := -static -pie --no-dynamic-linker -z text -z noexecstack -z norelro -z max-page-size=4096 -T base/component.ld -u _start \
	--gc-sections --fatal-warnings --build-id=none

# $(call objects,CLASS,SOURCES)
objects = $(patsubst %,build/obj/$1/%.o,$2)
build_files := Makefile tools/rules.mk
dependencies :=

# --- Compiling ---

# $(call compile_rules,CLASS): local_flags is set for the objects of one directory, below; so is light, which is empty for those that are HEAVY.
define compile_rules
build/obj/$1/%.c.o: %.c $(build_files) | $(STAMP) $2
	@mkdir -p $$(@D)
	@echo '  CC      $$@'
	@$(CC) $(flags_$1) $(if $(filter pie,$1),$$(light)) $$(local_flags) -MD -MP -c -o $$@ $$<
build/obj/$1/%.S.o: %.S $(build_files) | $(STAMP) $2
	@mkdir -p $$(@D)
	@echo '  AS      $$@'
	@$(CC) $(flags_$1) $(if $(filter pie,$1),$$(light)) $$(local_flags) -MD -MP -c -o $$@ $$<
endef
prepared := $(headers) build/abi/kernel/abi
$(eval $(call compile_rules,kernel,))
$(eval $(call compile_rules,static,$(prepared)))
$(eval $(call compile_rules,unchecked_kernel,))
$(eval $(call compile_rules,unchecked_static,$(prepared)))
$(eval $(call compile_rules,pie,$(prepared)))
$(eval $(call compile_rules,program,$(libc_headers)/.made))
$(eval $(call compile_rules,system,$(prepared) $(libc_headers)/.made))
$(eval $(call compile_rules,host,))
$(eval $(call compile_rules,tool,$(prepared)))
$(eval $(call compile_rules,unit,$(prepared)))

# <kernel/abi/x.h> for those who may not see the rest of the tree
build/abi/kernel/abi:
	@mkdir -p $(@D)
	@ln -sfn ../../../kernel/abi $@

# --- Host programs and generated headers ---

# Plugins for QEMU
build/host/entries.so: tools/entries/main.c
build/host/count.so: tools/tcp/count.c
build/host/%.so: tools/entries/qemu_plugin.h $(build_files)
	@mkdir -p $(@D)
	@echo '  LD      $@'
	@$(CC) $(flags_host) -O2 -shared -fPIC -o $@ $(filter %.c,$^)

# What stands between a card of QEMU and its network in run/net_malformed
malformed_objects := $(call objects,host,$(wildcard tests/net/*.c))
dependencies += $(malformed_objects:.o=.d)
build/host/malformed: $(malformed_objects)
	@mkdir -p $(@D)
	@echo '  LD      $@'
	@$(CC) -o $@ $^

rpcgen_objects := $(call objects,host,$(call sources_in,tools/rpcgen))
dependencies += $(rpcgen_objects:.o=.d)
build/host/rpcgen: $(rpcgen_objects)
	@mkdir -p $(@D)
	@echo '  LD      $@'
	@$(CC) -o $@ $^

rpcdoc_objects := $(call objects,host,$(call sources_in,tools/rpcdoc) $(addprefix tools/rpcgen/,lex.c parse.c check.c text.c header.c calls.c))
dependencies += $(rpcdoc_objects:.o=.d)
build/host/rpcdoc: $(rpcdoc_objects)
	@mkdir -p $(@D)
	@echo '  LD      $@'
	@$(CC) -o $@ $^

# The checker of configurations reads and routes them with init's own code.
check_config_objects := $(call objects,tool,$(call sources_in,tools/check_config) \
	$(addprefix init/sandbox/,config.c config_route.c config_start.c document.c arena.c label.c route.c explain.c quota.c cost.c) base/platform/elf.c \
	$(addprefix base/lib/,node.c xml.c xml_scan.c xml_prolog.c xml_text.c format.c string.c status.c cost.c))
dependencies += $(check_config_objects:.o=.d)
build/host/check_config: $(check_config_objects)
	@mkdir -p $(@D)
	@echo '  LD      $@'
	@$(CC) -o $@ $^ $$(pkg-config --libs libxml-2.0)

# What the READMEs of all components say about them, as one document
manifest_readmes := $(wildcard $(component_dirs:%=%/README.md))
build/host/manifests: $(manifest_readmes) build/sources
	@mkdir -p $(@D)
	@echo '  MANIFESTS $@'
	@awk 'BEGIN { print "<manifests>" } FNR == 1 { inside = 0 } /^```$$/ { inside = 0 } inside { print } \
		/^```manifest$$/ { inside = 1; printf "<?origin %s %d?>", FILENAME, FNR + 1 } END { print "</manifests>" }' $(manifest_readmes) >$@

# $(call interface_rules,NAME/NAME,SOURCE)
define interface_rules
build/include/$1.h: $2 build/host/rpcgen
	@mkdir -p $$(@D)
	@echo '  RPCGEN  $$@'
	@build/host/rpcgen $(interface_dirs:%=-I %) -d build/include/$1.d $2 $$@
dependencies += build/include/$1.d
endef
$(foreach rpc,$(interfaces),$(eval $(call interface_rules,$(basename $(call interface_path,$(rpc))),$(rpc))))

# All of them as one XML document, to be read as the ROM `interfaces`
build/boot/interfaces: $(interfaces) build/host/rpcdoc build/sources
	@mkdir -p $(@D)
	@echo '  RPCDOC  $@'
	@build/host/rpcdoc $(interface_dirs:%=-I %) -x $@ $(interfaces)

# --- Third-party sources ---

ports := $(foreach repo,$(repos),$(wildcard $(repo)/ports/*/port))

# $(call port_rules,NAME,DESCRIPTION): fetches and unpacks them when somebody needs them
define port_rules
build/ports/$1/.port: $(wildcard $(dir $2)*) | $(STAMP)
	@tools/ports $1
	@touch $$@
endef
$(foreach port,$(ports),$(eval $(call port_rules,$(notdir $(patsubst %/port,%,$(port))),$(port))))

# The headers of the C library, as it installs them itself; and the names of Linux's system calls, which is what it makes.
$(libc_headers)/.made: build/ports/musl/.port
	@rm -rf build/libc && mkdir -p $(@D)
	@echo '  HEADERS $(@D)'
	@$(MAKE) --no-print-directory -s -C build/libc -f ../ports/musl/Makefile srcdir=../ports/musl ARCH=x86_64 includedir=$(CURDIR)/$(@D) install-headers
	@sed -n 's/^#define __NR_\([a-z0-9_]*\)[[:space:]]*\([0-9]*\)$$/[\2] = "\1",/p' $(@D)/bits/syscall.h >build/libc/syscall_names.h
	@touch $@

# $(call port_archive_rules,DIR,NAME,CLASS): what DIR/component.mk takes from its port; a make of its own finds the sources when they are there.
define port_archive_rules
build/lib/$2.port.a: build/ports/$($1.port)/.port $(shell find $1 -type f) tools/port.mk $(build_files) | $(if $(filter program system,$3),$(libc_headers)/.made) \
	$(if $(filter pie system,$3),$(prepared)) $(call included_ports,$(call dirs_of_libraries,$(call closure,$($1.libs))))
	+@$(MAKE) --no-print-directory -f tools/port.mk $$@ DIR=$1 PORT=$($1.port) CC='$(CC)' AR='$(AR)' \
		FLAGS='$(filter-out $(warnings),$(flags_$3)) $(if $(filter pie,$3),$(if $($1.heavy),,$(light))) -w $(call layer_includes,$1) $(call library_includes,$1 $(call dirs_of_libraries,$(call closure,$($1.libs))))'
endef

# --- Libraries ---

# $(call archive_rules,NAME,OBJECTS)
define archive_rules
build/lib/$1.a: $2 build/sources
	@mkdir -p $$(@D)
	@echo '  AR      $$@'
	@rm -f $$@
	@$(AR) rcsD $$@ $2
dependencies += $(patsubst %.o,%.d,$2)
endef
base_sources := $(call sources_in,base/lib)
$(eval $(call archive_rules,base,$(call objects,pie,$(base_sources))))
$(eval $(call archive_rules,base_static,$(call objects,static,$(base_sources))))
$(eval $(call archive_rules,unchecked_base_static,$(call objects,unchecked_static,$(base_sources))))

# Objects below a directory see the hand-written headers of the os layer and of their own repository; base sees neither.
layer_includes = $(if $(filter base/% init/%,$1/),,-Ios/include -Ios/lib) \
	$(foreach repo,$(repos),$(if $(filter $(repo)/%,$1/),-I$(repo)/include -I$(repo)/lib))
library_includes = $(foreach lib,$1,-I$(patsubst %/,%,$(dir $(lib))) $(addprefix -I,$(wildcard $(lib)/include)) \
	$(addprefix -isystem build/ports/$($(lib).port)/,$($(lib).port_include)))
# What has to be unpacked before those who use these libraries are compiled
included_ports = $(foreach lib,$1,$(if $($(lib).port_include),build/ports/$($(lib).port)/.port))
dirs_of_libraries = $(foreach name,$1,$(filter %/$(name),$(library_dirs)))

# $(call uses_rules,DIR): reads DIR/component.mk into DIR.uses and DIR.src
define uses_rules
USES :=
SRC :=
HEAVY :=
PORT :=
PORT_INCLUDE :=
CLASS :=
NATIVE :=
FLAGS :=
-include $1/component.mk
$1.uses := $$(USES)
$1.src := $$(SRC)
$1.heavy := $$(HEAVY)
$1.port := $$(PORT)
$1.port_include := $$(PORT_INCLUDE)
$1.class := $$(CLASS)
$1.native := $$(addprefix $1/,$$(NATIVE))
$1.flags := $$(FLAGS)
$$(if $$(HEAVY),$$(eval build/obj/pie/$1/%: light :=))
$1.libs := $$(filter $(libraries),$$(USES))
$$(foreach name,$$(filter-out $(libraries) $(interface_names),$$(USES)),$$(error $1/component.mk: USES: there is neither an interface nor a library $$(name): \
	an interface is a file include/NAME/NAME.rpc of a repository, a library is a directory lib/NAME))
endef
$(foreach dir,core $(library_dirs) $(component_dirs),$(eval $(call uses_rules,$(dir))))

# The libraries that a directory uses, with those that they use
closure = $(sort $1 $(foreach lib,$1,$(call closure,$($(call dirs_of_libraries,$(lib)).libs))))

# $(call class_of,DIR): how the sources of a library or component are compiled
class_of = $(or $($1.class),$(if $(filter libc,$(call closure,$($1.libs))),program,pie))
classed_libraries = $(foreach lib,$2,$(if $(filter $1,$(call class_of,$(call dirs_of_libraries,$(lib)))),$(lib)))
archives = $(foreach lib,$1,build/lib/$(lib).a $(if $($(call dirs_of_libraries,$(lib)).port),build/lib/$(lib).port.a))

define library_rules
$(call archive_rules,$(notdir $1),$(call objects,$(call class_of,$1),$(call sources_in,$1)))
build/obj/$(call class_of,$1)/$1/%: local_flags = $(call layer_includes,$1) $(call library_includes,$(call dirs_of_libraries,$(call closure,$(notdir $1) $($1.libs)))) $($1.flags)
$(call objects,$(call class_of,$1),$(call sources_in,$1)): | $(call included_ports,$1 $(call dirs_of_libraries,$(call closure,$($1.libs))))
$(if $($1.port),$(call port_archive_rules,$1,$(notdir $1),$(call class_of,$1)))
endef
$(foreach dir,$(library_dirs),$(eval $(call library_rules,$(dir))))

# --- Components ---

# Components that are heavy, or use a library that is, link base/heavy.
is_heavy = $(or $($1.heavy),$(strip $(foreach lib,$2,$($(call dirs_of_libraries,$(lib)).heavy))))
heavy_objects = $(if $(call is_heavy,$1,$2),build/obj/pie/base/heavy/heavy.c.o)

# A component's sources are those below its directory that belong to no library or other component.
nested_dirs = $(filter $1/%,$(library_dirs) $(component_dirs))
own_sources = $(filter-out $(addsuffix /%,$(call nested_dirs,$1)),$(call sources_in,$1)) $($1.src)

# $(call component_rules,DIR,NAME,LIBRARIES)
define component_rules
build/bin/$2: $(call objects,pie,$(call own_sources,$1)) $(call heavy_objects,$1,$3) $(call archives,$3 base) base/component.ld build/sources
	@mkdir -p $$(@D)
	@echo '  LD      $$@'
	@$(LD) $(link_pie) -o $$@ $(call objects,pie,$(call own_sources,$1)) $(call heavy_objects,$1,$3) --start-group $(call archives,$3 base) --end-group
build/obj/pie/$1/%: local_flags = $(call layer_includes,$1) $(call library_includes,$(call dirs_of_libraries,$3))
$(call objects,pie,$(call own_sources,$1)): | $(call included_ports,$(call dirs_of_libraries,$3))
dependencies += $(patsubst %.o,%.d,$(call objects,pie,$(call own_sources,$1)))
$(if $(filter-out $(libraries) $(wildcard $2),$2),.PHONY: $2
$2: build/boot/$2)
endef

# Programs of the C library are linked in two steps, for their names are their own: first what is below the C library, of which only the functions
# that it enters by stay visible (and native_*, what a program's NATIVE sources offer to it), then the program with that.
# $(call program_rules,DIR,NAME,LIBRARIES)
define program_rules
$(call program_link_rules,$1,$2,$(call objects,program,$(filter-out $($1.native),$(call own_sources,$1))),$(call objects,system,$($1.native)) \
	build/obj/pie/base/heavy/heavy.c.o,$(if $($1.port),build/lib/$2.port.a) $(call archives,$(call classed_libraries,program,$3)),$(call archives,$(filter-out \
	libc,$(call classed_libraries,system,$3))),$(call archives,libc $(call classed_libraries,pie,$3) base))
build/obj/program/$1/% build/obj/system/$1/%: local_flags = $(call layer_includes,$1) $(call library_includes,$(call dirs_of_libraries,$3)) $($1.flags)
$(call objects,program,$(call own_sources,$1)) $(call objects,system,$($1.native)): | $(call included_ports,$(call dirs_of_libraries,$3))
$(if $($1.port),$(call port_archive_rules,$1,$2,program))
dependencies += $(patsubst %.o,%.d,$(call objects,program,$(call own_sources,$1)) $(call objects,system,$($1.native)))
$(if $(filter-out $(libraries) $(wildcard $2),$2),.PHONY: $2
$2: build/boot/$2)
endef

# $(call program_link_rules,DIR,NAME,PROGRAM OBJECTS,SYSTEM OBJECTS,PROGRAM ARCHIVES,PLUGIN ARCHIVES,SYSTEM ARCHIVES)
define program_link_rules
build/system/$2.o: $4 $6 $7 build/sources
	@mkdir -p $$(@D)
	@$(LD) -r -o $$@ -u _start -u __banyan_syscall $4 $(if $(strip $6),--whole-archive $6 --no-whole-archive) --start-group $7 --end-group
	@$(OBJCOPY) -w -G _start -G '__banyan_*' -G 'native_*' $$@
build/bin/$2: $3 build/system/$2.o $5 base/component.ld build/sources
	@mkdir -p $$(@D)
	@echo '  LD      $$@'
	@$(LD) $(link_pie) -o $$@ $3 build/system/$2.o --start-group $5 $$(libgcc) --end-group
endef
$(foreach dir,$(component_dirs),$(eval $(call $(if $(filter program,$(call class_of,$(dir))),program,component)_rules,$(dir),$(notdir $(dir)),$(call \
	closure,$($(dir).libs)))))

build/boot/core build/boot/core_flipped $(component_images): build/boot/%: build/bin/%
	@mkdir -p $(@D)
	@$(STRIP) -o $@ $<

# Also for what an earlier build has left: it must not be booted.
build/boot/%: FORCE
	@echo 'there is no component $*: a component is a directory $* with a component.mk' >&2; exit 1

# --- Core, the platform page, the kernel ---

core_objects := $(call objects,static,$(call own_sources,core))

# $(call machine_rules,DIR,CLASS): kernel and core in build/DIR, of objects build/obj/CLASSkernel and CLASSstatic
define machine_rules
build/$1bin/core: $(call objects,$2static,$(call own_sources,core)) build/lib/$2base_static.a core/core.ld build/sources
	@mkdir -p $$(@D)
	@echo '  LD      $$@'
	@$(LD) $(link_static) -T core/core.ld -o $$@ $$(filter %.o %.a,$$^)
build/$1kernel/kernel: $(call objects,$2kernel,$(call sources_in,kernel)) kernel/x86_64/kernel.ld build/sources
	@mkdir -p $$(@D)
	@echo '  LD      $$@'
	@$(LD) $(link_static) --no-relax -T kernel/x86_64/kernel.ld -o $$@ $$(filter %.o,$$^)
build/$1boot/kernel: build/$1kernel/kernel
	@mkdir -p $$(@D)
	@$(STRIP) -o $$@ $$<
build/$1boot/kernel32: build/$1boot/kernel
	@$(OBJCOPY) -O elf32-i386 $$< $$@
dependencies += $(patsubst %.o,%.d,$(call objects,$2static,$(call own_sources,core)) $(call objects,$2kernel,$(call sources_in,kernel)))
endef
$(eval $(call machine_rules,,))

# The same without asserts (CHECKS=off), to see what these cost
$(eval $(call machine_rules,unchecked/,unchecked_))
build/unchecked/boot/core: build/unchecked/bin/core
	@mkdir -p $(@D)
	@$(STRIP) -o $@ $<

# Core with a mistake in its books, for run/ledger_flipped.
flip_object := $(call objects,static,tests/core/flip.c)
dependencies += $(flip_object:.o=.d)
build/bin/core_flipped: $(core_objects) $(flip_object) build/lib/base_static.a core/core.ld build/sources
	@mkdir -p $(@D)
	@echo '  LD      $@'
	@$(LD) $(link_static) --wrap=dataspace_alloc -T core/core.ld -o $@ $(core_objects) $(flip_object) build/lib/base_static.a

# The kernel tests take core's place: the boot module is build/boot/kernel_test, the program with symbols beside the kernel.
kernel_test_objects := $(call objects,static,$(call sources_in,tests/kernel))
dependencies += $(kernel_test_objects:.o=.d)
build/kernel/kernel_test: $(kernel_test_objects) tests/kernel/kernel_test.ld build/sources
	@mkdir -p $(@D)
	@echo '  LD      $@'
	@$(LD) $(link_static) -T tests/kernel/kernel_test.ld -o $@ $(kernel_test_objects)
build/boot/kernel_test: build/kernel/kernel_test
	@mkdir -p $(@D)
	@$(STRIP) -o $@ $<

platform_objects := $(call objects,static,$(call sources_in,base/platform))
dependencies += $(platform_objects:.o=.d)
build/bin/platform_page.elf: $(platform_objects) build/lib/base_static.a base/platform/platform.ld build/sources
	@mkdir -p $(@D)
	@echo '  LD      $@'
	@$(LD) $(link_static) --gc-sections -T base/platform/platform.ld -o $@ $(platform_objects) build/lib/base_static.a
build/bin/platform_page: build/bin/platform_page.elf
	@$(OBJCOPY) -O binary $< $@
build/boot/platform_page: build/bin/platform_page
	@mkdir -p $(@D)
	@cp $< $@

build/kernel/kernel32: build/boot/kernel32
	@cp $< $@

# --- Unit tests ---

# The kernel's files see physical memory at an address that a program can have (tests/unit/kernel.h). The C library has a sched_yield too; time is the test's.
# this_cpu is whichever CPU the test says: there it is a variable.
build/obj/unit/kernel/% build/obj/unit/tests/unit/kernel_%: unit_kernel := -DDIRECT_MAP=0x200000000000UL -Dsched_yield=kernel_sched_yield -Dclock_ticks=unit_clock_ticks '-Dthis_cpu=(*unit_cpu)'
build/obj/unit/kernel/%: local_flags = $(unit_kernel)

# tests/unit/unit.mk names, for each tests/unit/NAME.c, what it links: NAME_SRC (sources), NAME_LIBS (pkg-config names).
-include tests/unit/unit.mk
unit_names := $(basename $(notdir $(wildcard tests/unit/*.c)))
unit_programs := $(unit_names:%=build/unit/%)

define unit_rules
build/unit/$1: $(call objects,unit,tests/unit/$1.c $($1_SRC)) tests/unit/unit.mk
	@mkdir -p $$(@D)
	@echo '  LD      $$@'
	@$(CC) -fsanitize=address,undefined -o $$@ $$(filter %.o,$$^) $$$$(pkg-config --libs check $($1_LIBS))
build/obj/unit/tests/unit/$1.c.o: local_flags = $$(unit_kernel) $$$$(pkg-config --cflags check $($1_LIBS))
dependencies += $(patsubst %.o,%.d,$(call objects,unit,tests/unit/$1.c $($1_SRC)))
endef
$(foreach name,$(unit_names),$(eval $(call unit_rules,$(name))))

# --- For editors ---

# $(call command,CLASS,SOURCE) is one entry of compile_commands.json.
define command
{"directory": "$(CURDIR)", "file": "$2", "command": "$(CC) $(flags_$1) $(if $(filter pie,$1),$(light) $(call layer_includes,$2) -Iinit) -c $2"}
endef
comma := ,
define newline


endef
commands = $(foreach source,$2,$(call command,$1,$(source))$(comma)$(newline))
all_commands = $(call commands,kernel,$(call sources_in,kernel))$(call commands,host,$(call sources_in,tools/rpcgen) $(call sources_in,tools/rpcdoc))$(call \
	commands,static,$(call sources_in,core) $(call sources_in,base/platform))$(call \
	commands,pie,$(filter-out kernel/% core/% base/platform/% tools/%,$(code)))$(call commands,unit,$(wildcard tests/unit/*.c))
build/compile_commands.json: build/sources $(build_files)
	$(file >$@,[$(newline)$(all_commands){"directory": "$(CURDIR)"$(comma) "file": "Makefile"$(comma) "command": "make"}$(newline)])

-include $(dependencies)
