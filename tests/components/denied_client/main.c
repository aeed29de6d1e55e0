/* SPDX-License-Identifier: MIT */
/*
 * Opens one Hello session, as its configuration says, that it should not get, and prints the status, which is all that
 * a client learns. Why is for the log of the init that decided.
 */
#include <base/component.h>
#include <hello/hello.h>

enum { LABEL_MAX = 256 };

enum status component_construct(struct env *env)
{
	static struct hello hello;
	static char         label[LABEL_MAX];
	struct hello_args   args;
	struct node         config = env_config(env);
	enum status         status;

	TRY(node_string(config, "label", "", label, sizeof(label)));
	TRY(node_string(config, "language", "en", args.language, sizeof(args.language)));
	status = hello_open(&hello, env, label, &args);
	log_info("the answer is %s", status_name(status));
	return env_exit(env, status == STATUS_OK);
}
