# SPDX-License-Identifier: MIT
# What each unit test links. tests/unit/NAME.c is one program built with Check, ASan and UBSan, run from the root of the tree:
#
#   NAME_SRC = base/lib/xml.c    the sources under test
#   NAME_LIBS = libxml-2.0       further libraries of the host, by their pkg-config names
