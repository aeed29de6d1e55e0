/* SPDX-License-Identifier: MIT */
/*
 *	check_config [OPTION]... [CONFIG]
 *
 * Checks a configuration of init and all those nested in it; without one, all manifests. The status is 0 without errors, 1 with,
 * 2 if it was called wrongly. Options:
 *
 *	--modules NAMES       the boot modules, separated by blanks       --boot DIRECTORY    where their files are
 *	--memory MIB          of the machine, 256 if left out             --init NAME         the component that is booted as init
 *	--manifests FILE  --interfaces FILE  --schema FILE                where the build has put them, if left out
 *	--needs               prints what each child needs, in bytes and caps, and nothing else
 *	--requests FILE       writes all requests that were followed (list.c)
 *	--reference FILE      writes the page that explains the schema, and does nothing else
 *	--graph FILE          draws the tree and its sessions as SVG
 *	--why CLIENT SERVICE [LABEL]                                      prints the way of one session, and nothing else; comes last
 */
#include "check.h"
#include <stdlib.h>
#include <string.h>

static struct {
	char const *config, *manifests, *interfaces, *schema, *graph, *requests, *reference;
	char const *client, *service, *label;    /* --why */
	bool        needs;
} options = { .manifests = "build/host/manifests", .interfaces = "build/boot/interfaces", .schema = "init/config.rng", .label = "" };

static void read_memory(char const *text)
{
	char *end;

	machine.memory_bytes = (uint64_t)strtoull(text, &end, 10) << 20;
	if (*end || !machine.memory_bytes)
		fail("--memory %s: expected a number of MiB", text);
}

static void read_option(char const *name, char const *value)
{
	struct { char const *name; char const **to; } const known[] = {
		{ "--modules", &machine.modules }, { "--boot", &machine.boot }, { "--init", &machine.init }, { "--manifests", &options.manifests },
		{ "--interfaces", &options.interfaces }, { "--schema", &options.schema }, { "--graph", &options.graph },
		{ "--requests", &options.requests }, { "--reference", &options.reference },
	};

	if (!value)
		fail("%s: expected a value", name);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(name, known[i].name) == 0) {
			*known[i].to = value;
			return;
		}
	}
	if (strcmp(name, "--memory") != 0)
		fail("unknown option %s", name);
	read_memory(value);
}

static void read_arguments(int count, char **arguments)
{
	for (int i = 1; i < count; i++) {
		if (strcmp(arguments[i], "--why") == 0) {
			if (i + 2 >= count)
				fail("--why CLIENT SERVICE [LABEL]");
			options.client = arguments[i + 1];
			options.service = arguments[i + 2];
			options.label = i + 3 < count ? arguments[i + 3] : "";
			break;
		}
		if (strcmp(arguments[i], "--needs") == 0) {
			options.needs = true;
			continue;
		}
		if (arguments[i][0] != '-') {
			options.config = arguments[i];
			continue;
		}
		read_option(arguments[i], arguments[i + 1]);
		i++;
	}
	if (!machine.modules)
		machine.modules = "platform_page init config";
}

static void write_reference(FILE *to)
{
	reference_write(to, options.schema);
}

static void write_file(char const *path, void (*write)(FILE *to))
{
	FILE *file = fopen(path, "w");

	if (!file)
		fail("cannot write %s", path);
	write(file);
	if (fclose(file))
		fail("cannot write %s", path);
}

static bool read_config(struct source *source)
{
	struct xml_error error;

	if (!source_index(source, &error)) {
		problem_add(SEVERITY_ERROR, text_of("%s", error.file[0] ? error.file : options.config), (struct position) { error.line, error.column },
		            "expected %s, found %s", error.expected, error.found);
		return false;
	}
	return levels_make(source);
}

int main(int count, char **arguments)
{
	struct source *source;
	bool           is_read;

	read_arguments(count, arguments);
	if (options.reference) {
		write_file(options.reference, write_reference);
		return 0;
	}
	manifests_read(options.manifests);
	if (!options.config) {
		manifests_check();
		return report_all(stdout) > 0;
	}
	source = source_read(options.config);
	if (!source)
		fail("cannot read %s", options.config);
	schema_load(options.schema);
	interfaces_read(options.interfaces);
	is_read = read_config(source);
	if (is_read && options.client) {
		if (!why_print(stdout, options.client, options.service, options.label))
			fail("there is no child \"%s\"", options.client);
		return 0;
	}
	if (is_read) {
		requests_check();
		quotas_check();
		rules_check();
		values_check();
		cycles_check();
		schema_report();
		if (options.graph)
			write_file(options.graph, graph_write);
		if (options.requests)
			write_file(options.requests, list_write);
	}
	if (is_read && options.needs) {
		needs_print(stdout);
		return 0;
	}
	return report_all(stdout) > 0;
}
