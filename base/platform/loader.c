/* SPDX-License-Identifier: MIT */
/*
 * The loader: the first code that runs in a new component, on its main stack, inside the platform page. It asks the parent
 * for ROM "binary", maps text and constants straight from it, copies data to RAM of the component's own account, relocates,
 * and jumps to the entry point. So a parent parses no ELF file and waits for no ROM server; and what is wrong with a binary
 * is found by the component that it is wrong for, which says so in one line on LOG and exits.
 *
 * The file is not trusted beyond what it does to its own component: all offsets are checked, so that a broken one gives a line
 * and not a fault. There is no writable static here, as all components share the page.
 */
#include <account/account.h>
#include <base/cost.h>
#include <base/signal.h>
#include <base/startup.h>
#include <base/string.h>
#include <base/time.h>
#include <cpu/thread.h>
#include <dataspace/dataspace.h>
#include <log/log.h>
#include <parent/parent.h>
#include <pd/pd.h>
#include <ram/ram.h>
#include <rm/rm.h>
#include <rom/rom.h>
#include <signal/signal.h>

#include "elf.h"
#include "loader.h"

static_assert(PLATFORM_CALL == (int)SYS_CALL && PLATFORM_REPLY_WAIT == (int)SYS_REPLY_WAIT && PLATFORM_WAIT == (int)SYS_WAIT &&
              PLATFORM_SUBMIT == (int)SYS_SUBMIT && PLATFORM_IRQ_ACK == (int)SYS_IRQ_ACK && PLATFORM_YIELD == (int)SYS_YIELD &&
              PLATFORM_CAP_COPY == (int)SYS_CAP_COPY && PLATFORM_CAP_MOVE == (int)SYS_CAP_MOVE &&
              PLATFORM_CAP_DROP == (int)SYS_CAP_DROP && PLATFORM_CAP_REVOKE == (int)SYS_CAP_REVOKE &&
              PLATFORM_CAP_INFO == (int)SYS_CAP_INFO && PLATFORM_THREAD_EXIT == (int)SYS_THREAD_EXIT &&
              PLATFORM_TIME == (int)SYS_TIME && PLATFORM_THREAD_TLS == (int)SYS_THREAD_TLS &&
              PLATFORM_TRACE_MARK == (int)SYS_TRACE_MARK && PLATFORM_PRIMITIVES == SYS_TRACE_MARK + 1 && STATUS_AGAIN == 1,
              "platform.S uses these numbers");

_Noreturn void loader_main(void);
_Noreturn void loader_jump(uint64_t entry, struct startup const *startup);

static struct parent const  parent  = { { SLOT_PARENT << 5 } };
static struct account const account = { { SLOT_ACCOUNT << 5 } };

struct loader {
	struct startup   startup;
	struct rom       rom;
	struct dataspace content;
	uint64_t         size;        /* of the ROM, exact */
	struct elf_image image;
};

/* --- Sessions --- */

/* Waits for news of the session `id`; the context for that exists only meanwhile. */
static enum status wait_for_session(uint32_t id, struct session_status *status, struct cap *session)
{
	struct signal         contexts = { .connection.cap = account.cap };
	struct pd             pd       = { .connection.cap = cap_well_known(SLOT_PD) };
	struct thread         self;
	struct signal_context news;
	enum status           result;
	uint32_t              bits;

	RPC_TRY(pd_main_thread(&pd, &self));
	RPC_TRY(signal_alloc_context(&contexts, self, 0, &news));
	result = parent_news_handler(parent, news);
	while (result == STATUS_OK && status->state == SESSION_STATE_PENDING) {
		result = signal_wait(news, 0);
		if (result == STATUS_OK)
			result = parent_news(parent, &bits);
		if (result == STATUS_OK)
			result = parent_session_state(parent, id, status, session);
	}
	if (parent_news_handler(parent, (struct signal_context) { CAP_NULL }) != STATUS_OK ||
	    signal_free_context(&contexts, news) != STATUS_OK)
		result = result ? result : STATUS_INTERNAL;
	cap_release(news.cap);
	cap_release(self.cap);
	return result;
}

static enum status open_once(struct session_open_args const *args, uint32_t *id, struct session_status *status, struct cap *session)
{
	RPC_TRY(parent_session_open(parent, args, (struct account) { CAP_NULL }, id, status, session));
	if (status->state == SESSION_STATE_PENDING)
		RPC_TRY(wait_for_session(*id, status, session));
	if (status->state == SESSION_STATE_OPEN)
		return cap_is_null(*session) ? STATUS_PEER_FAULT : STATUS_OK;
	return status->reason ? status->reason : STATUS_INTERNAL;
}

static __attribute__((noinline)) enum status open_session(struct rpc_type const *type, char const *label, uint64_t caps,
                                                          uint32_t *id, struct cap *session)
{
	struct session_open_args args = { .hash = type->hash, .caps = caps, .affinity = UINT32_MAX };
	struct session_status    status;
	enum status              result;

	RPC_TRY(string_copy(args.service, sizeof(args.service), type->name));
	RPC_TRY(string_copy(args.label, sizeof(args.label), label));
	result = open_once(&args, id, &status, session);
	if (result == STATUS_NEEDS) {
		args.ram = status.ram;
		args.caps = status.caps;
		result = open_once(&args, id, &status, session);
	}
	return result;
}

/* --- The end, when something is wrong --- */

static __attribute__((noinline)) void say(char const *text)
{
	struct log  log = { .connection.cap = CAP_NULL };
	uint32_t    id;
	enum status status = open_session(&log_type, "", COST_LOG_CAPS, &id, &log.connection.cap);

	if (status == STATUS_OK)
		status = log_write(&log, text, strlen(text));
	/* Without LOG, the exit value is all that there is to say. */
	(void)status;
}

static _Noreturn void leave(void)
{
	struct platform_regs regs = { 0 };

	if (parent_exit(parent, 1) == STATUS_OK)
		platform_invoke(PLATFORM_THREAD_EXIT, &regs);
	__builtin_trap();
}

static _Noreturn __attribute__((noinline)) void fail(char const *what, char const *why)
{
	char line[LOADER_LINE];

	format_cut(line, sizeof(line), "cannot start: %s%s%s\n", what, *why ? ": " : "", why);
	say(line);
	leave();
}

_Noreturn void assert_failed(char const *file, unsigned line, char const *text)
{
	fail("assertion in the platform page", text);
}

static void must(enum status status, char const *what)
{
	if (status != STATUS_OK)
		fail(what, status_name(status));
}

/* --- Loading --- */

static void *attach(struct dataspace memory, struct rm_attach_args const *args)
{
	struct rm rm = { .connection.cap = cap_well_known(SLOT_RM) };
	uint64_t  address;

	must(rm_attach(&rm, memory, args, account, &address), "cannot map the binary");
	return (void *)address;
}

static void detach(void const *address)
{
	struct rm rm = { .connection.cap = cap_well_known(SLOT_RM) };

	must(rm_detach(&rm, (uint64_t)address), "cannot unmap a part of the binary");
}

/* Attaches `size` bytes of the file from `offset` on for reading, at `address`; detach gives them back. */
static uint8_t const *attach_file(struct loader const *loader, uint64_t offset, uint64_t size, uint64_t address)
{
	struct rm_attach_args args = { .offset = offset, .size = size, .address = address, .access = RM_ACCESS_READ };

	return attach(loader->content, &args);
}

static __attribute__((noinline)) void read_headers(struct loader *loader)
{
	uint8_t      headers[ELF_HEADERS_MAX];
	size_t const size = MIN(loader->size, sizeof(headers));
	void const  *file = attach_file(loader, 0, PAGE_SIZE, IMAGE_ADDRESS);
	char const  *defect;

	memset(headers, 0, sizeof(headers));
	memcpy(headers, file, size);
	detach(file);
	defect = elf_decode(&loader->image, headers, size, loader->size);
	if (defect)
		fail("binary", defect);
}

/* Data: pages of our own. The part that the file holds is copied by way of a mapping behind the whole image. */
static void load_data(struct loader const *loader, struct elf_segment const *segment)
{
	struct ram            ram   = { .connection.cap = account.cap };
	uint64_t const        start = align_down(segment->address, PAGE_SIZE);
	uint64_t const        size  = align_up(segment->address + segment->memory_size, PAGE_SIZE) - start;
	struct rm_attach_args args  = { .size = size, .address = IMAGE_ADDRESS + start, .access = RM_ACCESS_WRITE };
	struct dataspace      memory;

	must(ram_alloc(&ram, size, RAM_CACHE_CACHED, 0, &memory), "no memory for the data of the binary");
	attach(memory, &args);
	if (!segment->file_size)
		return;

	uint64_t const       offset = align_down(segment->offset, PAGE_SIZE);
	uint64_t const       behind = align_up(IMAGE_ADDRESS + loader->image.end, PAGE_SIZE);
	uint8_t const *const from   = attach_file(loader, offset, align_up(segment->offset + segment->file_size, PAGE_SIZE) - offset, behind);

	memcpy((void *)(IMAGE_ADDRESS + segment->address), from + (segment->offset - offset), segment->file_size);
	detach(from);
}

static void load_segment(struct loader const *loader, struct elf_segment const *segment)
{
	uint64_t const        start = align_down(segment->address, PAGE_SIZE);
	struct rm_attach_args args  = {
		.offset  = align_down(segment->offset, PAGE_SIZE),
		.size    = align_up(segment->address + segment->file_size, PAGE_SIZE) - start,
		.address = IMAGE_ADDRESS + start,
		.access  = segment->kind == ELF_TEXT ? RM_ACCESS_EXECUTE : RM_ACCESS_READ,
	};

	if (segment->kind == ELF_DATA)
		load_data(loader, segment);
	else
		attach(loader->content, &args);
}

static __attribute__((noinline)) void check_note(struct elf_image const *image)
{
	struct platform const *page = (struct platform const *)PLATFORM_ADDRESS;
	struct platform_note   note;
	char                   text[LOADER_LINE];

	if (!elf_find_note(image, &note))
		fail("binary", "no note says which platform it needs");
	if (note.major == page->major && note.minor <= page->count)
		return;
	format_cut(text, sizeof(text), "needs platform %u.%u, has %u.%u", note.major, note.minor, page->major, page->count);
	fail("binary", text);
}

/* FPU state for this thread, which its code will use at once. Whoever paid for the thread pays. */
static void add_fpu(void)
{
	struct pd     pd = { .connection.cap = cap_well_known(SLOT_PD) };
	struct thread self;

	must(pd_main_thread(&pd, &self), "cannot find the main thread");
	must(thread_add_fpu(self), "no memory for FPU state");
	cap_release(self.cap);
}

static void load(struct loader *loader)
{
	char const *defect;

	must(open_session(&rom_type, "binary", COST_ROM_CAPS, &loader->rom.connection.id, &loader->rom.connection.cap), "cannot open ROM \"binary\"");
	must(rom_dataspace(&loader->rom, &loader->content, &loader->size), "cannot read ROM \"binary\"");
	if (cap_is_null(loader->content.cap) || !loader->size)
		fail("binary", "the file is empty");
	read_headers(loader);
	for (unsigned i = 0; i < loader->image.count; i++)
		load_segment(loader, &loader->image.segments[i]);
	check_note(&loader->image);
	if (elf_is_heavy(&loader->image))
		add_fpu();
	defect = elf_relocate(&loader->image);
	if (defect)
		fail("binary", defect);
}

_Noreturn void loader_main(void)
{
	struct loader loader = { .startup.size = sizeof(loader.startup), .image.base = IMAGE_ADDRESS };

	loader_caps_init();
	load(&loader);
	loader.startup.binary = loader.rom.connection.cap.selector;
	loader.startup.binary_id = loader.rom.connection.id;
	loader.startup.binary_content = loader.content.cap.selector;
	loader.startup.first_free = loader_caps_next();
	loader_jump(IMAGE_ADDRESS + loader.image.entry, &loader.startup);
}
