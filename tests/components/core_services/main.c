/* SPDX-License-Identifier: MIT */
/* Runs the test of one service, twice: what the first round leaves behind for good, the heap's or the table's growth, the second does not. */
#include "services.h"

static struct { char const *name; enum status (*test)(struct env *env); } const tests[] = {
	{ "RAM", test_ram }, { "CAP", test_cap }, { "SIGNAL", test_signal }, { "PD", test_pd }, { "RM", test_rm }, { "ROM", test_rom }, { "LOG", test_log },
};

enum status component_construct(struct env *env)
{
	struct books before, after;
	char         name[16];
	unsigned     i = 0;

	TRY(node_string(env_config(env), "service", "RAM", name, sizeof(name)));
	while (i < ARRAY_SIZE(tests) && !string_equal(tests[i].name, name))
		i++;
	CHECK(i < ARRAY_SIZE(tests));
	TRY(tests[i].test(env));
	TRY(books_read(env, &before));
	TRY(tests[i].test(env));
	TRY(books_read(env, &after));
	CHECK(books_equal(&before, &after));
	return test_passed();
}
