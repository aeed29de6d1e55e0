/* SPDX-License-Identifier: MIT */
/* Decoding configurations: what is there is found, every mistake is named with its place, and all else holds. */
#include "sandbox.h"

static struct unit_config unit;

static char const full[] =
	"<?origin run/x.run 10?><config verbose=\"yes\" close_patience_ms=\"250\">\n"
	"	<parent-provides> <service name=\"ROM\"/> <service name=\"LOG\"/> </parent-provides>\n"
	"	<parent-provides> <service name=\"PD\"/> </parent-provides>\n"
	"	<default-route> <any-service> <parent/> <any-child/> </any-service> </default-route>\n"
	"	<default caps=\"50\" ram=\"1M\"/>\n"
	"	<start name=\"server\" sessions=\"3\" exit=\"propagate\" close_patience_ms=\"0\" priority=\"5\">\n"
	"		<binary name=\"hello_server\"/>\n"
	"		<resource name=\"RAM\" quantum=\"5000\"/> <resource name=\"CAP\" quantum=\"7\"/>\n"
	"		<provides> <service name=\"Hello\"/> <service name=\"Bye\"/> </provides>\n"
	"		<route>\n"
	"			<service name=\"ROM\" label_last=\"config\"> <parent label=\"x.config\"/> </service>\n"
	"			<service name=\"ROM\" label=\"a\" label_prefix=\"b\" label_suffix=\"c\"> <child name=\"rom\" identity=\"i\" resource=\"r\" prepend_resource=\"p\"/> <local/> </service>\n"
	"			<any-service> <any-child/> </any-service>\n"
	"		</route>\n"
	"		<config> <a b=\"c\"/> </config>\n"
	"	</start>\n"
	"	<start name=\"client\" binary=\"hello_client\" ram=\"64K\" caps=\"9\"/>\n"
	"	<start name=\"plain\"/>\n"
	"</config>";

START_TEST(everything_in_a_document_is_found)
{
	struct config const       *config = unit_config_good(&unit, full);
	struct config_start const *server = config->starts, *client = server->next, *plain = client->next;

	ck_assert_str_eq(config->file, "run/x.run");
	ck_assert(config->verbose && config->start_count == 3 && !plain->next && !config->dropped);
	ck_assert(config_find_service(config->parent_provides, "PD")->at.line == 12 && !config_find_service(config->parent_provides, "CPU"));
	ck_assert(config->parent_provides_at.line == 11 && config->default_route->is_default && config->close_patience_ms == 250);
	ck_assert_str_eq(server->binary, "hello_server");
	ck_assert(server->at.line == 15 && server->at.column == 2 && server->sessions == 3 && server->exit_propagates && !server->close_patience_ms);
	ck_assert(server->priority == CONFIG_PRIORITY - 5);
	ck_assert(server->ram.value == 8192 && server->ram.at.line == 17 && server->caps.value == 7);
	ck_assert(config_find_service(server->provides, "Bye") && node_exists(server->config) && node_line(server->config) == 24);
	ck_assert_str_eq(client->binary, "hello_client");
	ck_assert(client->ram.value == 65536 && client->caps.value == 9 && client->sessions == CONFIG_SESSIONS && client->index == 1);
	ck_assert(client->priority == CONFIG_PRIORITY);
	ck_assert(client->route == config->default_route && client->close_patience_ms == 250 && !client->exit_propagates);
	ck_assert_str_eq(plain->binary, "plain");
	ck_assert(plain->ram.value == 1 << 20 && plain->ram.at.line == 14 && plain->caps.value == 50 && !node_exists(plain->config));
	ck_assert(config_find_start(config, "plain") == plain && !config_find_start(config, "plai"));
	unit_config_fini(&unit);
}
END_TEST

START_TEST(rules_and_targets_keep_their_order_and_place)
{
	struct config_rule const   *rule = unit_config_good(&unit, full)->starts->route->rules;
	struct config_target const *target;

	ck_assert(rule->at.line == 20 && rule->targets->kind == TARGET_PARENT);
	ck_assert_str_eq(rule->label.last, "config");
	ck_assert_str_eq(rule->targets->rewrite.whole, "x.config");
	rule = rule->next;
	target = rule->targets;
	ck_assert_str_eq(rule->label.whole, "a");
	ck_assert_str_eq(rule->label.prefix, "b");
	ck_assert_str_eq(rule->label.suffix, "c");
	ck_assert(target->kind == TARGET_CHILD && target->next->kind == TARGET_LOCAL && target->at.line == 21);
	ck_assert_str_eq(target->child, "rom");
	ck_assert_str_eq(target->rewrite.identity, "i");
	ck_assert_str_eq(target->rewrite.resource, "r");
	ck_assert_str_eq(target->rewrite.prepend, "p");
	ck_assert(!rule->next->service && rule->next->targets->kind == TARGET_ANY_CHILD && !rule->next->next);
	unit_config_fini(&unit);
}
END_TEST

START_TEST(a_bare_document_has_the_defaults)
{
	struct config const *config = unit_config_good(&unit, "<config><start name=\"a\" ram=\"1M\"/></config>");

	ck_assert_str_eq(config->file, "config");
	ck_assert(!config->verbose && !config->default_route && !config->starts->route && !config->parent_provides);
	ck_assert(config->starts->caps.value == CONFIG_CAPS && !config->starts->caps.at.line);
	ck_assert(config->starts->close_patience_ms == CONFIG_CLOSE_PATIENCE);
	ck_assert(config->starts->ram_max.value == 1 << 20 && config->starts->caps_max.value == CONFIG_CAPS && !config->starts->ram_max.at.line);
	unit_config_fini(&unit);
}
END_TEST

START_TEST(what_a_start_may_say_of_its_life_is_found)
{
	struct config const       *config = unit_config_good(&unit,
		"<config prio_levels=\"4\" yield_patience_ms=\"70\"><affinity-space width=\"4\" height=\"2\"/> <heartbeat rate_ms=\"20\"/>\n"
		"<report delay_ms=\"5\" buffer=\"8K\" requested=\"yes\" child_ram=\"yes\" cpu=\"no\"/> <alias name=\"other\" child=\"a\"/>\n"
		"<default ram=\"1M\"/>\n"
		"<start name=\"a\" version=\"2.1\" priority=\"-3\"> <resource name=\"CPU\" quantum=\"20%\"/> <affinity xpos=\"1\" ypos=\"1\" width=\"3\"/>\n"
		"<heartbeat missed=\"4\"/> <restart on=\"hang fault\" backoff_ms=\"7\" limit=\"3\"/> <exit propagate=\"yes\"/> <configfile name=\"a.config\"/> </start>\n"
		"<start name=\"b\" priority=\"1\" yield_patience_ms=\"9\"> <route> <service name=\"ROM\" unscoped_label=\"b -> x\"> <child name=\"other\"/> </service> </route> </start></config>");
	struct config_start const *a = config->starts, *b = a->next;

	ck_assert(config->priority_levels == 4 && a->priority == CONFIG_PRIORITY - 24 && b->priority == CONFIG_PRIORITY - 8);
	ck_assert(config->space.width == 4 && config->space.height == 2 && config->heartbeat.rate_ms == 20);
	ck_assert(config->report.at.line == 2 && config->report.delay_ms == 5 && config->report.buffer == 8192 && config->report.requested);
	ck_assert(config->report.child_ram && !config->report.cpu && !config->report.denied);
	ck_assert_str_eq(a->version, "2.1");
	ck_assert_str_eq(b->version, "");
	ck_assert_str_eq(a->configfile, "a.config");
	ck_assert(a->cpu.value == 20 && a->affinity.x == 1 && a->affinity.y == 1 && a->affinity.width == 3 && a->affinity.height == 1);
	ck_assert(a->heartbeat_missed == 4 && !b->heartbeat_missed && a->exit_propagates && a->yield_patience_ms == 70 && b->yield_patience_ms == 9);
	ck_assert(a->restart.on_fault && a->restart.on_hang && !a->restart.on_exit && a->restart.backoff_ms == 7 && a->restart.limit == 3);
	ck_assert(a->restart.backoff_max_ms == 10000 && a->restart.within_s == 60 && !b->restart.at.line);
	ck_assert(config_find_start(config, "other") == a && config_find_start(config, "b") == b && !config_find_start(config, "c"));
	ck_assert_str_eq(b->route->rules->label.unscoped, "b -> x");
	unit_config_fini(&unit);
}
END_TEST

START_TEST(an_alias_that_leads_nowhere_is_left_out)
{
	ck_assert(unit_config_decode(&unit, "<config><default ram=\"1M\"/><start name=\"a\"/>\n<alias name=\"x\" child=\"nobody\"/>\n<alias name=\"a\" child=\"a\"/>\n"
	                                    "<alias name=\"y\" child=\"a\"/><alias name=\"y\" child=\"a\"/></config>", -1) == STATUS_OK);
	ck_assert_str_eq(unit.messages, "4:28: error: y is set here and at 4:1; expected it once\n2:1: error: the alias \"x\" is for \"nobody\", which no <start> is named\n"
	                                "3:1: error: a is set here and at 1:28; expected it once\n");
	ck_assert(!config_find_start(&unit.config, "x") && config_find_start(&unit.config, "y") == unit.config.starts && unit.config.dropped == 2);
	unit_config_fini(&unit);
}
END_TEST

START_TEST(a_limit_below_the_quota_is_ignored)
{
	ck_assert(unit_config_decode(&unit, "<config><start name=\"a\" ram=\"16K\" ram_max=\"21K\" caps=\"7\"\ncaps_max=\"6\"/></config>", -1) == STATUS_OK);
	ck_assert_str_eq(unit.messages, "2:1: warning: caps_max of \"a\" is 6, less than the 7 that it is given; expected as much or more: this one is ignored\n");
	ck_assert(unit.config.starts->ram_max.value == 20 << 10 && unit.config.starts->caps_max.value == 7);
	unit_config_fini(&unit);
}
END_TEST

/* Each mistake, in a document of its own with a good start before and behind it, and the message that it makes. */
static struct { char const *xml, *message; } const bad_starts[] = {
	{ "<start ram=\"1M\"/>",                      "2:1: error: <start> has no attribute \"name\"; expected name=\"...\"" },
	{ "<start name=\"\" ram=\"1M\"/>",            "2:8: error: <start> has an empty attribute \"name\"" },
	{ "<start name=\"a -> b\" ram=\"1M\"/>",      "2:8: error: a child cannot be named \"a -> b\"; expected no \"->\"" },
	{ "<start name=\"good\" ram=\"1M\"/>",        "2:1: error: good is set here and at 1:9; expected it once" },
	{ "<start name=\"x\"/>",                      "2:1: error: \"x\" has no RAM; expected ram=\"...\"" },
	{ "<start name=\"x\" ram=\"12Q\"/>",          "2:17: error: <start ram=\"12Q\">: expected a size from 4096" },
	{ "<start name=\"x\" ram=\"17\"/>",           "2:17: error: <start ram=\"17\">: expected a size from 4096" },
	{ "<start name=\"x\" ram=\"\"/>",             "2:17: error: <start ram=\"\">: expected a size" },
	{ "<start name=\"x\"\n  caps=\"0\" ram=\"1M\"/>", "3:3: error: <start caps=\"0\">: expected a number from 1" },
	{ "<start name=\"x\" ram=\"1M\" ram_max=\"more\"/>", "2:26: error: <start ram_max=\"more\">: expected a size from 4096" },
	{ "<start name=\"x\" ram=\"1M\" sessions=\"1025\"/>", "2:26: error: <start sessions=\"1025\">: expected a number from 1 to 1024" },
	{ "<start name=\"x\" ram=\"1M\" exit=\"yes\"/>", "2:26: error: <start exit=...>: expected propagate or ignore" },
	{ "<start name=\"x\" ram=\"1M\" close_patience_ms=\"-1\"/>", "2:26: error: <start close_patience_ms=\"-1\">: expected a number from 0" },
	{ "<start name=\"x\" ram=\"1M\"> <resource name=\"RAM\" quantum=\"1M\"/> </start>", "2:17: error: ram is set here and at 2:27; expected it once" },
	{ "<start name=\"x\"> <resource name=\"RAM\" quantum=\"1M\"/> <resource name=\"RAM\" quantum=\"1M\"/> </start>",
	  "2:54: error: RAM is set here and at 2:18; expected it once" },
	{ "<start name=\"x\" ram=\"1M\"> <resource name=\"GPU\" quantum=\"1M\"/> </start>", "2:37: error: <resource> of an unknown kind" },
	{ "<start name=\"x\" ram=\"1M\"> <resource name=\"CPU\" quantum=\"120%\"/> </start>", "2:48: error: <resource quantum=\"120%\">: expected a percentage from 1 to 100" },
	{ "<start name=\"x\" ram=\"1M\" priority=\"-32\"/>", "2:26: error: <start priority=\"-32\">: expected a number from 0 to 31" },
	{ "<start name=\"x\" ram=\"1M\" exit=\"ignore\"> <exit propagate=\"yes\"/> </start>", "2:41: error: exit is set here and at 2:26; expected it once" },
	{ "<start name=\"x\" ram=\"1M\"> <exit propagate=\"perhaps\"/> </start>", "2:33: error: <exit propagate=...>: expected yes or no" },
	{ "<start name=\"x\" ram=\"1M\"> <affinity xpos=\"1\"/> </start>", "2:27: error: <affinity> needs to know the whole; expected <affinity-space width=\"...\"/> in <config>" },
	{ "<start name=\"x\" ram=\"1M\"> <heartbeat/> </start>", "2:27: error: <heartbeat> of \"x\" has no rate; expected <heartbeat rate_ms=\"...\"/> in <config>" },
	{ "<start name=\"x\" ram=\"1M\"> <restart/> </start>", "2:27: error: <restart> has no attribute \"on\"" },
	{ "<start name=\"x\" ram=\"1M\"> <restart on=\"fault later\"/> </start>", "2:36: error: <restart on=...>: expected some of fault, exit and hang" },
	{ "<start name=\"x\" ram=\"1M\"> <restart on=\"exit\" limit=\"0\"/> </start>", "2:46: error: <restart limit=\"0\">: expected a number from 1 to" },
	{ "<start name=\"x\" ram=\"1M\"> <config/> <configfile name=\"y\"/> </start>", "2:37: error: the configuration is set here and at 2:27; expected it once" },
	{ "<start name=\"x\" ram=\"1M\"> <configfile/> </start>", "2:27: error: <configfile> has no attribute \"name\"" },
	{ "<start name=\"x\" ram=\"1M\" version=\"0123456789012345678901234567890123456789012345678901234567890123\"/>",
	  "2:26: error: <start version=\"0123456789012345678901234567890123456789...\"> is too long; expected at most 63 bytes" },
	{ "<start name=\"x\" ram=\"1M\"> <resource name=\"CAP\"/> </start>", "2:27: error: <resource> has no attribute \"quantum\"" },
	{ "<start name=\"x\" ram=\"1M\"> <resource name=\"CAP\" quantum=\"x\"/> </start>", "2:48: error: <resource quantum=\"x\">: expected a number" },
	{ "<start name=\"x\" ram=\"1M\" binary=\"y\"> <binary name=\"y\"/> </start>", "2:38: error: the binary is set here and at 2:26" },
	{ "<start name=\"x\" ram=\"1M\"> <binary/> </start>", "2:27: error: <binary> has no attribute \"name\"" },
	{ "<start name=\"x\" ram=\"1M\"> <config/> <config/> </start>", "2:37: error: config is set here and at 2:27; expected it once" },
	{ "<start name=\"x\" ram=\"1M\"> <route/> <route/> </start>", "2:36: error: route is set here and at 2:27; expected it once" },
	{ "<start name=\"0123456789012345678901234567890123456789012345678901234567890123\" ram=\"1M\"/>",
	  "2:8: error: <start name=\"0123456789012345678901234567890123456789...\"> is too long; expected at most 63 bytes" },
};

START_TEST(a_bad_start_drops_itself_alone)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_starts); i++) {
		char text[600];

		snprintf(text, sizeof(text), "<config><start name=\"good\" ram=\"1M\"/>\n%s\n<start name=\"other\" ram=\"1M\"/></config>", bad_starts[i].xml);
		ck_assert(unit_config_decode(&unit, text, -1) == STATUS_OK);
		ck_assert_msg(string_starts_with(unit.messages, bad_starts[i].message), "%s made: %s", bad_starts[i].xml, unit.messages);
		ck_assert_msg(unit.config.start_count == 2 && unit.config.dropped == 1 && unit.errors == 2, "%s: %s", bad_starts[i].xml, unit.messages);
		ck_assert(config_find_start(&unit.config, "good") && config_find_start(&unit.config, "other")->index == 1);
		unit_config_fini(&unit);
	}
}
END_TEST

/* Mistakes inside a route or a list: what they stand in is left out, the start holds. */
static struct { char const *xml, *message; } const bad_parts[] = {
	{ "<route> <service> <parent/> </service> <any-service> <parent/> </any-service> </route>", "2:9: error: <service> has no attribute \"name\"" },
	{ "<route> <service name=\"A\"/> <any-service> <parent/> </any-service> </route>", "2:9: error: a rule has no target; expected <parent/>" },
	{ "<route> <service name=\"A\"> <child/> </service> <any-service> <parent/> </any-service> </route>", "2:28: error: <child> has no attribute \"name\"" },
	{ "<route> <service name=\"A\"> <parent label=\"x\" resource=\"y\"/> </service> <any-service> <parent/> </any-service> </route>",
	  "2:36: error: a target has both \"label\" and a part of it" },
	{ "<route> <service name=\"01234567890123456789012345678901\"> <parent/> </service> <any-service> <parent/> </any-service> </route>",
	  "2:18: error: <service name=\"01234567890123456789012345678901...\"> is too long; expected at most 31 bytes" },
	{ "<provides> <service name=\"\"/> <service name=\"Hello\"/> </provides> <route> <any-service> <parent/> </any-service> </route>",
	  "2:21: error: <service> has an empty attribute \"name\"" },
};

START_TEST(a_bad_part_drops_itself_alone)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_parts); i++) {
		char text[600];

		snprintf(text, sizeof(text), "<config><start name=\"good\" ram=\"1M\">\n%s</start></config>", bad_parts[i].xml);
		ck_assert(unit_config_decode(&unit, text, -1) == STATUS_OK);
		ck_assert_msg(string_starts_with(unit.messages, bad_parts[i].message), "%s made: %s", bad_parts[i].xml, unit.messages);
		ck_assert(unit.errors == 1 && unit.config.start_count == 1);
		ck_assert(unit.config.starts->route->rules && !unit.config.starts->route->rules->service && !unit.config.starts->route->rules->next);
		unit_config_fini(&unit);
	}
}
END_TEST

START_TEST(unknown_words_are_warned_of_and_ignored)
{
	static char const text[] =
		"<config stuff=\"1\">\n <rapport/>\n <start name=\"a\" ram=\"1M\" rum=\"2M\">\n  <privides/>\n  <route> <servce/> <any-service x=\"\"> <parrent/> <parent name=\"z\"/> </any-service> </route>\n </start>\n</config>";

	ck_assert(unit_config_decode(&unit, text, -1) == STATUS_OK);
	ck_assert_msg(unit.warnings == 8 && !unit.errors && unit.config.start_count == 1, "%s", unit.messages);
	ck_assert(string_find_text(unit.messages, "1:9: warning: <config> has an unknown attribute \"stuff\", which is ignored; expected verbose, close_patience_ms, yield_patience_ms, prio_levels or priolevels\n"));
	ck_assert(string_find_text(unit.messages, "2:2: warning: unknown element <rapport> in <config>"));
	ck_assert(string_find_text(unit.messages, "3:27: warning: <start> has an unknown attribute \"rum\""));
	ck_assert(string_find_text(unit.messages, "4:3: warning: unknown element <privides> in <start>, which is ignored; expected binary, resource, affinity, heartbeat, restart, exit, provides, route, config or configfile\n"));
	ck_assert(string_find_text(unit.messages, "5:11: warning: unknown element <servce>"));
	ck_assert(string_find_text(unit.messages, "5:34: warning: <any-service> has an unknown attribute \"x\", which is ignored; expected nothing\n"));
	ck_assert(string_find_text(unit.messages, "5:40: warning: unknown element <parrent>"));
	ck_assert(string_find_text(unit.messages, "warning: <parent> has an unknown attribute \"name\""));
	unit_config_fini(&unit);
}
END_TEST

START_TEST(an_export_leads_from_named_services_to_children)
{
	struct config_rule const *rule;

	ck_assert(unit_config_decode(&unit,
		"<config>\n<export><service name=\"A\" label_prefix=\"x\"><child name=\"a\"/></service>\n<any-service><any-child/></any-service>\n"
		"<service name=\"B\"><any-child/><parent/></service>\n<service name=\"C\"><local/></service><service name=\"D\"><any-child/></service></export>\n"
		"<export/></config>", -1) == STATUS_OK);
	ck_assert_str_eq(unit.messages, "3:1: error: an <export> names its services; expected <service name=\"...\">\n"
	                                "4:31: error: an <export> leads to children only; expected <child name=\"...\"/> or <any-child/>\n"
	                                "5:19: error: an <export> leads to children only; expected <child name=\"...\"/> or <any-child/>\n"
	                                "6:1: error: <export> is set here and at 2:1; expected it once\n");
	ck_assert(unit.config.dropped == 3 && unit.config.outside.route);
	rule = unit.config.outside.route->rules;
	ck_assert_str_eq(rule->service, "A");
	ck_assert_str_eq(rule->next->service, "D");
	ck_assert(!rule->next->next && rule->targets->kind == TARGET_CHILD);
	unit_config_fini(&unit);
}
END_TEST

START_TEST(bad_defaults_do_not_hold)
{
	ck_assert(unit_config_decode(&unit, "<config verbose=\"maybe\" close_patience_ms=\"x\"><default ram=\"x\"/><default-route/><default-route/></config>", -1) == STATUS_OK);
	ck_assert_msg(unit.errors == 4 && !unit.config.default_ram.value && unit.config.close_patience_ms == CONFIG_CLOSE_PATIENCE, "%s", unit.messages);
	ck_assert(string_find_text(unit.messages, "<config verbose=...>: expected yes or no"));
	unit_config_fini(&unit);
}
END_TEST

START_TEST(another_root_is_refused)
{
	ck_assert(unit_config_decode(&unit, "<konfig/>", -1) == STATUS_INVALID);
	ck_assert_str_eq(unit.messages, "1:1: error: the root is <konfig>; expected <config>\n");
	unit_config_fini(&unit);
}
END_TEST

START_TEST(memory_that_runs_out_is_told_and_nothing_leaks)
{
	static char text[40000];
	size_t      used = 0;

	used += (size_t)snprintf(text, sizeof(text), "<config>");
	for (unsigned i = 0; i < 60; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		                         "<start name=\"child%u\" ram=\"1M\"><provides><service name=\"S%u\"/></provides><route><any-service><parent/></any-service></route></start>", i, i);
	snprintf(text + used, sizeof(text) - used, "</config>");
	for (long chunks = 0;; chunks++) {
		enum status status = unit_config_decode(&unit, text, chunks);

		ck_assert(status == STATUS_OK || status == STATUS_OUT_OF_RAM);
		unit_config_fini(&unit);
		if (status != STATUS_OK)
			continue;
		ck_assert(chunks > 3 && unit.config.start_count == 60);
		break;
	}
}
END_TEST

UNIT_MAIN(everything_in_a_document_is_found, rules_and_targets_keep_their_order_and_place, a_bare_document_has_the_defaults,
          what_a_start_may_say_of_its_life_is_found,
          an_alias_that_leads_nowhere_is_left_out,
          a_limit_below_the_quota_is_ignored,
          a_bad_start_drops_itself_alone, a_bad_part_drops_itself_alone, unknown_words_are_warned_of_and_ignored, bad_defaults_do_not_hold,
          an_export_leads_from_named_services_to_children,
          another_root_is_refused, memory_that_runs_out_is_told_and_nothing_leaks)
