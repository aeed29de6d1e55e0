/* SPDX-License-Identifier: MIT */
/*
 * Serves Hello. All that a session needs is in its struct greeter, which base makes from the client's donation and
 * zeroes: the server itself grows with nobody.
 */
#include <base/component.h>
#include <hello/hello.h>

struct greeter {
	struct hello_session        session;    /* first: what the client talks to */
	char const                 *greeting;
	unsigned                    greetings;
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
	struct greeter *greeter = container_of(session, struct greeter, session);

	if (!*who)
		return STATUS_INVALID;
	return format(text, 64, "%s, %s (%u)", greeter->greeting, who, ++greeter->greetings);
}

static enum status increment(struct hello_counter_object *counter, uint64_t *count)
{
	*count = ++container_of(counter, struct greeter, counter)->count;
	return STATUS_OK;
}

static struct hello_counter_ops const counter_ops = { .increment = increment };

/* The gate is made when it is first asked for, and paid from the session's account: when that ends, the gate does. */
static enum status counter(struct hello_session *session, struct cap *gate)
{
	struct greeter *greeter = container_of(session, struct greeter, session);

	if (cap_is_null(greeter->counter_gate)) {
		struct account payer = session_account(&session->session);

		hello_counter_init(&greeter->counter, &counter_ops);
		TRY(ep_gate(&session->session.service->env->ep, payer, &greeter->counter.object, &greeter->counter_gate));
	}
	*gate = greeter->counter_gate;
	return STATUS_OK;
}

/* Speaks English and German; whoever wants another language is refused. */
static enum status open(struct hello_session *session, struct hello_args const *args)
{
	struct greeter *greeter = container_of(session, struct greeter, session);

	if (string_equal(args->language, "en"))
		greeter->greeting = "Hello";
	else if (string_equal(args->language, "de"))
		greeter->greeting = "Hallo";
	return greeter->greeting ? STATUS_OK : STATUS_INVALID;
}

static void close(struct hello_session *session)
{
	struct greeter *greeter = container_of(session, struct greeter, session);

	if (!cap_is_null(greeter->counter_gate))
		ep_gate_end(session_account(&session->session), greeter->counter_gate);
}

static struct hello_service service = {
	.ops          = { .add = add, .greet = greet, .counter = counter },
	.session_size = sizeof(struct greeter),
	.open         = open,
	.close        = close,
};

enum status component_construct(struct env *env)
{
	return hello_provide(&service, env);
}
