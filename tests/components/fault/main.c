/* SPDX-License-Identifier: MIT */
/* Faults in the way that its configuration names: null, data, stack or privileged. */
#include <base/component.h>

/* Kept from the optimizer, who knows that none of this is defined. */
static void *volatile nowhere;
static uint64_t volatile sink;

static void fault_null(void)
{
	*(int volatile *)nowhere = 1;
}

/* Jumps to a return instruction that lies in data, which would come back if it could be executed. */
static void fault_data(void)
{
	static unsigned char data[16] = { 0xc3 };
	void (*volatile function)(void) = (void (*)(void))(uintptr_t)data;

	function();
}

/* The compiler must neither turn this into a loop nor see that it does not end. */
static __attribute__((noinline)) uint64_t fault_stack(uint64_t depth)
{
	uint64_t volatile frame[64];

	frame[depth % 64] = depth;
	sink = depth;
	return depth == UINT64_MAX ? 0 : fault_stack(depth + 1) + frame[(depth + 1) % 64];
}

static void fault_privileged(void)
{
	__asm__ volatile("hlt");
}

enum status component_construct(struct env *env)
{
	char how[16];

	TRY(node_string(env_config(env), "how", "null", how, sizeof(how)));
	log_info("about to fault: %s", how);
	if (string_equal(how, "null"))
		fault_null();
	else if (string_equal(how, "data"))
		fault_data();
	else if (string_equal(how, "stack"))
		sink = fault_stack(sink);
	else if (string_equal(how, "privileged"))
		fault_privileged();
	log_error("still alive after: %s", how);
	return env_exit(env, 1);
}
