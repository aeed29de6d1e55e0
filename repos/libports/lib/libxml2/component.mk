# SPDX-License-Identifier: MIT
# libxml2: documents and RELAX NG. include/ has what configure would make.
USES = libc
PORT = libxml2
PORT_INCLUDE = include
PORT_SRC = SAX2.c buf.c chvalid.c dict.c encoding.c entities.c error.c globals.c hash.c list.c parser.c parserInternals.c pattern.c relaxng.c threads.c tree.c \
	uri.c valid.c xmlIO.c xmlmemory.c xmlregexp.c xmlsave.c xmlschemas.c xmlschemastypes.c xmlstring.c xmlunicode.c xpath.c
PORT_FLAGS = -I$(DIR)/include -I$(PORT_DIR)/include -D_GNU_SOURCE
