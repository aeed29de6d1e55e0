/* SPDX-License-Identifier: MIT */
/* State reports, put together; see state.h. */
#include "state.h"
#include <base/string.h>

static char const arrow[] = " -> ";

/* A value that does not fit is cut to nothing: it comes from an init, whose names and labels have bounds of their own. */
static void copy_attribute(struct node node, char const *name, char *to, size_t size)
{
	if (node_string(node, name, "", to, size) != STATUS_OK)
		*to = '\0';
}

static uint64_t number(struct node node, char const *name)
{
	return node_u64(node, name, 0, 0, UINT64_MAX);
}

void state_init(struct state *state)
{
	state->component_count = 1;
	state->session_count = state->denial_count = state->range_count = state->left_out = 0;
	state->has_machine = false;
	state->components[0] = (struct component) { .name = "init", .binary = "init", .state = "ALIVE", .parent = NO_COMPONENT };
}

static void add_range(struct state *state, char const *what, char const *name, uint64_t ram)
{
	struct range *range = &state->ranges[state->range_count];

	if (state->range_count == STATE_RANGES) {
		state->left_out++;
		return;
	}
	if (string_copy(range->what, sizeof(range->what), what) != STATUS_OK || string_copy(range->name, sizeof(range->name), name) != STATUS_OK)
		return;
	range->ram = ram;
	state->range_count++;
}

void state_add_machine(struct state *state, struct node root)
{
	struct node const core = node_child(root, "account");

	state->has_machine = node_is(root, "machine");
	state->machine_ram = number(root, "ram");
	state->machine_caps = number(root, "caps");
	node_for_each (node, root, "range") {
		char what[48], name[32];

		copy_attribute(node, "what", what, sizeof(what));
		copy_attribute(node, "name", name, sizeof(name));
		add_range(state, what, name, number(node, "ram"));
	}
	add_range(state, "core's objects", "", number(core, "ram"));
	add_range(state, "core's reserve", "", number(core, "reserve_ram"));
	state->core_caps = number(core, "caps") + number(core, "reserve_caps");
}

int state_find(struct state const *state, char const *path)
{
	for (unsigned i = 0; i < state->component_count; i++) {
		if (string_equal(state->components[i].path, path))
			return (int)i;
	}
	return NO_COMPONENT;
}

static int find_child(struct state const *state, int parent, char const *name)
{
	for (unsigned i = 0; i < state->component_count; i++) {
		if (state->components[i].parent == parent && string_equal(state->components[i].name, name))
			return (int)i;
	}
	return NO_COMPONENT;
}

/* --- One report --- */

static void read_amount(struct node node, struct amount *amount)
{
	*amount = (struct amount) { number(node, "limit"), number(node, "used"), number(node, "avail"), number(node, "lent"), number(node, "slots") };
}

static int add_child(struct state *state, int parent, struct node node)
{
	struct component       *component = &state->components[state->component_count];
	struct component const *above     = &state->components[parent];

	if (state->component_count == STATE_COMPONENTS) {
		state->left_out++;
		return NO_COMPONENT;
	}
	*component = (struct component) {
		.parent = parent, .restarts = number(node, "restarts"), .exit_value = number(node, "exit"), .cpu_ns = number(node, "cpu_ns"),
		.cpu_ms = above->time_ms, .cpu_share = number(node, "cpu_share"), .has_account = node_exists(node_child(node, "ram")),
	};
	copy_attribute(node, "name", component->name, sizeof(component->name));
	copy_attribute(node, "binary", component->binary, sizeof(component->binary));
	copy_attribute(node, "version", component->version, sizeof(component->version));
	copy_attribute(node, "state", component->state, sizeof(component->state));
	copy_attribute(node, "ended", component->ended, sizeof(component->ended));
	if (string_copy(component->path, sizeof(component->path), above->path) != STATUS_OK ||
	    (*above->path && string_append(component->path, sizeof(component->path), "/") != STATUS_OK) ||
	    string_append(component->path, sizeof(component->path), component->name) != STATUS_OK) {
		state->left_out++;
		return NO_COMPONENT;
	}
	read_amount(node_child(node, "ram"), &component->ram);
	read_amount(node_child(node, "caps"), &component->caps);
	return (int)state->component_count++;
}

/* Sessions at a child, as it is asked for them; what init or core serves itself is no trade between components. */
static void add_sessions(struct state *state, int parent, int client, struct node requested)
{
	node_for_each (node, requested, "session") {
		struct trade *session = &state->sessions[state->session_count];
		char            server[STATE_NAME];

		copy_attribute(node, "server", server, sizeof(server));
		if (!*server || node_attribute_is(node, "state", "REFUSED"))
			continue;
		if (state->session_count == STATE_SESSIONS) {
			state->left_out++;
			continue;
		}
		*session = (struct trade) {
			.client = client, .server = find_child(state, parent, server), .reporter = parent, .id = number(node, "id"),
			.ram = number(node, "ram"), .caps = number(node, "caps"),
		};
		copy_attribute(node, "service", session->service, sizeof(session->service));
		copy_attribute(node, "label", session->label, sizeof(session->label));
		copy_attribute(node, "state", session->state, sizeof(session->state));
		state->session_count++;
	}
}

static void add_denials(struct state *state, int component, struct node root)
{
	uint64_t const total = number(root, "denials");
	uint64_t       there = 0;

	node_for_each (node, root, "denied")
		there++;
	node_for_each (node, root, "denied") {
		struct denial *denial = &state->denials[state->denial_count];

		if (state->denial_count == STATE_DENIALS * 4) {
			state->left_out++;
			return;
		}
		*denial = (struct denial) { .component = component, .number = total - --there };
		copy_attribute(node, "what", denial->what, sizeof(denial->what));
		copy_attribute(node, "where", denial->where, sizeof(denial->where));
		copy_attribute(node, "fix", denial->fix, sizeof(denial->fix));
		state->denial_count++;
	}
}

bool state_add_report(struct state *state, char const *path, struct node root)
{
	int const         index     = state_find(state, path);
	struct component *component = &state->components[index];
	struct amount     ram, caps;

	if (index == NO_COMPONENT || !node_is(root, "state"))
		return false;
	component->reports = true;
	component->time_ms = number(root, "time_ms");
	component->denials = number(root, "denials");
	component->cpu_given = number(root, "cpu_given");
	read_amount(node_child(root, "ram"), &ram);
	read_amount(node_child(root, "caps"), &caps);
	if (!index) {
		component->cpu_ns = number(root, "cpu_ns");
		component->cpu_ms = component->time_ms;
		component->cpu_share = number(root, "cpu_share");
		component->has_account = true;
		component->ram = ram;
		component->caps = caps;
	} else if (ram.limit == component->ram.limit && caps.limit == component->caps.limit) {
		/* What it says of itself fits what it says of its children; only its parent knows of its slots. */
		ram.slots = component->ram.slots;
		caps.slots = component->caps.slots;
		component->ram = ram;
		component->caps = caps;
	}
	node_for_each (node, root, "child")
		(void)add_child(state, index, node);
	node_for_each (node, root, "child") {
		char name[STATE_NAME];

		copy_attribute(node, "name", name, sizeof(name));
		add_sessions(state, index, find_child(state, index, name), node_child(node, "requested"));
	}
	add_denials(state, index, root);
	return true;
}

/* --- All of them --- */

/* A session that "world" has, with the label "alpha -> ann -> x", is that of world/alpha/ann; the rest is its own word. */
static void find_client(struct state const *state, struct trade *session)
{
	char const *at = session->label, *next;

	while ((next = string_find_text(at, arrow))) {
		char name[STATE_NAME];
		int  below;

		if (string_copy_slice(name, sizeof(name), at, (size_t)(next - at)) != STATUS_OK)
			break;
		below = find_child(state, session->client, name);
		if (below == NO_COMPONENT)
			break;
		session->client = below;
		at = next + sizeof(arrow) - 1;
	}
	memmove(session->label, at, strlen(at) + 1);
	/* Who has no word of its own is named by the label alone. */
	if (find_child(state, session->client, session->label) != NO_COMPONENT) {
		session->client = find_child(state, session->client, session->label);
		session->label[0] = '\0';
	}
}

struct amount_sum state_donated(struct state const *state, int component)
{
	struct amount_sum sum = { 0, 0 };

	for (unsigned i = 0; i < state->session_count; i++) {
		if (state->sessions[i].client == component) {
			sum.ram += state->sessions[i].ram;
			sum.caps += state->sessions[i].caps;
		}
	}
	return sum;
}

uint64_t state_cpu_given(struct state const *state, int component)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < state->component_count; i++)
		sum += state->components[i].parent == component && state->components[i].has_account ? state->components[i].cpu_share : 0;
	return sum;
}

static bool is_explained(struct state const *state, unsigned index)
{
	struct component const *component = &state->components[index];
	struct amount_sum       sum       = state_donated(state, (int)index);

	if (!component->has_account)
		return true;
	sum.ram += component->ram.slots;
	sum.caps += component->caps.slots;
	for (unsigned i = 0; i < state->component_count; i++) {
		if (state->components[i].parent == (int)index && state->components[i].has_account) {
			sum.ram += state->components[i].ram.limit;
			sum.caps += state->components[i].caps.limit;
		}
	}
	return sum.ram == component->ram.lent && sum.caps == component->caps.lent &&
	       (!component->reports || !component->cpu_share || component->cpu_given == state_cpu_given(state, (int)index));
}

struct amount_sum state_sum(struct state const *state)
{
	struct amount_sum sum = { 0, state->core_caps };

	for (unsigned i = 0; i < state->range_count; i++)
		sum.ram += state->ranges[i].ram;
	for (unsigned i = 0; i < state->component_count; i++) {
		struct component const *component = &state->components[i];
		struct amount_sum const donated   = state_donated(state, (int)i);

		if (!component->has_account)
			continue;
		sum.ram += component->ram.used - component->ram.lent + component->ram.slots + donated.ram + component->ram.avail;
		sum.caps += component->caps.used - component->caps.lent + component->caps.slots + donated.caps + component->caps.avail;
	}
	return sum;
}

bool state_settle(struct state *state)
{
	struct amount_sum sum;
	bool              fits = state->has_machine && state->components[0].reports && !state->left_out;

	for (unsigned i = 0; i < state->session_count; i++)
		find_client(state, &state->sessions[i]);
	for (unsigned i = 0; i < state->component_count; i++)
		fits = is_explained(state, i) && fits;
	sum = state_sum(state);
	return fits && sum.ram == state->machine_ram && sum.caps == state->machine_caps;
}
