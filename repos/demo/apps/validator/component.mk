# SPDX-License-Identifier: MIT
# An ordinary program with libxml2, and with the checker of configurations, which is init's own code and base's: compiled anew, for a program sees nothing of base.
USES = libc libxml2
FLAGS = -D_GNU_SOURCE -Ibase/include -Ibuild/abi -Ibuild/include -I. -Itools
SRC = repos/demo/apps/dashboard/whole_file.c $(filter-out %/main.c,$(wildcard tools/check_config/*.c)) base/platform/elf.c \
	$(addprefix init/sandbox/,config.c config_route.c config_start.c document.c arena.c label.c route.c explain.c quota.c cost.c) \
	$(addprefix base/lib/,node.c xml.c xml_scan.c xml_prolog.c xml_text.c format.c string.c status.c cost.c)

build/obj/program/tools/check_config/% build/obj/program/init/sandbox/% build/obj/program/base/platform/%: local_flags = -D_GNU_SOURCE -Ibase/include -Ibuild/abi -Ibuild/include -I. $(call library_includes,$(call dirs_of_libraries,libxml2))
