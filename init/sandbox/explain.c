/* SPDX-License-Identifier: MIT */
/*
 * Explanations: one function for each line. Positions are "file:line" so that editors jump there; the change is given
 * as the XML to write, with the values at hand.
 */
#include "explain.h"
#include <base/cost.h>
#include <base/string.h>

/* "file:line" */
struct place { char text[CONFIG_FILE_SIZE + 12]; };

static struct place place(struct config const *config, struct position at)
{
	struct place p;

	format_cut(p.text, sizeof(p.text), "%s:%u", config->file, at.line);
	return p;
}

#define SAY(line, ...) ((void)format_cut((line), EXPLANATION_LINE, __VA_ARGS__))

/* The target that would do for the service; NULL: none here would. */
static char const *target_for(struct denial const *denial, char *text, size_t size)
{
	unsigned                   count;
	struct config_start const *server = NULL;

	if (!route_is_parent_only(denial->service))
		server = route_only_provider(denial->config, denial->client, denial->service, &count);
	if (server)
		return format_cut(text, size, "<child name=\"%s\"/>", server->name);
	return config_find_service(denial->config->parent_provides, denial->service) ? "<parent/>" : NULL;
}

static char const *target_text(struct config_target const *target, char *text, size_t size)
{
	static char const *const names[] = {
		[TARGET_PARENT] = "<parent/>", [TARGET_ANY_CHILD] = "<any-child/>", [TARGET_LOCAL] = "<local/>"
	};

	if (target->kind != TARGET_CHILD)
		return names[target->kind];
	return format_cut(text, size, "<child name=\"%s\"/>", target->child);
}

static char const *peer(struct denial const *denial)
{
	return denial->server ? denial->server->name : "parent";
}

/* --- What --- */

static char const *route_reason(struct denial const *denial, char *text, size_t size)
{
	struct route_step const *step = &denial->trace->deciding;

	switch (step->verdict) {
	case ROUTE_FOUND:         return "no reason";
	case ROUTE_NO_RULE:       return "no route";
	case ROUTE_LABEL_DIFFERS: return "label mismatch: the rules for this service want another label";
	case ROUTE_PARENT_LACKS:  return "no provider: <parent-provides> does not name it";
	case ROUTE_NOBODY:        return "no provider: no child provides it";
	case ROUTE_AMBIGUOUS:     return "several providers: more than one child provides it";
	case ROUTE_PARENT_ONLY:   return "only the parent can provide it";
	case ROUTE_LOCAL_LACKS:   return "no provider: init itself does not provide it";
	case ROUTE_TOO_LONG:      return format_cut(text, size, "label too long: with the child's name it exceeds %u bytes", LABEL_SIZE - 1);
	case ROUTE_CHILD_UNKNOWN: return format_cut(text, size, "no provider: there is no child \"%s\"", step->target->child);
	case ROUTE_CHILD_LACKS:   return format_cut(text, size, "no provider: \"%s\" does not provide it", step->target->child);
	case ROUTE_SELF:          return "its route leads to the one who asks";
	}
	return "unknown";
}

static char const *reason(struct denial const *denial, char *text, size_t size)
{
	switch (denial->kind) {
	case DENIAL_ROUTE:   return route_reason(denial, text, size);
	case DENIAL_VERSION: return format_cut(text, size, "wrong interface version: client 0x%016lx, server \"%s\" 0x%016lx", denial->client_hash,
	                                       peer(denial), denial->server_hash);
	case DENIAL_SERVER:  return format_cut(text, size, "refused by the server \"%s\": %s (%s)", peer(denial), status_name(denial->reason),
	                                       status_text(denial->reason));
	case DENIAL_PARENT:  return format_cut(text, size, "passed to the parent: %s there (%s)", status_name(denial->reason),
	                                       status_text(denial->reason));
	case DENIAL_GONE:    return format_cut(text, size, "the server \"%s\" has ended", peer(denial));
	case DENIAL_RAM:     return format_cut(text, size, "out of RAM: it takes %lu bytes, the client has %lu left", denial->need, denial->have);
	case DENIAL_CAPS:    return format_cut(text, size, "out of caps: it takes %lu, the client has %lu left", denial->need, denial->have);
	case DENIAL_SLOTS:   return format_cut(text, size, "all %u session slots of the client are in use", denial->client->sessions);
	}
	return "unknown";
}

/* --- Where --- */

static char const *route_kind(struct config const *config, struct config_start const *client)
{
	return client == &config->outside ? "export" : client->route->is_default ? "default-route" : "route";
}

static void explain_route_place(char *line, struct denial const *denial)
{
	struct config_start const *client = denial->client;
	struct config_route const *route  = client->route;
	struct config_rule const  *rule   = denial->trace->deciding.rule;
	char                       target[CHILD_NAME_SIZE + 20];

	if (!route)
		SAY(line, "decided at %s: \"%s\" has no <route>, and there is no <default-route>",
		    place(denial->config, client->at).text, client->name);
	else if (!rule)
		SAY(line, "decided at %s: no rule of the <%s> of \"%s\" is for %s", place(denial->config, route->at).text,
		    route_kind(denial->config, client), client->name, denial->service);
	else if (!denial->trace->deciding.target)
		SAY(line, "decided at %s: nearest rule, <service name=\"%s\"> for other labels", place(denial->config, rule->at).text, rule->service);
	else
		SAY(line, "decided at %s: %s in the <%s> of \"%s\"", place(denial->config, denial->trace->deciding.target->at).text,
		    target_text(denial->trace->deciding.target, target, sizeof(target)), route_kind(denial->config, client), client->name);
}

static void explain_place(char *line, struct denial const *denial)
{
	struct config const       *config = denial->config;
	struct config_start const *client = denial->client;
	struct config_amount const *amount = denial->kind == DENIAL_CAPS ? &client->caps : &client->ram;
	char                        text[CHILD_NAME_SIZE + 20];

	switch (denial->kind) {
	case DENIAL_ROUTE:
		explain_route_place(line, denial);
		return;
	case DENIAL_RAM:
	case DENIAL_CAPS:
		SAY(line, "decided at %s: \"%s\" was given %lu", place(config, amount->at.line ? amount->at : client->at).text, client->name,
		    amount->value);
		return;
	case DENIAL_SLOTS:
		SAY(line, "decided at %s: sessions=\"%u\" of \"%s\"", place(config, client->at).text, client->sessions, client->name);
		return;
	default:
		SAY(line, "decided by %s, where %s leads to", denial->server ? format_cut(text, sizeof(text), "child \"%s\"", peer(denial)) : "the parent",
		    place(config, denial->target->at).text);
	}
}

/* --- Fix --- */

static void explain_missing_rule(char *line, struct denial const *denial)
{
	struct config_route const *route = denial->client->route;
	char                       text[CHILD_NAME_SIZE + 20];
	char const                *target = target_for(denial, text, sizeof(text));
	bool                       own = route && !route->is_default;

	if (!target)
		SAY(line, "to allow it: start a component that provides %s, with <provides> <service name=\"%s\"/> </provides>, and route to it",
		    denial->service, denial->service);
	else
		SAY(line, "to allow it: add %s<service name=\"%s\"> %s </service>%s at %s", route ? "" : "<route> ", denial->service, target,
		    route ? "" : " </route>", place(denial->config, own || route ? route->at : denial->client->at).text);
}

static void explain_other_label(char *line, struct denial const *denial)
{
	struct config_rule const *rule = denial->trace->deciding.rule;
	char                      text[CHILD_NAME_SIZE + 20];

	SAY(line, "to allow it: add <service name=\"%s\" label=\"%s\"> %s </service> behind the rule at %s", denial->service, denial->label,
	    rule->targets ? target_text(rule->targets, text, sizeof(text)) : "<parent/>", place(denial->config, rule->at).text);
}

static void explain_lack(char *line, struct denial const *denial)
{
	struct route_step const   *step   = &denial->trace->deciding;
	struct config const       *config = denial->config;
	struct config_start const *server = step->target->kind == TARGET_CHILD ? config_find_start(config, step->target->child) : NULL;
	char                       text[CHILD_NAME_SIZE + 20];
	char const                *target = target_for(denial, text, sizeof(text));

	if (step->verdict == ROUTE_CHILD_LACKS)
		SAY(line, "to allow it: add <provides> <service name=\"%s\"/> </provides> to \"%s\" at %s, if it does provide it", denial->service,
		    server->name, place(config, server->at).text);
	else if (target)
		SAY(line, "to allow it: write %s at %s", target, place(config, step->target->at).text);
	else if (step->verdict == ROUTE_PARENT_LACKS)
		SAY(line, "to allow it: add <service name=\"%s\"/> to <parent-provides> at %s, if the parent does provide it", denial->service,
		    place(config, config->parent_provides_at).text);
	else
		SAY(line, "to allow it: start a component that provides %s, with <provides> <service name=\"%s\"/> </provides>", denial->service,
		    denial->service);
}

static void explain_choice(char *line, struct denial const *denial)
{
	struct route_step const *step = &denial->trace->deciding;

	for (struct config_start const *start = denial->config->starts; start; start = start->next) {
		if (start == denial->client || !config_find_service(start->provides, denial->service))
			continue;
		SAY(line, "to allow it: name the one that is meant, as <child name=\"%s\"/>, in the place of <any-child/> at %s", start->name,
		    place(denial->config, step->target->at).text);
		return;
	}
}

static void explain_length(char *line, struct denial const *denial)
{
	struct position at     = denial->trace->deciding.target->at;
	size_t          length = strlen(denial->client->name) + (denial->label[0] ? sizeof(LABEL_SEPARATOR) - 1 : 0) + strlen(denial->label);

	if (length >= LABEL_SIZE)
		SAY(line, "to allow it: shorten it by %lu bytes, or have the target at %s replace it (label=\"...\")", length - (LABEL_SIZE - 1),
		    place(denial->config, at).text);
	else
		SAY(line, "to allow it: shorten it, or what the target at %s puts in", place(denial->config, at).text);
}

static void explain_route_fix(char *line, struct denial const *denial)
{
	struct route_step const *step = &denial->trace->deciding;

	switch (step->verdict) {
	case ROUTE_NO_RULE:
		explain_missing_rule(line, denial);
		return;
	case ROUTE_LABEL_DIFFERS:
		explain_other_label(line, denial);
		return;
	case ROUTE_AMBIGUOUS:
		explain_choice(line, denial);
		return;
	case ROUTE_PARENT_ONLY:
		SAY(line, "to allow it: write <parent/> at %s", place(denial->config, step->target->at).text);
		return;
	case ROUTE_TOO_LONG:
		explain_length(line, denial);
		return;
	default:
		explain_lack(line, denial);
	}
}

/* The value that `amount` has to have for `need` more than the `have` that is left. */
static uint64_t raised(struct config_amount const *amount, uint64_t need, uint64_t have)
{
	return amount->value + (need > have ? need - have : 0);
}

static void explain_amount(char *line, struct config const *config, struct config_start const *client, bool is_ram, uint64_t value)
{
	struct position at = is_ram ? client->ram.at : client->caps.at;

	if (is_ram)
		SAY(line, "to allow it: ram=\"%luK\" for \"%s\" at %s", align_up(value, 1024) / 1024, client->name,
		    place(config, at.line ? at : client->at).text);
	else
		SAY(line, "to allow it: caps=\"%lu\" for \"%s\" at %s", value, client->name, place(config, at.line ? at : client->at).text);
}

static void explain_parent_fix(char *line, struct denial const *denial)
{
	char const *module = label_last(denial->label);

	if (denial->reason == STATUS_NOT_FOUND && string_equal(denial->service, "ROM"))
		SAY(line, "to allow it: have the parent offer a ROM \"%s\" (at the top: a boot module of that name)", module);
	else
		SAY(line, "to allow it: see the log of the parent; or route it to a child at %s", place(denial->config, denial->target->at).text);
}

static void explain_fix(char *line, struct denial const *denial)
{
	struct config const       *config = denial->config;
	struct config_start const *client = denial->client;

	switch (denial->kind) {
	case DENIAL_ROUTE:
		explain_route_fix(line, denial);
		return;
	case DENIAL_VERSION:
		SAY(line, "to allow it: build \"%s\" and \"%s\" from the same %s interface", client->name, peer(denial), denial->service);
		return;
	case DENIAL_SERVER:
		SAY(line, "to allow it: change what \"%s\" accepts, at %s, or route to another at %s", peer(denial),
		    place(config, denial->server->at).text,
		    place(config, denial->target->at).text);
		return;
	case DENIAL_PARENT:
		explain_parent_fix(line, denial);
		return;
	case DENIAL_GONE:
		SAY(line, "to allow it: see above why \"%s\" has ended, or route to another at %s", peer(denial), place(config, denial->target->at).text);
		return;
	case DENIAL_RAM:
		explain_amount(line, config, client, true, raised(&client->ram, denial->need, denial->have));
		return;
	case DENIAL_CAPS:
		explain_amount(line, config, client, false, raised(&client->caps, denial->need, denial->have));
		return;
	case DENIAL_SLOTS:
		SAY(line, "to allow it: sessions=\"%u\" for \"%s\" at %s", MIN(client->sessions * 2, (unsigned)CONFIG_SESSIONS_MAX), client->name,
		    place(config, client->at).text);
		return;
	}
}

/* --- All --- */

char const *explain_word(char const *word, char *text, size_t size)
{
	(void)format_cut(text, size, "%s", word);
	for (char *c = text; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	return text;
}

void explain_denial(struct explanation *to, struct denial const *denial)
{
	char          text[200], service[SERVICE_NAME_SIZE], label[LABEL_SIZE];
	struct denial said = *denial;

	said.service = explain_word(denial->service, service, sizeof(service));
	said.label = explain_word(denial->label, label, sizeof(label));
	SAY(to->what, "denied: \"%s\" asks for %s, label \"%s\": %s", said.client->name, service, label, reason(&said, text, sizeof(text)));
	explain_place(to->where, &said);
	explain_fix(to->fix, &said);
}

void explain_quota(struct explanation *to, struct config const *config, struct config_start const *client, bool is_ram,
                   uint64_t asked, uint64_t limit, uint64_t used)
{
	struct config_amount const *amount = is_ram ? &client->ram : &client->caps;
	uint64_t                    left   = limit > used ? limit - used : 0;

	/* What is left now may be more than when it was asked for. */
	if (left < asked)
		SAY(to->what, "exhausted: \"%s\" has no %s left: asked for %lu, has %lu of %lu", client->name, is_ram ? "RAM" : "caps", asked, left,
		    limit);
	else
		SAY(to->what, "exhausted: \"%s\" had no %s left: asked for %lu of %lu", client->name, is_ram ? "RAM" : "caps", asked, limit);
	SAY(to->where, "decided at %s: \"%s\" was given %lu", place(config, amount->at.line ? amount->at : client->at).text, client->name,
	    amount->value);
	explain_amount(to->fix, config, client, is_ram, raised(amount, asked, left < asked ? left : 0));
}

void explain_request(struct explanation *to, struct config const *config, struct config_start const *client, struct refused_request const *refused)
{
	struct config_amount const *given = refused->is_ram ? &client->ram : &client->caps;
	struct config_amount const *limit = refused->is_ram ? &client->ram_max : &client->caps_max;
	char const                 *unit  = refused->is_ram ? "bytes of RAM" : "caps";
	char const                 *name  = refused->is_ram ? "ram_max" : "caps_max";
	struct position             at    = limit->at.line ? limit->at : given->at.line ? given->at : client->at;
	uint64_t                    sum   = UINT64_MAX;
	bool const                  fits  = !__builtin_add_overflow(refused->has, refused->asked, &sum);

	SAY(to->what, "refused: \"%s\" has %lu %s and asks for %lu more", client->name, refused->has, unit, refused->asked);
	if (limit->at.line)
		SAY(to->where, "decided at %s: \"%s\" may have %lu in all (%s)%s", place(config, at).text, client->name, limit->value, name,
		    refused->frames ? ", and has too little RAM left for core to keep books of so many caps" : "");
	else
		SAY(to->where, "decided at %s: \"%s\" was given %lu, and no %s says that it may have more", place(config, at).text, client->name,
		    given->value, name);
	if (refused->frames)
		SAY(to->fix, "to allow it: more ram for \"%s\" at %s: %u bytes for each %u caps", client->name,
		    place(config, client->ram.at.line ? client->ram.at : client->at).text, (unsigned)COST_PACK_RAM, (unsigned)COST_PACK_CAPS);
	else if (refused->left != UINT64_MAX)
		SAY(to->fix, "to allow it: give this component %lu %s more (%lu are left here), or its other children less", refused->asked - refused->left,
		    unit, refused->left);
	else if (!fits)
		SAY(to->fix, "to allow it: there is no such amount");
	else if (refused->is_ram)
		SAY(to->fix, "to allow it: %s=\"%luK\" for \"%s\" at %s", name, align_up(sum, 1024) / 1024, client->name, place(config, client->at).text);
	else
		SAY(to->fix, "to allow it: %s=\"%lu\" for \"%s\" at %s", name, sum, client->name, place(config, client->at).text);
}

void explain_start(struct explanation *to, struct config const *config, struct config_start const *start, struct quota const *need)
{
	SAY(to->what, "cannot start \"%s\": it has ram=\"%luK\" caps=\"%lu\"", start->name, start->ram.value / 1024, start->caps.value);
	SAY(to->where, "decided at %s: before its own first line, it takes ram=\"%luK\" caps=\"%lu\"",
	    place(config, start->ram.at.line ? start->ram.at : start->at).text, align_up(need->ram, 1024) / 1024, need->caps);
	SAY(to->fix, "to allow it: ram=\"%luK\" caps=\"%lu\" or more for \"%s\" at %s", align_up(MAX(need->ram, start->ram.value), 1024) / 1024,
	    MAX(need->caps, start->caps.value), start->name, place(config, start->at).text);
}

void explain_no_room(struct explanation *to, struct config const *config, struct config_start const *start, bool is_ram, uint64_t left)
{
	SAY(to->what, "cannot start \"%s\": too %s left here", start->name, is_ram ? "little RAM is" : "few caps are");
	SAY(to->where, "decided at %s: \"%s\" is to get %lu of the %lu that are left", place(config, is_ram ? start->ram.at.line ? start->ram.at : start->at :
	    start->caps.at.line ? start->caps.at : start->at).text, start->name, is_ram ? start->ram.value : start->caps.value, left);
	SAY(to->fix, "to allow it: give \"%s\" at %s less, or this component more", start->name, place(config, start->at).text);
}

uint32_t explain_line(struct denial const *denial)
{
	if (denial->target)
		return denial->target->at.line;
	if (denial->trace && denial->trace->deciding.rule)
		return denial->trace->deciding.rule->at.line;
	return denial->client->at.line;
}
