/* SPDX-License-Identifier: MIT */
/* Serves Hello, prints the label of each session, and faults when it is to greet somebody terrible. */
#include <base/component.h>
#include <hello/hello.h>

struct customer {
	struct hello_session        session;    /* first: what the client talks to */
	struct hello_counter_object counter;
	struct cap                  counter_gate;
	uint64_t                    count;
};

static enum status add(struct hello_session *session, int32_t a, int32_t b, int32_t *sum)
{
	return __builtin_add_overflow(a, b, sum) ? STATUS_OVERFLOW : STATUS_OK;
}

static enum status greet(struct hello_session *session, char const *who, char text[static 64])
{
	if (string_equal(who, "somebody terrible"))
		__builtin_trap();
	return format(text, 64, "Welcome, %s", who);
}

static enum status increment(struct hello_counter_object *counter, uint64_t *count)
{
	*count = ++container_of(counter, struct customer, counter)->count;
	return STATUS_OK;
}

static struct hello_counter_ops const counter_ops = { .increment = increment };

static enum status counter(struct hello_session *session, struct cap *gate)
{
	struct customer *customer = container_of(session, struct customer, session);

	if (cap_is_null(customer->counter_gate)) {
		hello_counter_init(&customer->counter, &counter_ops);
		TRY(ep_gate(&session->session.service->env->ep, session_account(&session->session), &customer->counter.object, &customer->counter_gate));
	}
	*gate = customer->counter_gate;
	return STATUS_OK;
}

static enum status open(struct hello_session *session, struct hello_args const *args)
{
	log_info("a session for \"%s\"", session_label(&session->session));
	return STATUS_OK;
}

static void close(struct hello_session *session)
{
	struct customer *customer = container_of(session, struct customer, session);

	if (!cap_is_null(customer->counter_gate))
		ep_gate_end(session_account(&session->session), customer->counter_gate);
	log_info("\"%s\" has left", session_label(&session->session));
}

static struct hello_service service = {
	.ops          = { .add = add, .greet = greet, .counter = counter },
	.session_size = sizeof(struct customer),
	.open         = open,
	.close        = close,
};

enum status component_construct(struct env *env)
{
	return hello_provide(&service, env);
}
