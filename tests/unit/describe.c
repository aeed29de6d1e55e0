/* SPDX-License-Identifier: MIT */
/*
 * Messages as text by their description (os/servers/monitor/describe.c), on the golden interfaces of rpcgen, which have all there is in the language.
 */
#include "unit.h"
#include "os/servers/monitor/describe.h"
#include <stdarg.h>

unsigned try_count;

void try_note(enum status status, unsigned before, struct try_place const *place) {}
void log_error(char const *text, ...) {}

enum status heap_alloc(struct heap *heap, size_t size, void **block)
{
	*block = calloc(1, size ? size : 1);
	return *block ? STATUS_OK : STATUS_OUT_OF_RAM;
}

enum status attached_rom_open(struct attached_rom *rom, struct env *env, char const *label)
{
	static char text[1 << 16];
	FILE       *file = fopen("tests/rpcgen/goldens/recorder.xml", "rb");

	ck_assert_str_eq(label, "interfaces");
	ck_assert_ptr_nonnull(file);
	*rom = (struct attached_rom) { .env = env, .address = text, .size = fread(text, 1, sizeof(text), file) };
	fclose(file);
	return STATUS_OK;
}

/* The call of that name in an interface of that name. */
static struct described_call const *find(char const *interface, char const *name)
{
	for (unsigned tag = 0; tag < 0x8000; tag++)
		for (unsigned op = 0; op < 8; op++) {
			struct described_call const *call = describe_call(tag << 16 | op);

			if (call && node_attribute_is(call->call, "name", name) && node_attribute_is(node_parent(call->call), "name", interface))
				return call;
		}
	ck_abort_msg("no call %s.%s", interface, name);
}

static void set_up(void)
{
	static bool done;
	static struct env env;

	if (!done)
		ck_assert_int_eq(describe_init(&env), STATUS_OK);
	done = true;
}

static void check_text(struct node fields, struct message const *message, char const *expected)
{
	struct line line = { .used = 0 };

	describe_message(&line, fields, message);
	ck_assert_str_eq(line.text, expected);
}

static struct node in_of(char const *name)
{
	return node_child(find("recorder", name)->call, "in");
}

START_TEST(services_and_calls_are_found)
{
	struct node interface;

	set_up();
	ck_assert_int_eq(describe_service("Recorder", "", &interface), STATUS_OK);
	ck_assert(node_attribute_is(interface, "name", "recorder"));
	ck_assert_int_eq(describe_service("Recorder", "recorder", &interface), STATUS_OK);
	ck_assert_int_eq(describe_service("Recorder", "tape", &interface), STATUS_NOT_FOUND);
	ck_assert_int_eq(describe_service("recorder", "", &interface), STATUS_NOT_FOUND);
	ck_assert_ptr_null(describe_call(0));
}
END_TEST

START_TEST(scalars_are_written_by_their_type)
{
	struct message message = { .words = 11, .word = { 200, 65535, 1 << 20, UINT64_MAX, 0xfd, 0x8000, 0xffffffff, UINT64_MAX, 1, 1, STATUS_DENIED } };

	set_up();
	check_text(in_of("scalars"), &message,
	           "a=200, b=65535, c=0x100000, d=0xffffffffffffffff, e=-3, f=-32768, g=-1, h=-1, k=true, l=HIGH, m=DENIED");
	message.word[8] = 2, message.word[9] = 7, message.word[10] = 99;
	check_text(in_of("scalars"), &message,
	           "a=200, b=65535, c=0x100000, d=0xffffffffffffffff, e=-3, f=-32768, g=-1, h=-1, k=2, l=7, m=99");
}
END_TEST

START_TEST(structs_arrays_strings_and_data_are_taken_apart)
{
	struct message message = { .words = 17 };
	char          *bytes   = (char *)message.word;

	set_up();
	memcpy(bytes, "na\"me", 5);
	bytes[12] = 3;
	memcpy(bytes + 16, "\1b\n", 3);
	bytes[32] = 5;                       /* samples[0].kind */
	bytes[40] = 9;                       /* .at */
	memset(bytes + 48, 0xff, 2);         /* .value */
	bytes[50] = 1;                       /* .ready */
	memcpy(bytes + 104, "x", 1);         /* tags */
	bytes[120] = 1;                      /* levels */
	bytes[132] = STATUS_TIMEOUT;
	check_text(in_of("store"), &message,
	           "record={name=\"na\\\"me\", raw=\"\\x01b\\n\", samples=[{kind=GREEN, at=9, value=-1, ready=true}, "
	           "{kind=RED, at=0, value=0, ready=false}, {kind=RED, at=0, value=0, ready=false}], tags=[\"x\", \"\"], "
	           "levels=[HIGH, LOW], flags=[false, false, false], result=TIMEOUT}");
}
END_TEST

/* Hostile content: no terminator, a size beyond the bound. */
START_TEST(nothing_is_read_beyond_its_bound)
{
	struct message message = { .words = 6 };
	char          *bytes   = (char *)message.word;

	set_up();
	memset(bytes, 'a', sizeof(message.word));
	check_text(in_of("text"), &message, "before=\"aaaaaaaaaa\", data=\"aaaaaa\", after=\"aaaaaaaaaaaaaaaa\"");
	message.words = 5;
	check_text(in_of("text"), &message, "5 words and 0 capabilities, not 6 and 0");
}
END_TEST

START_TEST(capabilities_are_named_by_what_they_are_for)
{
	struct message message = { .words = 1, .caps = 3, .word = { 7 }, .cap = { { .number = 4 }, { .is_null = true } } };

	set_up();
	check_text(in_of("caps"), &message, "probe=probe#4, thing=null, number=7, context=signal_context");
}
END_TEST

/* A tape is only handed out; a probe is also passed back, so somebody must recognize it. */
START_TEST(objects_that_are_arguments_are_not_stood_in_for)
{
	struct described_call const *call;

	set_up();
	call = find("recorder", "caps");
	ck_assert(!node_exists(describe_object(call, 0)) && !node_exists(describe_object(call, 1)) && !node_exists(describe_object(call, 2)));
	ck_assert(node_attribute_is(describe_object(call, 3), "name", "tape"));
	ck_assert(!node_exists(describe_object(call, 4)));
}
END_TEST

START_TEST(long_lines_are_cut)
{
	struct line line = { .used = 0 };

	for (unsigned i = 0; i < 1000; i++)
		line_add(&line, "%u ", i);
	ck_assert_uint_eq(strlen(line.text), sizeof(line.text) - 1);
	ck_assert_uint_eq(line.used, sizeof(line.text) - 1);
}
END_TEST

UNIT_MAIN(services_and_calls_are_found, scalars_are_written_by_their_type, structs_arrays_strings_and_data_are_taken_apart,
          nothing_is_read_beyond_its_bound, capabilities_are_named_by_what_they_are_for, objects_that_are_arguments_are_not_stood_in_for,
          long_lines_are_cut)
