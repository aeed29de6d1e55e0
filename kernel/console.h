/* SPDX-License-Identifier: MIT */
/* The serial console, COM1 (16550A). Core writes it through SYS_CONSOLE; the kernel itself at boot and in a panic. */
#pragma once

#include <kernel/thread.h>

void console_init(void);
void console_enable_interrupt(void);

/* Polls until the character is out; '\n' becomes "\r\n". */
void console_put(char c);

/* Takes what the transmit buffer holds, never waits; returns how many. */
unsigned console_write(char const *text, unsigned size);

/* NOT_FOUND: nothing has arrived. */
enum status console_read(uint64_t *byte);

/* The next byte, however long it takes: for the debugger alone. */
char console_poll(void);

/* Submits `signal` for bytes that arrive; NULL: INVALID. */
enum status console_bind(struct signal *signal);
void        console_forget(struct signal const *signal);
void        console_interrupt(void);
