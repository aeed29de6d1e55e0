/* SPDX-License-Identifier: MIT */
/* Serves Managed: region maps in each other, of which the innermost is filled on demand. All of it is paid by the session. */
#include <base/cap_alloc.h>
#include <base/component.h>
#include <base/connection.h>
#include <managed/managed.h>

#include "../managed.h"

enum { PAGES_MAX = 64, LEVELS_MAX = 4, DIES_AT = 3 };

struct paged {
	struct managed_session session;
	struct rm              maps[LEVELS_MAX];      /* the innermost first */
	unsigned               levels;
	struct dataspace       outermost;
	struct handler         fault;
	struct signal_context  faulted;
	struct dataspace       pages[PAGES_MAX];
	uint32_t               times[PAGES_MAX];      /* how often each was filled */
	uint32_t               page_count, filled;
};

static struct env *own_env;
static char        how[16];

static struct paged *paged_of(struct managed_session *session) { return container_of(session, struct paged, session); }

static struct ram ram_of(struct paged *paged)
{
	return (struct ram) { .connection.cap = session_account(&paged->session.session).cap };
}

/* --- Filling --- */

static enum status write_page(struct paged *paged, uint32_t page)
{
	struct account account = session_account(&paged->session.session);
	void          *address;

	TRY(dataspace_attach(paged->pages[page], RM_ACCESS_WRITE, account, &address));
	for (unsigned i = 0; i < MANAGED_WORDS; i++)
		((uint64_t *)address)[i] = managed_word(page, i, paged->times[page]);
	dataspace_detach(address);
	return STATUS_OK;
}

static enum status fill(struct paged *paged, uint32_t page)
{
	struct ram            ram = ram_of(paged);
	struct rm_attach_args args = { .address = page * PAGE_SIZE, .access = RM_ACCESS_WRITE, .flags = RM_ATTACH_AT };
	uint64_t              address;

	TRY(ram_alloc(&ram, PAGE_SIZE, RAM_CACHE_CACHED, 0, &paged->pages[page]));
	paged->times[page]++;
	TRY(write_page(paged, page));
	TRY(rm_attach(&paged->maps[0], paged->pages[page], &args, session_account(&paged->session.session), &address));
	paged->filled++;
	return STATUS_OK;
}

static enum status answer_faults(struct paged *paged)
{
	enum rm_fault fault;
	uint64_t      address;

	for (;;) {
		TRY(rm_state(&paged->maps[0], &fault, &address));
		if (fault == RM_FAULT_NONE)
			return STATUS_OK;
		if (string_equal(how, "dies") && paged->filled + 1 == DIES_AT)
			*(int volatile *)NULL = 1;
		TRY(fill(paged, (uint32_t)(address / PAGE_SIZE)));
	}
}

static void handle_fault(struct handler *handler, uint64_t count)
{
	enum status status = string_equal(how, "mute") ? STATUS_OK : answer_faults(container_of(handler, struct paged, fault));

	if (status)
		log_error("cannot fill a page: %s", status_name(status));
}

/* --- Sessions --- */

static enum status open_map(struct paged *paged)
{
	struct rm_args            args = { .size = paged->page_count * PAGE_SIZE };
	struct connection_request request = {
		.type = &rm_type, .label = "managed", .args = &args, .pay = session_account(&paged->session.session).cap,
	};

	TRY(connection_open_request(&paged->maps[paged->levels].connection, own_env, &request));
	paged->levels++;
	return STATUS_OK;
}

/* One more map around those there are. */
static enum status wrap(struct paged *paged)
{
	struct rm_attach_args all = { .access = RM_ACCESS_ALL, .flags = RM_ATTACH_AT | RM_ATTACH_MANAGED };
	struct dataspace      inner = paged->outermost;
	uint64_t              address;

	TRY(open_map(paged));
	TRY(rm_dataspace(&paged->maps[paged->levels - 1], &paged->outermost));
	if (cap_is_null(inner.cap))
		return STATUS_OK;
	TRY(rm_attach(&paged->maps[paged->levels - 1], inner, &all, session_account(&paged->session.session), &address));
	cap_release(inner.cap);
	return STATUS_OK;
}

static enum status set_up(struct paged *paged, unsigned levels)
{
	paged->fault.handle = handle_fault;
	TRY(ep_signal(&own_env->ep, &paged->fault, &paged->faulted));
	for (unsigned i = 0; i < levels; i++)
		TRY(wrap(paged));
	return rm_fault_handler(&paged->maps[0], paged->faulted);
}

static void close_paged(struct managed_session *session)
{
	struct paged *paged = paged_of(session);

	for (unsigned i = 0; i < PAGES_MAX; i++)
		cap_release(paged->pages[i].cap);
	cap_release(paged->outermost.cap);
	for (unsigned i = 0; i < paged->levels; i++)
		rm_close(&paged->maps[i]);
	if (!cap_is_null(paged->faulted.cap))
		ep_signal_end(&own_env->ep, paged->faulted);
}

static enum status open_paged(struct managed_session *session, struct managed_args const *args)
{
	struct paged *paged = paged_of(session);
	enum status   status;

	if (!args->pages || args->pages > PAGES_MAX || !args->levels || args->levels > LEVELS_MAX)
		return STATUS_INVALID;
	paged->page_count = args->pages;
	status = set_up(paged, args->levels);
	if (status)
		close_paged(session);
	return status;
}

/* --- Operations --- */

static enum status memory(struct managed_session *session, struct cap *memory)
{
	*memory = paged_of(session)->outermost.cap;
	return STATUS_OK;
}

static enum status filled(struct managed_session *session, uint32_t *pages)
{
	*pages = paged_of(session)->filled;
	return STATUS_OK;
}

static enum status evict(struct managed_session *session, uint32_t page)
{
	struct paged *paged = paged_of(session);
	struct ram    ram = ram_of(paged);

	if (page >= paged->page_count || cap_is_null(paged->pages[page].cap))
		return STATUS_NOT_FOUND;
	TRY(rm_detach(&paged->maps[0], page * PAGE_SIZE));
	TRY(ram_free(&ram, paged->pages[page]));
	cap_release(paged->pages[page].cap);
	paged->pages[page].cap = CAP_NULL;
	return STATUS_OK;
}

static struct managed_service service = {
	.ops = { .memory = memory, .filled = filled, .evict = evict }, .session_size = sizeof(struct paged), .open = open_paged, .close = close_paged,
};

enum status component_construct(struct env *env)
{
	own_env = env;
	TRY(node_string(env_config(env), "how", "fills", how, sizeof(how)));
	return managed_provide(&service, env);
}
