/* SPDX-License-Identifier: MIT */
/* Routing: the first rule that matches and the first target that provides win; a search that fails says where and why. */
#include "sandbox.h"
#include "init/sandbox/route.h"

static struct unit_config  unit;
static struct route_result result;
static struct route_trace  trace;

#define HEAD "<config><parent-provides><service name=\"LOG\"/><service name=\"PD\"/><service name=\"ROM\"/></parent-provides>\n" \
	"<default ram=\"1M\"/>\n" \
	"<start name=\"one\"><provides><service name=\"Uno\"/><service name=\"Both\"/><service name=\"PD\"/></provides></start>\n" \
	"<start name=\"two\"><provides><service name=\"Due\"/><service name=\"Both\"/></provides></start>\n"

/* The verdict for a request of "client", whose route is `rules`. */
static enum route_verdict resolve(char const *rules, char const *service, char const *label)
{
	static char          text[4096];
	struct route_request request = { .service = service, .label = label };
	enum route_verdict   verdict, traced;

	unit_config_fini(&unit);
	snprintf(text, sizeof(text), HEAD "<start name=\"client\">\n<route>\n%s</route></start></config>", rules);
	request.client = config_find_start(unit_config_good(&unit, text), "client");
	verdict = route_resolve(&unit.config, &request, &result, NULL);
	traced = route_resolve(&unit.config, &request, &result, &trace);
	ck_assert(verdict == traced && (verdict == ROUTE_FOUND || trace.deciding.verdict == verdict));
	return verdict;
}

static bool leads_to(char const *child)
{
	return child ? result.server && string_equal(result.server->name, child) : !result.server && result.target->kind == TARGET_PARENT;
}

START_TEST(the_first_matching_rule_decides)
{
	static char const rules[] =
		"<service name=\"Both\" label=\"x\"> <child name=\"one\"/> </service>\n"
		"<service name=\"Both\"> <child name=\"two\"/> </service>\n"
		"<any-service> <parent/> <any-child/> </any-service>\n";

	ck_assert(resolve(rules, "Both", "x") == ROUTE_FOUND && leads_to("one") && result.rule->at.line == 7);
	ck_assert(resolve(rules, "Both", "y") == ROUTE_FOUND && leads_to("two") && result.rule->at.line == 8);
	ck_assert(resolve(rules, "LOG", "") == ROUTE_FOUND && leads_to(NULL) && result.rule->at.line == 9);
	ck_assert(resolve(rules, "Uno", "") == ROUTE_FOUND && leads_to("one") && result.target->kind == TARGET_ANY_CHILD);
}
END_TEST

START_TEST(providers_are_told_the_clients_name)
{
	ck_assert(resolve("<any-service> <parent/> </any-service>", "LOG", "") == ROUTE_FOUND);
	ck_assert_str_eq(result.label, "client");
	ck_assert(resolve("<any-service> <parent/> </any-service>", "LOG", "a -> b") == ROUTE_FOUND);
	ck_assert_str_eq(result.label, "client -> a -> b");
	ck_assert(resolve("<any-service> <parent label=\"root\"/> </any-service>", "LOG", "a") == ROUTE_FOUND);
	ck_assert_str_eq(result.label, "root");
	ck_assert(resolve("<any-service> <parent identity=\"me\" prepend_resource=\"/d/\"/> </any-service>", "LOG", "a") == ROUTE_FOUND);
	ck_assert_str_eq(result.label, "me -> /d/a");
}
END_TEST

START_TEST(labels_choose_among_rules)
{
	static char const rules[] =
		"<service name=\"ROM\" label_prefix=\"sub -> \"> <parent label=\"prefix\"/> </service>\n"
		"<service name=\"ROM\" label_suffix=\".xml\"> <parent label=\"suffix\"/> </service>\n"
		"<service name=\"ROM\" label_last=\"config\"> <parent label=\"last\"/> </service>\n";

	ck_assert(resolve(rules, "ROM", "sub -> config") == ROUTE_FOUND && string_equal(result.label, "prefix"));
	ck_assert(resolve(rules, "ROM", "a -> b.xml") == ROUTE_FOUND && string_equal(result.label, "suffix"));
	ck_assert(resolve(rules, "ROM", "a -> config") == ROUTE_FOUND && string_equal(result.label, "last"));
	ck_assert(resolve("<service name=\"ROM\" unscoped_label=\"client -> x\"> <parent label=\"u\"/> </service>", "ROM", "x") == ROUTE_FOUND);
	ck_assert(resolve("<service name=\"ROM\" unscoped_label=\"x\"> <parent label=\"u\"/> </service>", "ROM", "x") == ROUTE_LABEL_DIFFERS);
	ck_assert(resolve(rules, "ROM", "else") == ROUTE_LABEL_DIFFERS && trace.count == 3 && trace.deciding.rule->at.line == 7);
}
END_TEST

START_TEST(targets_are_tried_in_order)
{
	ck_assert(resolve("<any-service> <child name=\"one\"/> <child name=\"two\"/> </any-service>", "Due", "") == ROUTE_FOUND && leads_to("two"));
	ck_assert(resolve("<any-service> <any-child/> <parent/> </any-service>", "LOG", "") == ROUTE_FOUND && leads_to(NULL));
	ck_assert(resolve("<service name=\"Uno\"> <parent/> </service> <any-service> <any-child/> </any-service>", "Uno", "") == ROUTE_FOUND && leads_to("one"));
}
END_TEST

START_TEST(each_failure_has_its_reason)
{
	ck_assert(resolve("", "LOG", "") == ROUTE_NO_RULE && !trace.deciding.rule && !trace.count);
	ck_assert(resolve("<service name=\"ROM\"> <parent/> </service>", "LOG", "") == ROUTE_NO_RULE);
	ck_assert(resolve("<any-service> <parent/> </any-service>", "Uno", "") == ROUTE_PARENT_LACKS);
	ck_assert(resolve("<any-service> <parent/> <any-child/> </any-service>", "Tre", "") == ROUTE_NOBODY && trace.count == 2);
	ck_assert(resolve("<any-service> <any-child/> </any-service>", "Both", "") == ROUTE_AMBIGUOUS);
	ck_assert(resolve("<any-service> <child name=\"three\"/> </any-service>", "Uno", "") == ROUTE_CHILD_UNKNOWN);
	ck_assert(resolve("<any-service> <child name=\"two\"/> </any-service>", "Uno", "") == ROUTE_CHILD_LACKS);
	ck_assert(resolve("<any-service> <child name=\"client\"/> </any-service>", "Uno", "") == ROUTE_SELF);
	ck_assert(resolve("<any-service> <local/> </any-service>", "Uno", "") == ROUTE_LOCAL_LACKS);
	ck_assert(resolve("<any-service> <local/> </any-service>", "ROM", "x") == ROUTE_LOCAL_LACKS);
	ck_assert(resolve("<any-service> <local/> </any-service>", "ROM", "a -> state") == ROUTE_FOUND && result.target->kind == TARGET_LOCAL);
	ck_assert(resolve("<any-service> <any-child/> </any-service>", "PD", "") == ROUTE_PARENT_ONLY);
	ck_assert(resolve("<any-service> <child name=\"one\"/> </any-service>", "PD", "") == ROUTE_PARENT_ONLY);
	ck_assert(resolve("<any-service> <child name=\"one\"/> <parent/> </any-service>", "PD", "") == ROUTE_FOUND && leads_to(NULL));
}
END_TEST

START_TEST(the_sharpest_reason_decides)
{
	ck_assert(resolve("<service name=\"Due\" label=\"x\"> <parent/> </service>\n<any-service> <parent/> <child name=\"one\"/> </any-service>", "Due", "y") ==
	          ROUTE_CHILD_LACKS && trace.count == 3 && trace.deciding.target->at.line == 8);
	ck_assert(trace.step[0].verdict == ROUTE_LABEL_DIFFERS && trace.step[1].verdict == ROUTE_PARENT_LACKS);
}
END_TEST

START_TEST(labels_too_long_are_denied_unless_replaced)
{
	char long_label[LABEL_SIZE];

	memset(long_label, 'x', sizeof(long_label) - 1);
	long_label[sizeof(long_label) - 1] = 0;
	ck_assert(resolve("<any-service> <parent/> </any-service>", "LOG", long_label) == ROUTE_TOO_LONG);
	ck_assert(resolve("<any-service> <parent label=\"short\"/> </any-service>", "LOG", long_label) == ROUTE_FOUND);
	ck_assert(resolve("<any-service> <parent resource=\"short\"/> </any-service>", "LOG", long_label) == ROUTE_TOO_LONG);
	long_label[255 - strlen("client -> ")] = 0;
	ck_assert(resolve("<any-service> <parent/> </any-service>", "LOG", long_label) == ROUTE_FOUND && strlen(result.label) == 255);
}
END_TEST

START_TEST(any_child_never_leads_back)
{
	struct route_request request = { .service = "Due", .label = "" };

	unit_config_fini(&unit);
	request.client = config_find_start(unit_config_good(&unit,
		"<config><default ram=\"1M\"/><default-route><any-service><any-child/></any-service></default-route>"
		"<start name=\"a\"><provides><service name=\"Due\"/></provides></start><start name=\"b\"><provides><service name=\"Due\"/></provides></start></config>"), "a");
	ck_assert(route_resolve(&unit.config, &request, &result, NULL) == ROUTE_FOUND && leads_to("b"));
	request.client = request.client->next;
	ck_assert(route_resolve(&unit.config, &request, &result, NULL) == ROUTE_FOUND && leads_to("a"));
}
END_TEST

START_TEST(a_trace_is_bounded)
{
	char rules[2000] = "";

	for (unsigned i = 0; i < 20; i++)
		strcat(rules, "<service name=\"LOG\" label=\"x\"> <parent/> </service>\n");
	ck_assert(resolve(rules, "LOG", "y") == ROUTE_LABEL_DIFFERS && trace.count == 20 && trace.deciding.rule->at.line == 7);
}
END_TEST

UNIT_MAIN(the_first_matching_rule_decides, providers_are_told_the_clients_name, labels_choose_among_rules, targets_are_tried_in_order,
          each_failure_has_its_reason, the_sharpest_reason_decides, labels_too_long_are_denied_unless_replaced, any_child_never_leads_back,
          a_trace_is_bounded)
