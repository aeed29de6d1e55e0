/* SPDX-License-Identifier: MIT */
/*
 * Messages for any call, made from the text of its parameters ("u64 size, ram_cache cache, cap account pay"). The area of
 * the message is filled once, front to back; the kernel carries what the header of the call says.
 */
#include "unruly.h"

#include <parent/parent.h>
#include <rm/rm.h>

enum { MEMORY = 16 };

static uint64_t remembered[MEMORY];

void message_remember(uint64_t value)
{
	remembered[next_random() % MEMORY] = value;
}

static uint64_t number(void)
{
	static uint64_t const extremes[] = {
		0, 1, 2, PAGE_SIZE, PAGE_SIZE - 1, 16 * PAGE_SIZE, UINT32_MAX, INT64_MAX, UINT64_MAX, UINT64_MAX - PAGE_SIZE + 1,
		UINT64_C(0x800000000000), UINT64_C(0x7ffffffff000), UINT64_C(0xffff800000000000),
	};

	switch (next_random() % 6) {
	case 0:  return remembered[next_random() % MEMORY];
	case 1:  return extremes[next_random() % ARRAY_SIZE(extremes)];
	case 2:  return next_random() % 4;
	case 3:  return (uint64_t)(next_random() % 64) * PAGE_SIZE;
	case 4:  return (uint64_t)next_random() << 32 | next_random();
	default: return UINT64_C(0x40000000) + (uint64_t)(next_random() % 256) * STACK_SLOT_SIZE;
	}
}

/* One that fits the name of the parameter, or its type if that is an enum. */
static uint64_t likely_number(char const *type, size_t size)
{
	char const *name = type + size + 1;

	if (string_starts_with(name, "caps"))
		return next_random() % 12;
	if (string_starts_with(name, "ram") || string_starts_with(name, "size"))
		return (1 + next_random() % 8) * PAGE_SIZE;
	if (string_starts_with(name, "align"))
		return PAGE_SIZE << next_random() % 4;
	if (string_starts_with(name, "stack_slot") || string_starts_with(name, "sp") || string_starts_with(name, "address"))
		return UINT64_C(0x40000000) + (uint64_t)(next_random() % 256) * STACK_SLOT_SIZE;
	if (!string_starts_with(type, "u") && !string_starts_with(type, "i"))
		return next_random() % 3;
	return number();
}

/* A text of random length, which mostly ends in time. */
static void fill_string(char *to, size_t size)
{
	size_t const length = one_in(8) ? size : next_random() % size;

	memset(to, 'a' + (int)(next_random() % 26), size);
	if (length < size)
		memset(to + length, 0, size - length);
}

/* A request for a session that might be granted. */
static void fill_open(struct session_open_args *args)
{
	struct rpc_type const *type = all_types[next_random() % type_count];

	memset(args, 0, sizeof(*args));
	(void)format_cut(args->service, sizeof(args->service), "%s", type->name);
	fill_string(args->label, one_in(8) ? sizeof(args->label) : 16);
	if (type->args_size)
		memcpy(args->args.data, type->args_default, type->args_size);
	if (type == &rm_type && one_in(2))
		memcpy(args->args.data, &(struct rm_args) { .size = 8 * PAGE_SIZE }, sizeof(struct rm_args));
	args->args.size = one_in(8) ? next_random() % 200 : type->args_size;
	args->hash = one_in(8) ? next_random() : type->hash;
	args->ram = next_random() % 8 * PAGE_SIZE;
	args->caps = next_random() % 10;
	if (one_in(16))
		args->ram = number();
	if (one_in(16))
		args->caps = number();
}

/* The number in the brackets of string<32>. */
static uint64_t bound_of(char const *type, size_t size)
{
	uint64_t bound = 0;

	for (size_t i = 0; i < size; i++)
		if (type[i] >= '0' && type[i] <= '9' && string_find_text(type, "<") < type + i)
			bound = bound * 10 + (uint64_t)(type[i] - '0');
	return bound;
}

/* How many words a parameter has; 0: a capability. Enums are numbers, a struct takes what is left. */
static size_t fill_parameter(char const *type, size_t size, uint64_t *to, size_t room)
{
	if (string_starts_with(type, "string<")) {
		size_t const bytes = bound_of(type, size);

		fill_string((char *)to, bytes);
		return align_up(bytes, 8) / 8;
	}
	if (string_starts_with(type, "bytes<")) {
		size_t const bytes = bound_of(type, size);

		memset(to, 'b', align_up(bytes + 4, 8));
		*(uint32_t *)to = one_in(8) ? next_random() : next_random() % (uint32_t)(bytes + 1);
		return align_up(bytes + 4, 8) / 8;
	}
	if (string_starts_with(type, "session_open_args ")) {
		fill_open((struct session_open_args *)to);
		return sizeof(struct session_open_args) / 8;
	}
	if (string_starts_with(type, "rm_attach_args ") && !one_in(4)) {
		struct rm_attach_args args = {
			.size = next_random() % 4 * PAGE_SIZE, .access = next_random() % (one_in(2) ? 3 : 4), .flags = next_random() % 4,
		};

		if (!one_in(3))
			args.address = (one_in(3) ? 0 : 0x40000000) + next_random() % 8 * PAGE_SIZE;

		memcpy(to, &args, sizeof(args));
		return sizeof(args) / 8;
	}
	if (string_starts_with(type, "session_answer ") || string_starts_with(type, "rm_attach_args ") ||
	    string_starts_with(type, "thread_options ") || string_starts_with(type, "thread_registers ")) {
		for (size_t i = 0; i < room; i++)
			to[i] = number();
		return room;
	}
	*to = one_in(4) ? number() : likely_number(type, size);
	if (string_starts_with(type, "u32 ") || string_starts_with(type, "i32 "))
		*to = (uint32_t)*to;
	return 1;
}

/* Null, any slot, or one of the pool. What is needed to the end is not to be freed. */
static uint64_t capability(char const *type, size_t size, bool is_freed)
{
	struct rpc_type const *known = type_by_name(type, size);
	struct held const     *held;

	if (one_in(8))
		return 0;
	if (one_in(64))
		return (64 + next_random() % 192) << 5;
	held = known && !one_in(4) ? pool_of_type(known) : pool_any();
	return is_freed && held->fixed ? 0 : held->cap.selector;
}

void message_fill(struct rpc_type const *type, struct rpc_call const *call)
{
	static uint64_t words[UTCB_WORDS * 2];
	struct utcb    *utcb = thread_utcb();
	size_t          word = 0, caps = 0;

	memset(words, 0, sizeof(words));
	for (char const *at = call->in; *at; ) {
		char const *end = string_find_text(at, ", ");
		bool const  cap = string_starts_with(at, "cap ");
		char const *name = at + (cap ? 4 : 0);
		size_t      size = 0;

		while (name[size] && name[size] != ' ')
			size++;
		if (cap)
			utcb->send[caps++] = capability(name, size, string_equal(call->name, "free"));
		else
			word += fill_parameter(at, size, &words[word], call->in_words - word);
		at = end ? end + 2 : at + strlen(at);
	}
	memcpy(utcb->words, words, sizeof(utcb->words));
}

void message_fill_noise(unsigned words, unsigned caps)
{
	struct utcb *utcb = thread_utcb();

	for (unsigned i = 0; i < words; i++)
		utcb->words[i] = number();
	for (unsigned i = 0; i < caps; i++)
		utcb->send[i] = pool_any()->cap.selector;
}
