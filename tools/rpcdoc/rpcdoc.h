/* SPDX-License-Identifier: MIT */
/* What the writers of rpcdoc share: main.c makes pages for people, xml.c one document for programs. */
#pragma once

#include "../rpcgen/rpcgen.h"

/* Writes all interfaces that were read as one XML document (doc/rpc.md, "For programs"). */
void write_xml(FILE *document);

/* What a session costs beyond the base, as the file says it: "ram = pages(size); caps = 3;" */
char const *cost_of(struct decl const *decl);
