/* SPDX-License-Identifier: MIT */
/* Differences between two configurations of one child: each change is of its kind, and what only looks different is none. */
#include "sandbox.h"
#include "init/sandbox/update.h"

static struct unit_config before, now;

#define CONFIG(start) "<config><default ram=\"1M\"/><affinity-space width=\"2\"/><heartbeat/>" start "</config>"
#define BODY "<provides><service name=\"A\"/></provides><config a=\"1\"> <b/> </config>" \
	"<route><service name=\"R\" label=\"x\"><child name=\"o\" label=\"l\"/></service><any-service><parent/></any-service></route>"

static unsigned diff(char const *from, char const *to)
{
	unsigned changes;

	changes = update_diff(unit_config_good(&before, from)->starts, unit_config_good(&now, to)->starts);
	unit_config_fini(&before);
	unit_config_fini(&now);
	return changes;
}

START_TEST(what_only_looks_different_has_not_changed)
{
	static char const moved[] =
		"<?origin run/x.run 90?><config>\n\n<heartbeat rate_ms=\"9\"/> <affinity-space width=\"2\"/>\n<start name=\"a\">\n  <resource name=\"RAM\" quantum=\"1024K\"/>"
		"<route>\n<service label=\"x\" name=\"R\">\n<child label=\"l\" name=\"o\"/></service> <any-service> <parent/> </any-service></route>"
		"<config a=\"1\"> <b/> </config> <provides><service name=\"A\"/></provides> </start></config>";

	ck_assert_uint_eq(diff(CONFIG("<start name=\"a\">" BODY "</start>"), moved), 0);
}
END_TEST

START_TEST(each_change_is_of_its_kind)
{
	static struct { char const *from, *to; unsigned changes; } const cases[] = {
		{ CONFIG("<start name=\"a\"/>"), CONFIG("<start name=\"a\" binary=\"b\"/>"), UPDATE_BINARY },
		{ CONFIG("<start name=\"a\" version=\"1\"/>"), CONFIG("<start name=\"a\"/>"), UPDATE_VERSION },
		{ CONFIG("<start name=\"a\"/>"), CONFIG("<start name=\"a\" priority=\"1\"/>"), UPDATE_ENV },
		{ CONFIG("<start name=\"a\"/>"), CONFIG("<start name=\"a\" sessions=\"3\"/>"), UPDATE_ENV },
		{ CONFIG("<start name=\"a\"/>"), CONFIG("<start name=\"a\"><affinity xpos=\"1\"/></start>"), UPDATE_ENV },
		{ CONFIG("<start name=\"a\"/>"), CONFIG("<start name=\"a\"><resource name=\"CPU\" quantum=\"5\"/></start>"), UPDATE_ENV },
		{ CONFIG("<start name=\"a\"/>"), CONFIG("<start name=\"a\"><configfile name=\"x\"/></start>"), UPDATE_ENV },
		{ CONFIG("<start name=\"a\"/>"), CONFIG("<start name=\"a\"><config/></start>"), UPDATE_ENV | UPDATE_CONFIG },
		{ CONFIG("<start name=\"a\"/>"), CONFIG("<start name=\"a\" ram=\"2M\"/>"), UPDATE_QUOTA },
		{ CONFIG("<start name=\"a\"/>"), CONFIG("<start name=\"a\" caps_max=\"500\"/>"), UPDATE_QUOTA },
		{ CONFIG("<start name=\"a\"><config a=\"1\"/></start>"), CONFIG("<start name=\"a\"><config a=\"2\"/></start>"), UPDATE_CONFIG },
		{ CONFIG("<start name=\"a\"><config a=\"1\"/></start>"), CONFIG("<start name=\"a\"><config a=\"1\"> </config></start>"), UPDATE_CONFIG },
		{ CONFIG("<start name=\"a\"/>"), CONFIG("<start name=\"a\"><provides><service name=\"A\"/></provides></start>"), UPDATE_PROVIDES },
		{ CONFIG("<start name=\"a\"/>"), CONFIG("<start name=\"a\"><route><any-service><parent/></any-service></route></start>"), UPDATE_ROUTE },
		{ CONFIG("<start name=\"a\"><route><any-service><parent/></any-service></route></start>"),
		  CONFIG("<start name=\"a\"><route><any-service><parent label=\"\"/></any-service></route></start>"), UPDATE_ROUTE },
		{ CONFIG("<start name=\"a\"><route><service name=\"A\"><parent/></service></route></start>"),
		  CONFIG("<start name=\"a\"><route><service name=\"A\" unscoped_label=\"a\"><parent/></service></route></start>"), UPDATE_ROUTE },
		{ CONFIG("<start name=\"a\"/>"), CONFIG("<default-route><any-service><parent/></any-service></default-route><start name=\"a\"/>"), UPDATE_ROUTE },
		{ CONFIG("<start name=\"a\"/>"), CONFIG("<start name=\"a\" exit=\"propagate\"/>"), UPDATE_POLICY },
		{ CONFIG("<start name=\"a\"/>"), CONFIG("<start name=\"a\"><heartbeat/></start>"), UPDATE_POLICY },
		{ CONFIG("<start name=\"a\"><restart on=\"exit\"/></start>"), CONFIG("<start name=\"a\"><restart on=\"exit fault\"/></start>"), UPDATE_POLICY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_assert_msg(diff(cases[i].from, cases[i].to) == cases[i].changes, "%s", cases[i].to);
		ck_assert_msg(diff(cases[i].to, cases[i].from) == cases[i].changes, "%s, back", cases[i].to);
		ck_assert_uint_eq(diff(cases[i].to, cases[i].to), 0);
	}
}
END_TEST

START_TEST(changes_are_told_by_their_names)
{
	char text[UPDATE_TEXT_SIZE];

	ck_assert_str_eq(update_text(0, text), "");
	ck_assert_str_eq(update_text(UPDATE_QUOTA | UPDATE_BINARY | UPDATE_POLICY, text), "binary, quota, policy");
	ck_assert_str_eq(update_text(255, text), "binary, version, environment, quota, route, config, provides, policy");
}
END_TEST

UNIT_MAIN(what_only_looks_different_has_not_changed, each_change_is_of_its_kind, changes_are_told_by_their_names)
