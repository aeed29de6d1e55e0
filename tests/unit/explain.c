/* SPDX-License-Identifier: MIT */
/* Explanations: client, service, label, file and line are named, and the change that is proposed does allow the session. */
#include "sandbox.h"
#include "init/sandbox/explain.h"

static struct unit_config unit;
static struct explanation text;
static struct route_trace trace;

static char const document[] =
	"<?origin run/x.run 20?><config><parent-provides><service name=\"LOG\"/><service name=\"ROM\"/></parent-provides>\n"
	"<default ram=\"1M\"/>\n"
	"<start name=\"one\"><provides><service name=\"Uno\"/><service name=\"Both\"/></provides></start>\n"
	"<start name=\"two\"><provides><service name=\"Both\"/></provides></start>\n"
	"<start name=\"norule\"/>\n"
	"<start name=\"client\" sessions=\"4\">\n"
	"<route>\n"
	"<service name=\"LOG\" label=\"x\"> <parent/> </service>\n"
	"<service name=\"Duo\"> <child name=\"one\"/> </service>\n"
	"<service name=\"Tre\">\n <parent/> </service>\n"
	"<service name=\"Both\"> <any-child/> </service>\n"
	"<service name=\"Gone\"> <child name=\"nobody\"/> </service>\n"
	"<service name=\"PD\"> <any-child/> </service>\n"
	"<service name=\"ROM\"> <parent/> </service>\n"
	"<service name=\"Any\"> <any-child/> </service>\n"
	"</route></start></config>";

static struct denial start(enum denial_kind kind, char const *client, char const *service, char const *label)
{
	struct denial denial = { .kind = kind, .service = service, .label = label };

	unit_config_fini(&unit);
	denial.config = unit_config_good(&unit, document);
	denial.client = config_find_start(denial.config, client);
	return denial;
}

/* Explains what the route says to a request. */
static void deny(char const *client, char const *service, char const *label)
{
	struct denial        denial  = start(DENIAL_ROUTE, client, service, label);
	struct route_request request = { .client = denial.client, .service = service, .label = label };
	struct route_result  result;
	enum route_verdict   verdict = route_resolve(denial.config, &request, &result, &trace);

	ck_assert(verdict != ROUTE_FOUND);
	denial.trace = &trace;
	explain_denial(&text, &denial);
}

static void says(char const *what, char const *where, char const *fix)
{
	ck_assert_str_eq(text.what, what);
	ck_assert_str_eq(text.where, where);
	ck_assert_str_eq(text.fix, fix);
}

START_TEST(no_route)
{
	deny("client", "Uno", "a");
	says("denied: \"client\" asks for Uno, label \"a\": no route",
	     "decided at run/x.run:26: no rule of the <route> of \"client\" is for Uno",
	     "to allow it: add <service name=\"Uno\"> <child name=\"one\"/> </service> at run/x.run:26");
	deny("norule", "LOG", "");
	says("denied: \"norule\" asks for LOG, label \"\": no route",
	     "decided at run/x.run:24: \"norule\" has no <route>, and there is no <default-route>",
	     "to allow it: add <route> <service name=\"LOG\"> <parent/> </service> </route> at run/x.run:24");
	deny("norule", "Nix", "");
	ck_assert_str_eq(text.fix, "to allow it: start a component that provides Nix, with <provides> <service name=\"Nix\"/> </provides>, and route to it");
}
END_TEST

START_TEST(label_mismatch)
{
	deny("client", "LOG", "y");
	says("denied: \"client\" asks for LOG, label \"y\": label mismatch: the rules for this service want another label",
	     "decided at run/x.run:27: nearest rule, <service name=\"LOG\"> for other labels",
	     "to allow it: add <service name=\"LOG\" label=\"y\"> <parent/> </service> behind the rule at run/x.run:27");
}
END_TEST

START_TEST(no_provider)
{
	deny("client", "Duo", "");
	says("denied: \"client\" asks for Duo, label \"\": no provider: \"one\" does not provide it",
	     "decided at run/x.run:28: <child name=\"one\"/> in the <route> of \"client\"",
	     "to allow it: add <provides> <service name=\"Duo\"/> </provides> to \"one\" at run/x.run:22, if it does provide it");
	deny("client", "Tre", "");
	says("denied: \"client\" asks for Tre, label \"\": no provider: <parent-provides> does not name it",
	     "decided at run/x.run:30: <parent/> in the <route> of \"client\"",
	     "to allow it: add <service name=\"Tre\"/> to <parent-provides> at run/x.run:20, if the parent does provide it");
	deny("client", "Gone", "");
	says("denied: \"client\" asks for Gone, label \"\": no provider: there is no child \"nobody\"",
	     "decided at run/x.run:32: <child name=\"nobody\"/> in the <route> of \"client\"",
	     "to allow it: start a component that provides Gone, with <provides> <service name=\"Gone\"/> </provides>");
	deny("client", "Any", "");
	ck_assert_str_eq(text.what, "denied: \"client\" asks for Any, label \"\": no provider: no child provides it");
}
END_TEST

START_TEST(several_providers_and_parent_only)
{
	deny("client", "Both", "");
	says("denied: \"client\" asks for Both, label \"\": several providers: more than one child provides it",
	     "decided at run/x.run:31: <any-child/> in the <route> of \"client\"",
	     "to allow it: name the one that is meant, as <child name=\"one\"/>, in the place of <any-child/> at run/x.run:31");
	deny("client", "PD", "");
	says("denied: \"client\" asks for PD, label \"\": only the parent can provide it",
	     "decided at run/x.run:33: <any-child/> in the <route> of \"client\"",
	     "to allow it: write <parent/> at run/x.run:33");
}
END_TEST

START_TEST(too_long)
{
	char label[LABEL_SIZE], fix[EXPLANATION_LINE];

	memset(label, 'x', 250);
	label[250] = 0;
	deny("client", "ROM", label);
	ck_assert(string_ends_with(text.what, ": label too long: with the child's name it exceeds 255 bytes"));
	snprintf(fix, sizeof(fix), "to allow it: shorten it by 5 bytes, or have the target at run/x.run:34 replace it (label=\"...\")");
	ck_assert_str_eq(text.fix, fix);
}
END_TEST

/* A denial by a provider that the route did lead to. */
static struct denial provider(enum denial_kind kind, char const *service, char const *server, enum status reason)
{
	struct denial        denial  = start(kind, "client", service, "a");
	struct config_rule  *rule    = denial.client->route->rules;

	while (!string_equal(rule->service, service))
		rule = rule->next;
	denial.rule = rule;
	denial.target = rule->targets;
	denial.server = server ? config_find_start(denial.config, server) : NULL;
	denial.reason = reason;
	return denial;
}

START_TEST(refused_by_the_provider)
{
	struct denial denial = provider(DENIAL_SERVER, "Duo", "one", STATUS_DENIED);

	explain_denial(&text, &denial);
	says("denied: \"client\" asks for Duo, label \"a\": refused by the server \"one\": DENIED (policy says no)",
	     "decided by child \"one\", where run/x.run:28 leads to",
	     "to allow it: change what \"one\" accepts, at run/x.run:22, or route to another at run/x.run:28");
	denial = provider(DENIAL_PARENT, "ROM", NULL, STATUS_NOT_FOUND);
	denial.label = "sub -> module";
	explain_denial(&text, &denial);
	says("denied: \"client\" asks for ROM, label \"sub -> module\": passed to the parent: NOT_FOUND there (nothing goes by that name)",
	     "decided by the parent, where run/x.run:34 leads to",
	     "to allow it: have the parent offer a ROM \"module\" (at the top: a boot module of that name)");
	denial = provider(DENIAL_GONE, "Duo", "one", STATUS_PEER_GONE);
	explain_denial(&text, &denial);
	ck_assert_str_eq(text.what, "denied: \"client\" asks for Duo, label \"a\": the server \"one\" has ended");
}
END_TEST

START_TEST(wrong_version)
{
	struct denial denial = provider(DENIAL_VERSION, "Duo", "one", STATUS_VERSION);

	denial.client_hash = 0x1234;
	denial.server_hash = 0xfedcba9876543210;
	explain_denial(&text, &denial);
	says("denied: \"client\" asks for Duo, label \"a\": wrong interface version: client 0x0000000000001234, server \"one\" 0xfedcba9876543210",
	     "decided by child \"one\", where run/x.run:28 leads to",
	     "to allow it: build \"client\" and \"one\" from the same Duo interface");
}
END_TEST

START_TEST(exhausted)
{
	struct denial denial = provider(DENIAL_RAM, "Duo", "one", STATUS_OUT_OF_RAM);

	denial.need = 8192;
	denial.have = 4096;
	explain_denial(&text, &denial);
	says("denied: \"client\" asks for Duo, label \"a\": out of RAM: it takes 8192 bytes, the client has 4096 left",
	     "decided at run/x.run:21: \"client\" was given 1048576",
	     "to allow it: ram=\"1028K\" for \"client\" at run/x.run:21");
	denial = provider(DENIAL_CAPS, "Duo", "one", STATUS_OUT_OF_CAPS);
	denial.need = 7;
	denial.have = 2;
	explain_denial(&text, &denial);
	says("denied: \"client\" asks for Duo, label \"a\": out of caps: it takes 7, the client has 2 left",
	     "decided at run/x.run:25: \"client\" was given 100",
	     "to allow it: caps=\"105\" for \"client\" at run/x.run:25");
	denial = start(DENIAL_SLOTS, "client", "LOG", "");
	explain_denial(&text, &denial);
	says("denied: \"client\" asks for LOG, label \"\": all 4 session slots of the client are in use",
	     "decided at run/x.run:25: sessions=\"4\" of \"client\"",
	     "to allow it: sessions=\"8\" for \"client\" at run/x.run:25");
	explain_quota(&text, &unit.config, denial.client, true, 65536, 1048576, 1044480);
	says("exhausted: \"client\" has no RAM left: asked for 65536, has 4096 of 1048576",
	     "decided at run/x.run:21: \"client\" was given 1048576",
	     "to allow it: ram=\"1084K\" for \"client\" at run/x.run:21");
}
END_TEST

START_TEST(lines_tell_rules_apart)
{
	struct denial denial = provider(DENIAL_SERVER, "Duo", "one", STATUS_DENIED);

	ck_assert_uint_eq(explain_line(&denial), 28);
	denial = start(DENIAL_SLOTS, "client", "LOG", "");
	ck_assert_uint_eq(explain_line(&denial), 25);
	deny("client", "LOG", "y");
	denial = start(DENIAL_ROUTE, "client", "LOG", "y");
	denial.trace = &trace;
	trace.deciding.rule = denial.client->route->rules;
	ck_assert_uint_eq(explain_line(&denial), 27);
}
END_TEST

START_TEST(what_a_child_says_stays_within_its_line)
{
	deny("client", "Evil\n[init]", "x\n[init] child \"two\" exited\x7f\x1b[2J");
	ck_assert_ptr_nonnull(strstr(text.what, "asks for Evil?[init], label \"x?[init] child \"two\" exited??[2J\""));
	ck_assert(!strpbrk(text.what, "\n\x1b") && !strpbrk(text.where, "\n\x1b") && !strpbrk(text.fix, "\n\x1b"));
}
END_TEST

UNIT_MAIN(what_a_child_says_stays_within_its_line, no_route, label_mismatch, no_provider, several_providers_and_parent_only, too_long,
          refused_by_the_provider, wrong_version, exhausted, lines_tell_rules_apart)
