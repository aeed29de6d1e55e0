/* SPDX-License-Identifier: MIT */
/* How often each operation ended with each status, and what is missing in that. */
#include "hostile.h"

enum { LINE = 480, SAID_MAX = 40 };

static uint32_t by_call[CALLS_MAX][STATUS_COUNT];
static uint32_t by_none[INTERFACES_MAX][STATUS_COUNT];    /* labels that are no call of the interface, other targets */
static uint64_t of_interface[INTERFACES_MAX], by_twist[TWISTS];
static unsigned violations;

static int interface_of(unsigned call)
{
	for (unsigned i = 0; i < described.interface_count; i++)
		if (call >= described.interfaces[i].first && call < described.interfaces[i].first + described.interfaces[i].count)
			return (int)i;
	return TYPE_NONE;
}

void tally_count(struct message const *message, enum status status)
{
	of_interface[message->interface]++;
	by_twist[message->twist]++;
	if (!rpc_is_status(status))
		return;
	if (message->call == TYPE_NONE)
		by_none[message->interface][status]++;
	else
		by_call[message->call][status]++;
}

void tally_violation(struct message const *message, char const *text, uint64_t number)
{
	char const *call = message->call == TYPE_NONE ? "(no call)" : described.calls[message->call].name;

	if (violations++ < SAID_MAX)
		log_error("violation: %s: %lu (%s); %s.%s, twist %u, label %x, target %lx", text, number,
		          rpc_is_status(number) ? status_name((enum status)number) : "no status", described.interfaces[message->interface].name, call,
		          message->twist, message->label, message->target.cap.selector);
}

unsigned tally_violations(void) { return violations; }
uint64_t tally_calls_of(int interface) { return of_interface[interface]; }

static uint64_t total(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < TWISTS; i++)
		sum += by_twist[i];
	return sum;
}

bool tally_lacks(unsigned call)
{
	for (unsigned status = 0; status < STATUS_COUNT; status++)
		if ((described.calls[call].errors >> status & 1) && !by_call[call][status])
			return true;
	return by_call[call][STATUS_OK] < 100;
}

static void print_line(char const *interface, char const *call, uint32_t const counts[static STATUS_COUNT])
{
	char line[LINE], part[48];

	(void)format_cut(line, sizeof(line), "%s.%s:", interface, call);
	for (unsigned status = 0; status < STATUS_COUNT; status++) {
		if (!counts[status])
			continue;
		(void)format_cut(part, sizeof(part), " %s %u", status_name((enum status)status), counts[status]);
		if (string_append(line, sizeof(line), part) != STATUS_OK)
			break;
	}
	log_info("%s", line);
}

/* Does the configuration say that this cannot be? */
static bool is_excused(struct node config, unsigned call, char const *error)
{
	char name[2 * NAME];

	(void)format_cut(name, sizeof(name), "%s.%s", described.interfaces[interface_of(call)].name, described.calls[call].name);
	node_for_each(never, config, "never")
		if (node_attribute_is(never, "call", name) && node_attribute_is(never, "error", error))
			return true;
	return false;
}

static unsigned miss(struct node config, unsigned call, char const *error, uint32_t count)
{
	bool const excused = is_excused(config, call, error);

	log_info("%s: %s.%s: %s %u", excused ? "not reached" : "missing", described.interfaces[interface_of(call)].name, described.calls[call].name, error,
	         count);
	return !excused;
}

static unsigned check_call(struct goals const *goals, struct node config, unsigned call)
{
	unsigned missing = 0;

	if (by_call[call][STATUS_OK] < goals->successes)
		missing += miss(config, call, status_name(STATUS_OK), by_call[call][STATUS_OK]);
	for (unsigned status = 0; status < STATUS_COUNT; status++)
		if ((described.calls[call].errors >> status & 1) && !by_call[call][status])
			missing += miss(config, call, status_name((enum status)status), 0);
	return missing;
}

unsigned tally_print(struct goals const *goals, struct node config)
{
	unsigned missing = 0;

	for (unsigned i = 0; i < described.interface_count; i++) {
		struct interface const *interface = &described.interfaces[i];

		if (interface->is_out_of_reach)
			continue;
		for (unsigned call = interface->first; call < interface->first + interface->count; call++)
			print_line(interface->name, described.calls[call].name, by_call[call]);
		print_line(interface->name, "(no call of it)", by_none[i]);
	}
	for (unsigned i = 0; i < described.interface_count; i++) {
		struct interface const *interface = &described.interfaces[i];

		if (interface->is_out_of_reach) {
			log_info("out of reach: %s", interface->name);
			continue;
		}
		log_info("calls of %s: %lu", interface->name, of_interface[i]);
		if (of_interface[i] < goals->each) {
			log_info("missing: %s: %lu calls", interface->name, goals->each - of_interface[i]);
			missing++;
		}
		for (unsigned call = interface->first; call < interface->first + interface->count; call++)
			missing += check_call(goals, config, call);
	}
	log_info("%lu calls, %lu of them valid; wrong: words %lu, caps %lu, window %lu, label %lu, values %lu, arguments %lu, form %lu, target %lu", total(),
	         by_twist[POLITE], by_twist[WRONG_WORDS], by_twist[WRONG_CAPS], by_twist[WRONG_WINDOW], by_twist[WRONG_LABEL], by_twist[WRONG_VALUES],
	         by_twist[WRONG_ARGUMENT], by_twist[WRONG_FORM], by_twist[WRONG_TARGET]);
	return missing;
}
