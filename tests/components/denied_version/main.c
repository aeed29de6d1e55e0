/* SPDX-License-Identifier: MIT */
/* Asks for Hello as somebody who was built against another version of the interface, and prints the status that it gets. */
#include <base/component.h>
#include <old_hello/old_hello.h>

enum status component_construct(struct env *env)
{
	static struct old_hello hello;
	enum status             status = old_hello_open(&hello, env, "");

	log_info("the answer is %s", status_name(status));
	return env_exit(env, status == STATUS_OK);
}
