/* SPDX-License-Identifier: MIT */
/*
 * The one list of results, for system calls and RPC alike. Kernel statuses pass through dispatchers unchanged, so there
 * is one number space for the whole system. AGAIN and NO_TABLE never leave the stubs of base/platform and core.
 */
#pragma once

enum status {
	STATUS_OK,          /* done */
	STATUS_AGAIN,       /* a slice of long work is done: repeat the same call */
	STATUS_PENDING,     /* accepted, not finished: news will come as a signal */
	STATUS_DENIED,      /* policy says no */
	STATUS_INVALID,     /* an argument has a value that it must not have */
	STATUS_TOO_LONG,    /* text or data does not fit; nothing was cut */
	STATUS_OVERFLOW,    /* a number does not fit */
	STATUS_NOT_FOUND,   /* nothing goes by that name */
	STATUS_EXISTS,      /* the place is taken */
	STATUS_PROTOCOL,    /* the message is not what the interface says */
	STATUS_VERSION,     /* the two sides were built against different interfaces */
	STATUS_UNSUPPORTED, /* not on this machine or platform */
	STATUS_NEEDS,       /* the donation is too small; how much is needed is told */
	STATUS_OUT_OF_RAM,  /* the account has too little RAM left */
	STATUS_OUT_OF_CAPS, /* the account has too few capabilities left, or the capability table is full */
	STATUS_NO_TABLE,    /* the protection domain has no page table left (kernel to core only) */
	STATUS_BUSY,        /* in use: something must end first */
	STATUS_BAD_CAP,     /* the selector names no capability of the kind and right that is needed */
	STATUS_PEER_GONE,   /* the other side has ceased to exist */
	STATUS_PEER_FAULT,  /* the other side broke the rules */
	STATUS_NO_REPLY,    /* the server turned to other work without an answer */
	STATUS_CANCELLED,   /* somebody with the right to do so ended the wait */
	STATUS_TIMEOUT,     /* the deadline has passed */
	STATUS_DEADLOCK,    /* the callee waits for the caller */
	STATUS_TOO_DEEP,    /* the chain of calls is longer than 16 */
	STATUS_LOST,        /* the session has ended without its client closing it */
	STATUS_INTERNAL,    /* a bug on the other side: an error that its interface does not list */
	STATUS_COUNT
};
