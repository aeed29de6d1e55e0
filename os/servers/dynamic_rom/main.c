/* SPDX-License-Identifier: MIT */
/*
 * Serves ROMs whose content changes as its configuration says: a <rom> is a sequence of <inline> contents and <sleep>s. The sequence of each ROM begins when
 * it is first opened, so that its reader misses none of it.
 */
#include <base/component.h>
#include <base/node.h>
#include <base/string.h>
#include <base/time.h>
#include <rom_buffer/rom_buffer.h>

/* One <rom>. */
struct script {
	struct list_link of_all;
	struct node      rom;
	struct node      step;         /* the last that was done; none: none was */
	struct node      content;      /* the element within the last <inline>; none: nothing */
	size_t           capacity;     /* what the largest content needs */
	struct handler   next;
	bool             is_begun;
};

struct reader {
	struct rom_buffer rom;         /* first: what the client talks to */
	struct script    *script;
};

static struct list        scripts = LIST_INIT(scripts);
static struct rom_service roms;
static struct env        *own_env;

/* --- Contents --- */

/* How many bytes the element takes as a document of its own, which says where it comes from. */
static size_t size_of(struct node content)
{
	size_t      size   = 0;
	enum status status = node_exists(content) ? node_cut(content, NULL, 0, &size) : STATUS_OK;

	(void)status;
	return size;
}

static size_t fill(struct rom_buffer *rom)
{
	struct reader *reader = container_of(rom, struct reader, rom);
	size_t         size   = 0;
	enum status    status = STATUS_OK;

	if (node_exists(reader->script->content))
		status = node_cut(reader->script->content, rom->memory.address, rom->memory.size, &size);
	assert(status == STATUS_OK);
	return size;
}

static void tell_readers(struct script *script)
{
	service_for_each_session (session, &roms.service) {
		struct reader *reader = container_of(session, struct reader, rom.session.session);

		if (reader->script == script)
			rom_buffer_newer(&reader->rom);
	}
}

/* --- Steps --- */

/* Does what stands there up to the next <sleep>; a sequence that repeats goes on from its beginning then. */
static void go_on(struct script *script)
{
	bool const repeats = node_bool(script->rom, "repeat", false);
	bool       slept   = false;

	while (!slept) {
		struct node step = node_exists(script->step) ? node_next(script->step, NULL) : node_child(script->rom, NULL);

		script->step = step;
		if (!node_exists(step)) {
			if (repeats && node_exists(node_child(script->rom, "sleep")))
				continue;
			return;
		}
		if (node_is(step, "inline")) {
			script->content = node_child(step, NULL);
			tell_readers(script);
		}
		slept = node_is(step, "sleep");
		if (slept)
			ep_timeout(&own_env->ep, &script->next, time_now_ns() + node_u64(step, "ms", 0, 0, 1 << 30) * TIME_NS_PER_MS);
	}
}

static void handle_next(struct handler *handler, uint64_t count)
{
	go_on(container_of(handler, struct script, next));
}

/* --- Sessions --- */

static struct script *find_script(char const *label)
{
	char const *name = label;

	for (char const *next; (next = string_find_text(name, " -> ")); )
		name = next + sizeof(" -> ") - 1;
	list_for_each (script, &scripts, struct script, of_all) {
		if (node_attribute_is(script->rom, "name", name))
			return script;
	}
	return NULL;
}

static enum status open(struct rom_session *session)
{
	struct reader *reader = container_of(session, struct reader, rom.session);

	reader->script = find_script(session_label(&session->session));
	if (!reader->script)
		return STATUS_NOT_FOUND;
	if (!reader->script->is_begun) {
		reader->script->is_begun = true;
		go_on(reader->script);
	}
	return rom_buffer_open(&reader->rom, MAX(reader->script->capacity, (size_t)1), fill);
}

static void close(struct rom_session *session)
{
	attached_ram_fini(&rom_buffer_of(session)->memory);
}

static enum status make_script(struct env *env, struct node rom)
{
	struct script *script;

	TRY(heap_new(&env->heap, &script));
	*script = (struct script) { .rom = rom, .step = node_none(), .content = node_none(), .next.handle = handle_next };
	node_for_each (step, rom, "inline")
		script->capacity = MAX(script->capacity, size_of(node_child(step, NULL)));
	list_append(&scripts, &script->of_all);
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	own_env = env;
	roms = (struct rom_service) { .ops = rom_buffer_ops, .session_size = sizeof(struct reader), .open = open, .close = close };
	node_for_each (rom, env_config(env), "rom")
		TRY(make_script(env, rom));
	return rom_provide(&roms, env);
}
