/* SPDX-License-Identifier: MIT */
/* The tree: the configuration at the top, and those of the inits below it, as far as they are known before they run. */
#include "check.h"
#include <base/string.h>
#include <string.h>

struct level *levels;

/* --- What init itself says about a configuration --- */

struct level_reporter {
	struct config_reporter reporter;
	char const            *file;
};

static void *acquire(struct arena *arena, size_t size)
{
	return check_alloc(size);
}

/* All of it goes together. */
static void release(struct arena *arena, void *chunk, size_t size)
{
}

/* Of the names in "; expected name, ram or caps", the one that is meant; NULL: none. */
static char const *meant_of_list(char const *wanted, char const *list)
{
	char const *best = NULL;

	while (*list) {
		size_t const size = strcspn(list, " ,");
		char const  *name = text_of("%.*s", (int)size, list);

		if (text_is_meant(wanted, name, best))
			best = name;
		list += size + strspn(list + size, " ,");
	}
	return best;
}

/* What init would ignore is a mistake here; a word that it does not know may be one that it does. */
static void report(struct config_reporter *reporter, bool is_error, struct position at, char const *text)
{
	struct level_reporter const *self     = container_of(reporter, struct level_reporter, reporter);
	char const                  *unknown_ = string_find_text(text, "unknown attribute \""), *expected = string_find_text(text, "; expected ");
	struct problem              *problem;
	char const                  *meant;

	problem = problem_add(is_error || string_find_text(text, "unknown ") ? SEVERITY_ERROR : SEVERITY_WARNING, self->file, at, "%s", text);
	unknown_ = unknown_ ? unknown_ + sizeof("unknown attribute \"") - 1 : string_find_text(text, "unknown element <");
	if (!unknown_ || !expected)
		return;
	unknown_ += *unknown_ == 'u' ? sizeof("unknown element <") - 1 : 0;
	meant = meant_of_list(text_of("%.*s", (int)strcspn(unknown_, "\">"), unknown_), expected + sizeof("; expected ") - 1);
	if (meant)
		problem_more(problem, "did you mean %s?", meant);
}

/* --- Levels --- */

struct child *level_child(struct level *level, struct config_start const *start)
{
	return &level->children[start->index];
}

char const *child_label(struct child const *child)
{
	return text_of("%s -> %s", child->level->label, child->start->name);
}

/* What the configurations of one document share. */
struct document_of_levels {
	struct source const *source;
	char const          *module;    /* NULL: it is the one that is checked */
};

/* False: the root is no <config>. */
static bool level_make(struct document_of_levels const *document, struct node root, struct child *of)
{
	struct level         **end = &levels, *level;
	struct level_reporter reporter = { .reporter.report = report };
	unsigned              index = 0;

	NEW(level);
	level->of = of;
	level->source = document->source;
	level->module = document->module;
	level->root = root;
	level->label = of ? child_label(of) : machine.init;
	level->config.arena = (struct arena) { .acquire = acquire, .release = release };
	reporter.file = source_file(document->source, root);
	if (config_decode(&level->config, root, &reporter.reporter) != STATUS_OK)
		return false;
	(void)!string_copy(level->config.file, sizeof(level->config.file), source_file(document->source, root));
	level->children = check_alloc(level->config.start_count * sizeof(*level->children));
	for (struct config_start const *start = level->config.starts; start; start = start->next, index++)
		level->children[index] = (struct child) { .level = level, .start = start, .manifest = manifest_find(start->binary) };
	while (*end)
		end = &(*end)->next;
	*end = level;
	if (of)
		of->inside = level;
	return true;
}

/* --- Configurations from ROMs --- */

/* Is this the configuration of one of those around the child? */
static bool is_around(struct child const *child, char const *module)
{
	for (struct level const *level = child->level; level; level = level->of ? level->of->level : NULL) {
		if (level->module && string_equal(level->module, module))
			return true;
	}
	return string_equal(module, "config");
}

static void tell_loop(struct child const *child, char const *module)
{
	problem_more(problem_add(SEVERITY_ERROR, child->level->config.file, child->start->at,
	                         "[%s] \"%s\" reads the ROM \"%s\" as its configuration, which is that of an init around it: it starts itself without end",
	                         child->level->label, child->start->name, module),
	             "to mend it: give it a <config> or <configfile> of its own");
}

/* `source` is indexed; `module` is the ROM that it is in. */
static void from_source(struct child *child, char const *module, struct source *source)
{
	schema_check(source, source->root);
	(void)level_make(&(struct document_of_levels) { source, module }, source->root, child);
}

static void from_module(struct child *child, char const *module)
{
	char const      *path   = machine_file(module);
	struct source   *source = path ? source_read(path) : NULL;
	struct xml_error error;
	char             text[384];

	if (is_around(child, module)) {
		tell_loop(child, module);
		return;
	}
	if (!source) {
		unknown("below \"%s\": what is in the ROM \"%s\", its configuration", child_label(child), module);
		return;
	}
	if (!source_index(source, &error)) {
		if (!error.file[0])
			(void)!string_copy(error.file, sizeof(error.file), module);
		problem_add(SEVERITY_ERROR, child->level->config.file, child->start->at, "the configuration of \"%s\" is no XML: %s", child->start->name,
		            xml_error_text(&error, text, sizeof(text)));
		return;
	}
	from_source(child, module, source);
}

static struct {
	char const    *name;
	struct source *source;
} taken;

void levels_take_rom(char const *name, struct source *source)
{
	taken.name = name;
	taken.source = source;
}

void levels_forget(void)
{
	levels = NULL;
	taken.source = NULL;
}

/* An init whose configuration is not in its start asks for the ROM "config". */
static void from_rom(struct child *child)
{
	struct path path = { .service = "ROM" };

	path_follow(&path, child, child->start->configfile ? child->start->configfile : "config");
	if (path.end == PATH_CORE)
		from_module(child, text_of("%s", label_last(path.label)));
	else if (path.end == PATH_CHILD && taken.source && string_equal(label_last(path.label), taken.name))
		from_source(child, taken.name, taken.source);
	else if (path.end != PATH_DENIED)
		unknown("below \"%s\": its configuration is made at run time%s%s", child_label(child), path.server ? ", by " : "",
		        path.server ? child_label(path.server) : "");
}

bool levels_make(struct source *source)
{
	schema_check(source, source->root);
	if (!level_make(&(struct document_of_levels) { source, NULL }, source->root, NULL))
		return false;
	for (struct level *level = levels; level; level = level->next) {
		for (unsigned i = 0; i < level->config.start_count; i++) {
			struct child *child = &level->children[i];

			if (!child->manifest || !child->manifest->is_init)
				continue;
			if (!node_exists(child->start->config)) {
				from_rom(child);
				continue;
			}
			schema_check(level->source, child->start->config);
			(void)level_make(&(struct document_of_levels) { level->source, level->module }, child->start->config, child);
		}
	}
	return true;
}

void all_check(void)
{
	requests_check();
	quotas_check();
	rules_check();
	values_check();
	cycles_check();
	schema_report();
}
