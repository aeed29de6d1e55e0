/* SPDX-License-Identifier: MIT */
/* The ROM "machine": what of the machine core did not give to init, for whoever adds it up; see machine_rom.c. */
#pragma once

struct info;

/* Takes its memory, from core's account. */
void machine_rom_init(void);

/* Writes it, once init's account has been made; nothing that it tells changes from then on. Too much to tell: a message, and there is no such ROM. */
void machine_rom_write(struct info const *info);
