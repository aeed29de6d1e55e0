/* SPDX-License-Identifier: MIT */
/* Opens a ROM and one session at a sibling, says when it had them and what it uses, and keeps them. */
#include <base/attached.h>
#include <base/component.h>
#include <base/time.h>
#include <hello/hello.h>

enum status component_construct(struct env *env)
{
	static struct attached_rom rom;
	static struct hello        hello;
	struct account_state       state;
	int32_t                    sum;

	TRY(attached_rom_open(&rom, env, "platform_page"));
	TRY(hello_open(&hello, env, "", NULL));
	TRY(hello_add(&hello, 1, 2, &sum));
	TRY(account_info(env->account, &state));
	log_info("ready at %lu us, RAM %lu KiB, caps %lu", time_now_ns() / TIME_NS_PER_US, state.ram_used >> 10, state.caps_used);
	return sum == 3 ? STATUS_OK : STATUS_INTERNAL;
}
