/* SPDX-License-Identifier: MIT */
/*
 * The system call interface. One instruction, `syscall`; registers on entry:
 *
 *   rax  header: op | words << 8 | caps << 16 | expect << 20 | flags << 24 | label << 32
 *   rdi  selector of the capability that is used
 *   rsi, rdx, r8, r9   message words 0-3 (arguments, for calls that are not IPC)
 *
 * and on return:
 *
 *   rax  header: status | words << 8 | caps << 16 | kind << 20 | label << 32
 *   rdi  badge of what arrived
 *   rsi, rdx, r8, r9   message words 0-3 (for a signal, rsi is its count)
 *
 * Words 4 and up travel from UTCB to UTCB at their own index; only as many as the header states. rcx, r10, r11 are
 * clobbered; rbx, rbp, r12-r15 and rsp are kept. A selector is the byte offset of a slot in the capability table:
 * table frame << 12 | slot << 5; selector 0 is never a capability.
 *
 * `label` is carried to the partner unread: the operation on a call, the status of the operation on a reply. The low
 * status byte tells about the transport: OK means that the partner's answer is there.
 */
#pragma once

enum syscall_op {
	/* IPC: the only three that block */
	SYS_CALL,          /* rdi gate; sends, waits for the reply */
	SYS_REPLY_WAIT,    /* replies to whom this thread serves, if anyone, then waits for an RPC or a signal */
	SYS_WAIT,          /* no reply; ONE: rdi = signal context, waits for that one alone */

	/* for everyone, on the own capability table */
	SYS_SUBMIT,        /* rdi signal context */
	SYS_IRQ_ACK,       /* rdi IRQ */
	SYS_YIELD,         /* to the tail of its priority */
	SYS_CAP_COPY,      /* rdi from, rsi to (must be empty), rdx mask of rights */
	SYS_CAP_MOVE,      /* rdi from, rsi to (must be empty) */
	SYS_CAP_DROP,      /* rdi; an empty slot is fine */
	SYS_CAP_REVOKE,    /* rdi; all copies made from it, AGAIN until none is left */
	SYS_CAP_INFO,      /* rdi, rsi other selector or 0; back: rdi badge if served by the own PD, rsi enum cap_type, rdx rights, r8 same object */
	SYS_THREAD_EXIT,   /* the thread stops for good; whoever holds it destroys it */
	SYS_TIME,          /* back: rdi nanoseconds since boot */
	SYS_THREAD_TLS,    /* rdi: FS base from now on; UNSUPPORTED for a thread without FPU area */
	SYS_TRACE_MARK,    /* rdi any value, label any number: an event, if somebody traces this thread */

	/* core alone; objects and frames by physical address; more arguments in the UTCB where stated */
	SYS_CORE_FIRST = 0x20,
	SYS_FRAME_GIVE = SYS_CORE_FIRST, /* rdi frame: becomes an object frame, zeroed */
	SYS_FRAME_TAKE,    /* rdi object frame; BUSY unless empty; zeroes it */
	SYS_PD_CREATE,     /* rdi place (PD_GRANULES), rsi first capability frame, rdx top-level table frame */
	SYS_PD_GROW,       /* rdi PD, rsi frame, rdx enum frame_kind; OVERFLOW: no more room for FRAME_CAPS (beyond PD_NEAR_FRAMES a FRAME_LIST comes first) */
	SYS_MAP,           /* rdi PD, rsi user address, rdx physical address, r8 pages (1-64), r9 attributes; NO_TABLE: grow first; AGAIN:
	                      once more. back: rdi pages mapped */
	SYS_UNMAP,         /* rdi PD, rsi user address, rdx pages (1-64) */
	SYS_RECYCLE,       /* rdi PD: empties all its page tables, AGAIN until done; faults fill them anew */
	SYS_PD_TAKE,       /* rdi PD, takes a page table back: one that is free (rsi 0), or the one of the 2 MiB around address rsi, which are
	                      unmapped by this. back: rdi frame; NOT_FOUND */
	SYS_THREAD_CREATE, /* rdi place (THREAD_GRANULES), rsi PD, rdx UTCB (2 KiB aligned), r8 ip, r9 sp; utcb words[0] argument */
	SYS_THREAD_CTL,    /* rdi thread, rsi enum thread_ctl. AGAIN: its CPU has not attended to the one before */
	SYS_THREAD_SET,    /* rdi thread, rsi enum thread_attribute, rdx value */
	SYS_THREAD_STATE,  /* rdi thread, rsi 0 read, 1 write; registers in the UTCB (struct thread_regs) */
	SYS_THREAD_INFO,   /* rdi thread; back: rdi consumed ns, rsi state */
	SYS_GATE_CREATE,   /* rdi place (1), rsi thread, rdx badge */
	SYS_SIGNAL_CREATE, /* rdi place (1), rsi receiving thread, rdx badge */
	SYS_SIGNAL_SUBMIT, /* rdi signal context by address: core's own news need no slot */
	SYS_FPU_CREATE,    /* rdi place (info: fpu_granules), rsi thread: gives it FPU state and an FS base. BUSY: it has them, or it was started and
	                      does not wait for the caller's answer */
	SYS_BUDGET_CREATE, /* rdi place (BUDGET_GRANULES), rsi ns in each rdx ns: for threads (THREAD_BUDGET), on all CPUs together. INVALID: more than all, less than
	                      a BUDGET_PARTS-th but not 0, or not a period from BUDGET_PERIOD_MIN to BUDGET_PERIOD_MAX */
	SYS_BUDGET_SET,    /* rdi budget, rsi, rdx: as for SYS_BUDGET_CREATE, from now on */
	SYS_IRQ_CREATE,    /* rdi place (IRQ_GRANULES), rsi global system interrupt, rdx enum irq_flags; masked. DENIED: the kernel's own; BUSY: there
	                      is an IRQ for it; NOT_FOUND: no such input. MSI: rsi is 0; back: rdi address and rsi data for the device to write */
	SYS_IRQ_BIND,      /* rdi IRQ, rsi signal context by address (unmasks), or 0 (masks); rdx enum irq_binding: IRQ_BIND_STORM masks nothing */
	SYS_CAP_INSTALL,   /* rdi PD, rsi selector (must be empty), rdx object, r8 rights: a first capability without parent */
	SYS_CAP_GIVE,      /* rdi selector in the own table, or GIVE_SENT, rsi PD, rdx selector there (must be empty): a copy, as a message would make it */
	SYS_CAP_OBJECT,    /* rdi selector in the own table; back: rdi object's physical address, rsi type. BAD_CAP: empty, or no right to use it */
	SYS_DESTROY,       /* rdi object: dead at once, AGAIN until swept */
	SYS_SYNC,          /* returns when no CPU can still use what was unmapped or destroyed before */
	SYS_PORT_IO,       /* rdi port, rsi size | write << 8, rdx value. back: rdi value */
	SYS_TRACE_RING,    /* rdi number of a ring (1 to TRACE_RINGS), rsi its first frame, rdx frames: starts empty. rsi 0: ends it (abi/trace.h) */
	SYS_CONSOLE,       /* rsi, rdx, r8, r9: up to 32 bytes of text in words; label: how many. back: rdi bytes taken */
	SYS_CONSOLE_READ,  /* back: rdi byte, or NOT_FOUND; the signal of SYS_CONSOLE_BIND tells when */
	SYS_CONSOLE_BIND,  /* rdi signal context by address that a byte on the serial line submits */
	SYS_MACHINE,       /* rdi enum machine_op, rsi exit value. Does not return for MACHINE_END */
	SYS_CORE_END,
};

enum syscall_flags {
	SYS_FLAG_NOBLOCK  = 1, /* wait, reply_wait: TIMEOUT at once when nothing is there */
	SYS_FLAG_ONE      = 2, /* wait: only for the signal context in rdi */
	SYS_FLAG_DEADLINE = 4, /* wait, reply_wait: from now on the thread has a deadline, rdi, absolute ns since boot: the first wait that is under way or begins
	                          after it ends with TIMEOUT, though calls may wait, and with that the deadline is over. Another one takes its
	                          place. wait ONE: rsi, for this wait alone; with or without, one set before is over */
};

enum cap_type { CAP_NONE, CAP_GATE, CAP_SIGNAL, CAP_IRQ };

enum cap_rights { RIGHT_USE = 1, RIGHT_COPY = 2, RIGHTS_ALL = 3 };

enum message_kind { MESSAGE_RPC, MESSAGE_SIGNAL, MESSAGE_FAULT }; /* `kind` in the header of what wait returns */

/* LIST: where a PD keeps the list of its FAR capability frames, in the first half; the second half is core's own. */
enum frame_kind { FRAME_TABLE = 1, FRAME_CAPS, FRAME_LIST };

enum thread_ctl {
	THREAD_START,  /* a thread that was never started, or resumes one stopped by a fault or PAUSE */
	THREAD_PAUSE,  /* stops at the next return to user mode; a call under way is still served. AGAIN: it may still execute */
	THREAD_CANCEL, /* its blocking call ends with CANCELLED; on another CPU that may happen later */
};

enum thread_attribute {
	THREAD_PRIORITY, /* 0 (idle) to 63 */
	THREAD_PAGER,    /* gate by address: page faults */
	THREAD_HANDLER,  /* gate by address: all other exceptions */
	THREAD_BUDGET,   /* budget by address, 0 for none; + 1: goes on at priority 0 while it is used up. A budget ends after its threads */
	THREAD_TRACE,    /* number of the ring that tells of it, or 0 */
	THREAD_STEP,     /* 1: exception 1 after each instruction in user mode, 0: no more */
	THREAD_NAME,     /* words 0-2 of core's UTCB: up to 24 characters, for the debugger */
	THREAD_CPU,      /* on which it runs, below info.cpus; core's own at first. BUSY: it was started or called */
};

enum map_attributes {
	MAP_WRITE         = 1, /* excludes MAP_EXECUTE */
	MAP_EXECUTE       = 2,
	MAP_UNCACHED      = 4,
	MAP_WRITE_COMBINE = 8,
};

/* What a signal context is told: interrupts; or that so many messages come unacknowledged that the CPU lets them wait. */
enum irq_binding { IRQ_BIND_SIGNAL, IRQ_BIND_STORM };

/*
 * How an interrupt line works; 0: edge-triggered, active high. BUS: what the firmware says, or as on its bus (ISA: 0, PCI: LEVEL | LOW).
 * MSI, alone: no line, but a message that the device writes. It is edge-triggered, and only the device can mask it.
 */
enum irq_flags { IRQ_LEVEL = 1, IRQ_LOW = 2, IRQ_BUS = 4, IRQ_MSI = 8 };

enum machine_op { MACHINE_END, MACHINE_RESET };

/* Values that MACHINE_END takes, written to QEMU's isa-debug-exit where there is one. */
enum machine_exit { MACHINE_EXIT_OK = 0x10, MACHINE_EXIT_FAILURE = 0x11, MACHINE_EXIT_PANIC = 0x12 };

enum {
	GRANULE         = 64,   /* bytes; the unit in which object frames are used */
	FRAME_GRANULES  = 64,   /* a frame; granule 0 is the kernel's header */
	PD_GRANULES     = 3,
	THREAD_GRANULES = 8,
	GATE_GRANULES   = 1,
	SIGNAL_GRANULES = 1,
	IRQ_GRANULES    = 2,
	BUDGET_GRANULES = 5,
	SLOT_SIZE       = 32,
	SLOTS_PER_FRAME = 128,
	PD_CAP_FRAMES   = 260,  /* capability frames that a PD can have: so many beside the PD, */
	PD_NEAR_FRAMES  = 8,
	PD_FAR_FRAMES   = PD_CAP_FRAMES - PD_NEAR_FRAMES, /* and so many that a frame of their own lists */
	MAP_PAGES_MAX   = 64,
	PRIORITIES      = 64,
	CPUS_MAX        = 16,
	CHAIN_DEPTH_MAX = 16,
	THREAD_NAME_SIZE = 24,
	BUDGET_PARTS     = 10000,           /* a budget is nothing, or at least one of these parts of its period */
	BUDGET_PERIOD_MIN = 100000,         /* ns */
};

#define BUDGET_PERIOD_MAX 10000000000UL

/*
 * A fault or exception arrives at the pager or handler gate as an RPC of kind FAULT: badge of the gate, label = vector,
 * words: 0 thread (physical address), 1 error code | faulting access, 2 address (page fault: CR2), 3 ip; in the UTCB
 * 4 sp, 5 rbp. The reply's label: FAULT_RESUME, or FAULT_STOP (blocked until THREAD_START).
 */
/* Not a vector of the CPU: the thread has ended itself (SYS_THREAD_EXIT); whatever the reply, it stays so. */
enum { FAULT_EXIT = 256 };

enum fault_reply { FAULT_RESUME, FAULT_STOP };
enum fault_error { FAULT_PRESENT = 1, FAULT_WRITE = 2, FAULT_RESERVED = 8 /* an address that the CPU has no wires for */, FAULT_EXECUTE = 16 };

/* One header word, in both directions. */
static inline unsigned long syscall_header(unsigned op, unsigned words, unsigned caps, unsigned expect, unsigned label)
{
	return op | words << 8 | caps << 16 | expect << 20 | (unsigned long)label << 32;
}
