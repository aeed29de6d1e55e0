# SPDX-License-Identifier: MIT
# An ordinary program; XML is read and written by what base has for that, compiled anew, for a program sees nothing of base.
USES = libc socket
FLAGS = -D_GNU_SOURCE -Ibase/include -Ibuild/abi
SRC = base/lib/node.c base/lib/xml.c base/lib/xml_scan.c base/lib/xml_prolog.c base/lib/xml_text.c base/lib/format.c base/lib/string.c base/lib/status.c

build/obj/program/repos/demo/apps/dashboard/pages.c.o: $(wildcard repos/demo/apps/dashboard/page/*)
build/obj/program/base/lib/%: local_flags = -Ibase/include -Ibuild/abi
