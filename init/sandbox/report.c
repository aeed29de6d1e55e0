/* SPDX-License-Identifier: MIT */
/*
 * The state report: one XML document about the children, their sessions and accounts, and what was denied them. It goes to a Report session at the own parent,
 * if the configuration has a <report>, and to children whose ROM "state" leads to <local/>. It is written straight into memory that its reader has, when
 * something has changed, but not more often than the configuration says.
 */
#include "own.h"
#include <base/log.h>
#include <base/string.h>
#include <base/time.h>
#include <base/xml_write.h>

static char const *state_name(enum child_state state)
{
	static char const *const names[CHILD_STATES] = {
		[CHILD_WAITING] = "WAITING", [CHILD_STARTING] = "STARTING", [CHILD_ALIVE] = "ALIVE", [CHILD_EXITED] = "EXITED", [CHILD_FAULTED] = "FAULTED",
		[CHILD_HUNG] = "HUNG", [CHILD_BACKOFF] = "BACKOFF", [CHILD_GIVEN_UP] = "GIVEN_UP", [CHILD_STOPPING] = "STOPPING",
	};

	return names[state];
}

/* --- Accounts --- */

/* One half of an account; `slots`: of what it lent, what the slots for its sessions have, or NULL. */
struct amount {
	uint64_t        limit, used, lent;
	uint64_t const *slots;
};

static void write_amount(struct xml_writer *xml, char const *name, struct amount const *amount)
{
	xml_begin(xml, name);
	xml_attr_u64(xml, "limit", amount->limit);
	xml_attr_u64(xml, "used", amount->used);
	xml_attr_u64(xml, "avail", amount->limit - amount->used);
	xml_attr_u64(xml, "lent", amount->lent);
	if (amount->slots)
		xml_attr_u64(xml, "slots", *amount->slots);
	xml_end(xml);
}

/* `slots`: the account of the session slots that are paid from it, or a null capability. */
static void write_account(struct xml_writer *xml, struct account account, struct account slots, bool ram, bool caps)
{
	struct account_state state, part;
	bool const           has_slots = !cap_is_null(slots.cap) && account_info(slots, &part) == STATUS_OK;

	if ((!ram && !caps) || account_info(account, &state) != STATUS_OK)
		return;
	if (ram)
		write_amount(xml, "ram", &(struct amount) { state.ram_limit, state.ram_used, state.ram_lent, has_slots ? &part.ram_limit : NULL });
	if (caps)
		write_amount(xml, "caps", &(struct amount) { state.caps_limit, state.caps_used, state.caps_lent, has_slots ? &part.caps_limit : NULL });
}

/* --- Sessions --- */

static bool is_pending(struct session_slot const *slot)
{
	return slot->state == SLOT_QUEUED || slot->state == SLOT_OFFERED;
}

static char const *server_name(struct session_slot const *slot)
{
	return slot->kind == SESSION_TO_PARENT ? "" : slot->kind == SESSION_LOCAL ? slot->client->name : slot->server ? slot->server->name : "";
}

static void write_session(struct xml_writer *xml, struct sandbox const *sandbox, struct session_slot const *slot, bool as_server)
{
	xml_begin(xml, "session");
	xml_attr(xml, "service", slot->service);
	xml_attr(xml, "label", slot->label);
	xml_attr(xml, "state", session_state_name(slot->state));
	if (sandbox->config.report.ids)
		xml_attr_u64(xml, "id", slot_id(slot));
	if (as_server)
		xml_attr(xml, "client", slot->client->start->name);
	else
		xml_attr(xml, slot->kind == SESSION_TO_PARENT ? "parent" : slot->kind == SESSION_LOCAL ? "local" : "server",
		         slot->kind == SESSION_TO_CHILD ? server_name(slot) : "yes");
	if (slot->kind != SESSION_LOCAL) {
		xml_attr_u64(xml, "ram", slot->ram);
		xml_attr_u64(xml, "caps", slot->caps);
	}
	xml_end(xml);
}

static void write_requested(struct xml_writer *xml, struct sandbox const *sandbox, struct sandbox_child const *child, bool only_pending)
{
	xml_begin(xml, only_pending ? "pending" : "requested");
	for (unsigned i = 0; child->slots && i < child->slot_count; i++) {
		struct session_slot const *slot = &child->slots[i];

		if (slot->state != SLOT_FREE && (!only_pending || is_pending(slot)))
			write_session(xml, sandbox, slot, false);
	}
	xml_end(xml);
}

static void write_provided(struct xml_writer *xml, struct sandbox const *sandbox, struct sandbox_child const *child)
{
	xml_begin(xml, "provided");
	for (unsigned i = 0; i < child->service_count; i++) {
		xml_begin(xml, "service");
		xml_attr(xml, "name", child->services[i].name);
		xml_attr_bool(xml, "announced", child->services[i].announced);
		xml_end(xml);
	}
	list_for_each (slot, &child->sessions, struct session_slot, of_server)
		write_session(xml, sandbox, slot, true);
	xml_end(xml);
}

/* --- Children --- */

static void write_child(struct xml_writer *xml, struct sandbox const *sandbox, struct sandbox_child *child)
{
	struct config_report const *report = &sandbox->config.report;
	uint64_t                    ns;

	xml_begin(xml, "child");
	xml_attr(xml, "name", child->name);
	xml_attr(xml, "binary", child->start->binary);
	if (*child->start->version)
		xml_attr(xml, "version", child->start->version);
	xml_attr(xml, "state", state_name(child->state));
	if (child->ended_as != CHILD_WAITING)
		xml_attr(xml, "ended", state_name(child->ended_as));
	if (child->ended_as == CHILD_EXITED)
		xml_attr_u64(xml, "exit", child->exit_value);
	xml_attr_u64(xml, "restarts", child->restarts.total);
	if (child->start->heartbeat_missed)
		xml_attr_u64(xml, "beats_owed", child->beats_owed);
	if (report->cpu && child->start->cpu.value)
		xml_attr_u64(xml, "cpu_share", child->start->cpu.value);
	if (report->cpu && child_runs(child) && cpu_consumed(&child->child.cpu, &ns) == STATUS_OK)
		xml_attr_u64(xml, "cpu_ns", ns);
	if (child_runs(child))
		write_account(xml, child->child.account, child->slots_account, report->child_ram, report->child_caps);
	if (report->requested)
		write_requested(xml, sandbox, child, false);
	if (report->pending)
		write_requested(xml, sandbox, child, true);
	if (report->provided)
		write_provided(xml, sandbox, child);
	xml_end(xml);
}

/* The time that init itself had, and of its share what it was given and has given on: those who have a share of their own have no more than that together. */
static void write_own_cpu(struct xml_writer *xml, struct sandbox const *sandbox)
{
	uint64_t ns;
	uint32_t share, given_on, period_us;
	bool     is_shared;

	if (cpu_consumed(&sandbox->env->cpu, &ns) == STATUS_OK)
		xml_attr_u64(xml, "cpu_ns", ns);
	if (cpu_share(&sandbox->env->cpu, &share, &given_on, &period_us, &is_shared) != STATUS_OK || !share)
		return;
	xml_attr_u64(xml, "cpu_share", share / CPU_PARTS_PER_PERCENT);
	xml_attr_u64(xml, "cpu_given", given_on / CPU_PARTS_PER_PERCENT);
}

static void write_denials(struct xml_writer *xml, struct sandbox const *sandbox)
{
	unsigned const first = sandbox->explained > SANDBOX_EXPLANATIONS ? sandbox->explained - SANDBOX_EXPLANATIONS : 0;

	for (unsigned i = first; i < sandbox->explained; i++) {
		struct explanation const *explanation = &sandbox->explanations[i % SANDBOX_EXPLANATIONS];

		xml_begin(xml, "denied");
		xml_attr(xml, "what", explanation->what);
		xml_attr(xml, "where", explanation->where);
		xml_attr(xml, "fix", explanation->fix);
		xml_end(xml);
	}
}

size_t report_write(struct sandbox *sandbox, char *to, size_t size)
{
	struct config_report const *report = &sandbox->config.report;
	struct xml_writer           xml;
	size_t                      used;
	enum status                 status;

	xml_write_init(&xml, to, size);
	xml_begin(&xml, "state");
	xml_attr_u64(&xml, "time_ms", time_now_ns() / TIME_NS_PER_MS);
	xml_attr_u64(&xml, "updates", sandbox->updates);
	if (report->denied)
		xml_attr_u64(&xml, "denials", sandbox->explained);
	if (report->cpu)
		write_own_cpu(&xml, sandbox);
	write_account(&xml, sandbox->env->account, (struct account) { CAP_NULL }, report->init_ram, report->init_caps);
	list_for_each (child, &sandbox->children, struct sandbox_child, of_sandbox)
		write_child(&xml, sandbox, child);
	if (report->denied && sandbox->explanations)
		write_denials(&xml, sandbox);
	xml_end(&xml);
	status = xml_finish(&xml, &used);
	if (status == STATUS_OK)
		return used;
	if (!sandbox->report.complaints++)
		log_warning("the state report takes %zu bytes, and its buffer has %zu: give <report> a larger one (%s:%u)", used, size, sandbox->config.file,
		            report->at.line);
	return 0;
}

/* --- When --- */

static bool is_wanted(struct sandbox const *sandbox)
{
	return sandbox->report.reporter.buffer || sandbox->report.readers;
}

/* What accounts have used and threads have run changes without anybody telling: all of it is reported anew after a while. */
static void refresh_later(struct sandbox *sandbox)
{
	struct sandbox_report *report = &sandbox->report;

	if (!sandbox->config.report.refresh_ms || report->due.armed || !is_wanted(sandbox))
		return;
	report->is_refresh = true;
	ep_timeout(&sandbox->env->ep, &report->due, report->last_ns + sandbox->config.report.refresh_ms * TIME_NS_PER_MS);
}

static void handle_due(struct handler *handler, uint64_t count)
{
	struct sandbox *sandbox = container_of(handler, struct sandbox, report.due);
	size_t          size;
	char           *text = reporter_begin(&sandbox->report.reporter, &size);

	sandbox->report.last_ns = time_now_ns();
	if (text)
		reporter_commit(&sandbox->report.reporter, report_write(sandbox, text, size));
	list_for_each (child, &sandbox->children, struct sandbox_child, of_sandbox) {
		if (!cap_is_null(child->state_gate))
			state_rom_newer(child);
	}
	refresh_later(sandbox);
}

void report_soon(struct sandbox *sandbox)
{
	struct sandbox_report *report = &sandbox->report;

	if (!is_wanted(sandbox) || (report->due.armed && !report->is_refresh))
		return;
	report->is_refresh = false;
	ep_timeout(&sandbox->env->ep, &report->due,
	           MAX(time_now_ns(), report->last_ns + (sandbox->config.report.at.line ? sandbox->config.report.delay_ms : 100) * TIME_NS_PER_MS));
}

static void handle_ready(struct reporter *reporter, enum status status)
{
	struct sandbox *sandbox = container_of(reporter, struct sandbox, report.reporter);

	if (status != STATUS_OK)
		log_warning("cannot report the state (%s:%u): %s; its ROM is there for children that are led to <local/>", sandbox->config.file,
		            sandbox->config.report.at.line, status_name(status));
	report_soon(sandbox);
}

void report_start(struct sandbox *sandbox)
{
	struct config_report const *report = &sandbox->config.report;

	sandbox->report.due.handle = handle_due;
	if (report->denied && !sandbox->explanations &&
	    heap_new_array(&sandbox->env->heap, SANDBOX_EXPLANATIONS, &sandbox->explanations) != STATUS_OK)
		log_warning("there is no memory for what is denied: the state report is without it");
	if (sandbox->report.reporter.env && sandbox->report.reporter.args.buffer == (report->at.line ? report->buffer : 0))
		return;
	reporter_fini(&sandbox->report.reporter);
	sandbox->report.reporter.env = NULL;
	if (report->at.line && config_find_service(sandbox->config.parent_provides, "Report"))
		reporter_init(&sandbox->report.reporter, sandbox->env, ROUTE_LOCAL_ROM, report->buffer, handle_ready);
}

void report_stop(struct sandbox *sandbox)
{
	ep_timeout_cancel(&sandbox->env->ep, &sandbox->report.due);
	reporter_fini(&sandbox->report.reporter);
	heap_free(&sandbox->env->heap, sandbox->explanations);
	sandbox->explanations = NULL;
}
