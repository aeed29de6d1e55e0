/* SPDX-License-Identifier: MIT */
/*
 * Ends in component_construct, so that one can see what base says about it.
 */
#include <base/component.h>
#include <hello/hello.h>

static enum status open_hello(struct env *env)
{
	static struct hello hello;

	TRY(hello_open(&hello, env, "", NULL));
	return STATUS_OK;
}

/* An error that does not matter is noted, too; the next one of the same kind is another one. */
static enum status fail_twice(struct env *env)
{
	static struct hello hello;

	if (open_hello(env) == STATUS_OK)
		return STATUS_OK;
	TRY(hello_open(&hello, env, "again", NULL));
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	char how[16];

	TRY(node_string(env_config(env), "how", "denied", how, sizeof(how)));
	assert(!string_equal(how, "assertion"));
	if (string_equal(how, "handled"))
		TRY(fail_twice(env));
	TRY(open_hello(env));
	return STATUS_OK;
}
