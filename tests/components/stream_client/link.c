/* SPDX-License-Identifier: MIT */
/* The session with its buffers, and the books before and after. */
#include "client.h"

enum status sleep_ns(struct env *env, uint64_t ns)
{
	struct signal_context never;

	TRY(signal_alloc_context(&env->signal, env->main_thread, 0, &never));
	CHECK_STATUS(signal_wait(never, time_now_ns() + ns), STATUS_TIMEOUT);
	TRY(signal_free_context(&env->signal, never));
	cap_release(never.cap);
	return STATUS_OK;
}

enum status link_open(struct link *link, struct env *env, struct stream_args const *args)
{
	struct dataspace up, down;

	*link = (struct link) { .args = *args };
	TRY(stream_open(&link->stream, env, "", args));
	TRY(stream_buffers(&link->stream, &up, &down));
	TRY(stream_attach(up, env->account, args->count, args->bulk, &link->up));
	TRY(stream_attach(down, env->account, args->count, args->bulk, &link->down));
	cap_release(up.cap);
	cap_release(down.cap);
	return STATUS_OK;
}

void link_close(struct link *link)
{
	dataspace_detach(link->up.start);
	dataspace_detach(link->down.start);
	cap_release(link->up_wake.cap);
	cap_release(link->down_wake.cap);
	stream_close(&link->stream);
}
