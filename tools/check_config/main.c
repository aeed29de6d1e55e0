/* SPDX-License-Identifier: MIT */
/* The tool: options and order. `check_config --help` says what there is to be called with. */
#include "check.h"
#include <stdlib.h>
#include <string.h>

static char const help[] =
	"check_config [OPTION]... [CONFIG]\n"
	"\n"
	"Checks a configuration of init and all those nested in it; without one, all manifests. The status is 0 without errors,\n"
	"1 with, 2 if it was called wrongly.\n"
	"\n"
	"  --modules NAMES       the boot modules, separated by blanks\n"
	"  --boot DIRECTORY      where their files are\n"
	"  --rom NAME=FILE       what a ROM that is made at run time is taken to have, where an init reads its configuration from it\n"
	"  --memory MIB          of the machine, 256 if left out\n"
	"  --init NAME           the component that is booted as init\n"
	"  --manifests FILE  --interfaces FILE  --schema FILE      where the build has put them, if left out\n"
	"  --needs               prints what each child needs, in bytes and caps, and nothing else\n"
	"  --requests FILE       writes all requests that were followed\n"
	"  --reference FILE      writes the page that explains the schema, and does nothing else\n"
	"  --graph FILE          draws the tree and its sessions as SVG\n"
	"  --why CLIENT SERVICE [LABEL]                            prints the way of one session, and nothing else; comes last\n"
	"  --help                prints this\n";

static struct {
	char const *config, *manifests, *interfaces, *schema, *graph, *requests, *reference, *rom;
	char const *client, *service, *label;    /* --why */
	bool        needs;
} options = { .manifests = "build/host/manifests", .interfaces = "build/boot/interfaces", .schema = "init/config.rng", .label = "" };

_Noreturn void fail(char const *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("check_config: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(2);
}

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
		{ "--rom", &options.rom },
	};

	if (!value)
		fail("%s: expected a value (--help tells what there is)", name);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(name, known[i].name) == 0) {
			*known[i].to = value;
			return;
		}
	}
	if (strcmp(name, "--memory") != 0)
		fail("unknown option %s (--help tells what there is)", name);
	read_memory(value);
}

static void read_arguments(int count, char **arguments)
{
	for (int i = 1; i < count; i++) {
		if (strcmp(arguments[i], "--help") == 0) {
			fputs(help, stdout);
			exit(0);
		}
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

static void read_rom(char const *rom)
{
	char const      *equals = strchr(rom, '=');
	struct source   *source = equals ? source_read(equals + 1) : NULL;
	struct xml_error error;
	char             text[384];

	if (!equals)
		fail("--rom %s: expected NAME=FILE", rom);
	if (!source)
		fail("--rom %s: cannot read the file", rom);
	if (!source_index(source, &error))
		fail("--rom %s: %s", rom, xml_error_text(&error, text, sizeof(text)));
	levels_take_rom(text_of("%.*s", (int)(equals - rom), rom), source);
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
	if (options.rom)
		read_rom(options.rom);
	is_read = read_config(source);
	if (is_read && options.client) {
		if (!why_print(stdout, options.client, options.service, options.label))
			fail("there is no child \"%s\"", options.client);
		return 0;
	}
	if (is_read) {
		all_check();
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
