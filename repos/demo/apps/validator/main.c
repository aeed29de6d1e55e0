/* SPDX-License-Identifier: MIT */
/*
 * The validator: stands between whoever wishes for a configuration of an init and the init that gets it. An ordinary program: it reads a file that changes
 * now and then, and checks it as tools/check_config does before a machine boots, whose code this is, in the place where it is to be: within the
 * configuration of the top-level init, as what the ROM has from which the inner one reads its own. Then it writes two others: the configuration, if nothing
 * is wrong with it, and a verdict in any case.
 *
 * What reaches it comes from outside: at most 64 KiB, no document type (base's reader refuses that, before libxml2 sees any of it), and no more memory than
 * this component has: a check that takes more ends, and the wish is refused.
 */
#include "../dashboard/whole_file.h"

#include <check_config/check.h>
#include <errno.h>
#include <libxml/parser.h>
#include <poll.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { DOCUMENT_SIZE = 64 << 10, MACHINE_SIZE = 16 << 10, MODULES_SIZE = 2 << 10, ERRORS = 8, ERROR_TEXT = 480, ABSENT_MS = 100, VERDICT_SIZE = 15 << 10 };

struct document {
	char   text[DOCUMENT_SIZE];
	size_t size;
};

struct verdict {
	unsigned count;                       /* of errors; more than ERRORS are only counted */
	unsigned lines[ERRORS];               /* 0: in none of the wish */
	char     texts[ERRORS][ERROR_TEXT];
};

static char const wish_name[] = "world.xml";

static struct document top;               /* the configuration around the wish */
static char const     *rom;               /* the label under which the inner init reads its own */

/* --- When a check cannot go on --- */

static jmp_buf *checking;                 /* NULL: nothing is checked yet */
static char     failure[ERROR_TEXT];

_Noreturn void fail(char const *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(failure, sizeof(failure), format, arguments);
	va_end(arguments);
	if (checking)
		longjmp(*checking, 1);
	fprintf(stderr, "%s\n", failure);
	exit(1);
}

/* --- Checking --- */

static void add_error(struct verdict *verdict, unsigned line, char const *text)
{
	if (verdict->count < ERRORS) {
		verdict->lines[verdict->count] = line;
		snprintf(verdict->texts[verdict->count], ERROR_TEXT, "%s", text);
	}
	verdict->count++;
}

/*
 * What was found, with what decided and what to change; at the line of who asked, if it was decided outside. What is wrong around the wish is told, too, for
 * it stands in its way.
 */
static void add_problems(struct verdict *verdict)
{
	for (struct problem const *problem = problem_next(NULL); problem; problem = problem_next(problem)) {
		bool const is_here = strcmp(problem->file, wish_name) == 0, is_asked_here = problem->asker_file && strcmp(problem->asker_file, wish_name) == 0;
		char       text[ERROR_TEXT];
		size_t     size = 0;

		if (problem->severity != SEVERITY_ERROR)
			continue;
		if (!is_here)
			size = (size_t)snprintf(text, sizeof(text), "%.100s:%u: ", problem->file, problem->at.line);
		size += (size_t)snprintf(text + size, sizeof(text) - size, "%s", problem->text);
		for (unsigned i = 0; i < problem->more_count && size < sizeof(text); i++)
			size += (size_t)snprintf(text + size, sizeof(text) - size, "; %s", problem->more[i]);
		add_error(verdict, is_here ? problem->at.line : is_asked_here ? problem->asker.line : 0, text);
	}
}

static void look(struct document const *wish, struct verdict *verdict)
{
	struct source *const source = source_of(wish_name, wish->text, wish->size), *const around = source_of("config", top.text, top.size);
	struct xml_error     error;
	char                 text[384];

	if (!source_index(source, &error)) {
		add_error(verdict, error.line, text_of("expected %s, found %s", error.expected, error.found));
		return;
	}
	if (!source_index(around, &error))
		fail("the configuration of the top-level init: %s", xml_error_text(&error, text, sizeof(text)));
	around->is_valid = true;    /* it runs */
	levels_take_rom(rom, source);
	if (levels_make(around))
		all_check();
	add_problems(verdict);
	for (struct level const *level = levels; level; level = level->next) {
		if (level->source == source)
			return;
	}
	if (!verdict->count)
		add_error(verdict, 1, "it is no <config>");
}

static void check(struct document const *wish, struct verdict *verdict)
{
	jmp_buf failed;

	checking = &failed;
	if (setjmp(failed) == 0)
		look(wish, verdict);
	else
		add_error(verdict, 0, failure);
	checking = NULL;
	check_forget();
}

/* --- What is known --- */

/* The names of the boot modules and the size of the memory, as core tells them (core/machine_rom.c). */
static void read_machine(char const *path)
{
	static char    text[MACHINE_SIZE], modules[MODULES_SIZE];
	size_t         size;
	struct source *source;
	struct xml_error error;

	if (!whole_file_read(path, text, sizeof(text), &size))
		fail("cannot read %s", path);
	source = source_of(path, text, size);
	if (!source_index(source, &error))
		fail("%s is no XML", path);
	machine.memory_bytes = node_u64(source->root, "ram", 0, 0, UINT64_MAX);
	node_for_each (range, source->root, "range") {
		char const *name = node_attribute_is(range, "what", "boot module") ? text_attribute(range, "name") : NULL;

		if (name)
			snprintf(modules + strlen(modules), sizeof(modules) - strlen(modules), "%s ", name);
	}
	machine.modules = modules;
}

/* `directory` has config (of the top-level init), config.rng, machine, manifests, interfaces. */
static void read_known(char const *directory)
{
	read_machine(text_of("%s/machine", directory));
	if (!whole_file_read(text_of("%s/config", directory), top.text, sizeof(top.text), &top.size))
		fail("cannot read the configuration of the top-level init, %s/config", directory);
	schema_load(text_of("%s/config.rng", directory));
	manifests_read(text_of("%s/manifests", directory));
	manifests_check();
	interfaces_read(text_of("%s/interfaces", directory));
	check_keep();
}

/* --- Files --- */

static bool write_file(char const *path, char const *text, size_t size)
{
	bool const done = whole_file_write(path, text, size);

	if (!done)
		fprintf(stderr, "cannot write %s: %s\n", path, strerror(errno));
	return done;
}

/* FNV-1a, by which the verdict says what it is about. */
static uint64_t hash_of(struct document const *document)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < document->size; i++)
		hash = (hash ^ (unsigned char)document->text[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static void write_verdict(char const *path, struct document const *wish, struct verdict const *verdict)
{
	static char    text[VERDICT_SIZE];
	unsigned const shown = verdict->count < ERRORS ? verdict->count : ERRORS;
	int            size;

	size = snprintf(text, sizeof(text), "<verdict hash=\"0x%llx\" valid=\"%s\" errors=\"%u\">\n", (unsigned long long)hash_of(wish), verdict->count ? "no" : "yes", verdict->count);
	for (unsigned i = 0; i < shown; i++) {
		xmlChar *const escaped = xmlEncodeSpecialChars(NULL, (xmlChar const *)verdict->texts[i]);

		if (escaped && size < (int)sizeof(text))
			size += snprintf(text + size, sizeof(text) - (size_t)size, "\t<error line=\"%u\" text=\"%.1500s\"/>\n", verdict->lines[i], (char const *)escaped);
		xmlFree(escaped);
	}
	if (size < (int)sizeof(text))
		size += snprintf(text + size, sizeof(text) - (size_t)size, "</verdict>\n");
	if (size < (int)sizeof(text))
		(void)write_file(path, text, (size_t)size);
}

/* --- */

struct files { char const *initial, *wish, *config, *verdict; };

/* Decides about one document; what is right is passed on. */
static void decide(struct files const *files, struct document const *wish)
{
	static struct verdict verdict;

	verdict.count = 0;
	check(wish, &verdict);
	if (verdict.count)
		printf("refused: line %u: %s (%u errors)\n", verdict.lines[0], verdict.texts[0], verdict.count);
	else if (!write_file(files->config, wish->text, wish->size))
		add_error(&verdict, 0, "it could not be passed on");
	else
		printf("passed on: %zu bytes\n", wish->size);
	fflush(stdout);
	write_verdict(files->verdict, wish, &verdict);
}

int main(int count, char **arguments)
{
	static struct document wish, seen;
	struct files           files;
	struct pollfd          news = { .fd = -1, .events = POLLPRI };

	if (count != 7) {
		fprintf(stderr, "usage: validator KNOWN ROM INITIAL WISH CONFIG VERDICT\n");
		return 2;
	}
	rom = arguments[2];
	files = (struct files) { arguments[3], arguments[4], arguments[5], arguments[6] };
	read_known(arguments[1]);
	if (whole_file_read(files.initial, seen.text, sizeof(seen.text), &seen.size) && seen.size)
		decide(&files, &seen);
	for (;;) {
		if (whole_file_follow(files.wish, &news.fd, wish.text, sizeof(wish.text), &wish.size) && wish.size &&
		    (wish.size != seen.size || memcmp(wish.text, seen.text, wish.size) != 0)) {
			decide(&files, &wish);
			seen = wish;
		}
		/* One that is not there yet is looked for again. */
		(void)poll(&news, 1, news.fd < 0 ? ABSENT_MS : -1);
	}
}
