/* SPDX-License-Identifier: MIT */
/*
 * Serves Recorder (tests/rpcgen/goldens), in which every feature of the language occurs: what a call brings goes back as its result. Capabilities
 * of others do not: what `probe` and `thing` name on the way back are gates of this server.
 */
#include <base/component.h>
#include <recorder/recorder.h>

struct recording {
	struct recorder_session session;    /* first: what the client talks to */
	struct probe_object     probe;
	struct tape_object      tape;
	struct cap              probe_gate, tape_gate;
	uint64_t                at;
	unsigned                samples;
};

static struct recording *recording_of(struct recorder_session *session)
{
	return container_of(session, struct recording, session);
}

static enum status scalars(struct recorder_session *self, uint8_t a, uint16_t b, uint32_t c, uint64_t d, int8_t e, int16_t f, int32_t g,
                           int64_t h, bool k, enum level l, enum status m, uint8_t *ao, uint16_t *bo, uint32_t *co, uint64_t *do_, int8_t *eo,
                           int16_t *fo, int32_t *go, int64_t *ho, bool *ko, enum level *lo, enum status *mo)
{
	if (__builtin_add_overflow(a, b, bo))
		return STATUS_OVERFLOW;
	if (k && l == LEVEL_LOW)
		return STATUS_BUSY;
	*ao = a, *co = c, *do_ = d, *eo = e, *fo = f, *go = g, *ho = h, *ko = k, *lo = l, *mo = m;
	return STATUS_OK;
}

static enum status registers(struct recorder_session *self, bool on, enum colour colour, enum status why, int64_t offset, bool *was_on,
                             enum colour *was, enum status *result, int8_t *small)
{
	*was_on = on, *was = colour, *result = why, *small = (int8_t)offset;
	return STATUS_OK;
}

static enum status store(struct recorder_session *self, struct record const *record, struct record *stored)
{
	*stored = *record;
	return STATUS_OK;
}

static enum status text(struct recorder_session *self, char const *before, void const *data, size_t data_size, char const *after,
                        char out_before[static 10], uint8_t out_data[static 6], size_t *out_data_size, char out_after[static 16])
{
	TRY(string_copy(out_before, 10, before));
	TRY(string_copy(out_after, 16, after));
	memcpy(out_data, data, data_size);
	*out_data_size = data_size;
	return STATUS_OK;
}

static enum status arrays(struct recorder_session *self, uint16_t const numbers[static 3], char const words[static 2][4],
                          struct sample const samples[static 2], bool const bits[static 5], enum colour const colours[static 3],
                          uint16_t out_numbers[static 3], char out_words[static 2][4], struct sample out_samples[static 2],
                          bool out_bits[static 5], enum colour out_colours[static 3])
{
	memcpy(out_numbers, numbers, 3 * sizeof(*numbers));
	memcpy(out_words, words, 2 * sizeof(*words));
	memcpy(out_samples, samples, 2 * sizeof(*samples));
	memcpy(out_bits, bits, 5 * sizeof(*bits));
	memcpy(out_colours, colours, 3 * sizeof(*colours));
	return STATUS_OK;
}

static enum status caps(struct recorder_session *self, struct rpc_cap const *probe, struct rpc_cap const *thing, uint32_t number,
                        struct rpc_cap const *context, struct cap *out_probe, uint32_t *out_number, struct cap *out_thing,
                        struct cap *out_context, struct cap *tape)
{
	struct recording *recording = recording_of(self);

	/* Without a thing there is nothing to record. */
	if (thing->kind == GOT_NULL)
		return STATUS_NOT_FOUND;
	recording->samples++;
	*out_probe = recording->probe_gate;
	*out_thing = probe->kind == GOT_NULL ? CAP_NULL : recording->tape_gate;
	*out_context = context->cap;
	*out_number = number;
	*tape = recording->tape_gate;
	return STATUS_OK;
}

static enum status nothing(struct recorder_session *self)
{
	return STATUS_OK;
}

static enum status rewind(struct tape_object *self)
{
	container_of(self, struct recording, tape)->at = 0;
	return STATUS_OK;
}

static enum status position(struct tape_object *self, uint64_t *at)
{
	*at = ++container_of(self, struct recording, tape)->at;
	return STATUS_OK;
}

/* Each sample can be taken once. */
static enum status latest(struct probe_object *self, struct sample *sample)
{
	struct recording *recording = container_of(self, struct recording, probe);

	if (!recording->samples)
		return STATUS_NOT_FOUND;
	recording->samples--;
	*sample = (struct sample) { .kind = COLOUR_BLUE, .at = recording->at };
	return STATUS_OK;
}

static struct tape_ops const tape_operations = { .rewind = rewind, .position = position };
static struct probe_ops const probe_operations = { .latest = latest };

static void close(struct recorder_session *session)
{
	struct recording     *recording = recording_of(session);
	struct account const  payer     = session_account(&session->session);

	ep_gate_end(payer, recording->probe_gate);
	ep_gate_end(payer, recording->tape_gate);
}

static enum status open(struct recorder_session *session, struct recorder_args const *args)
{
	struct recording     *recording = recording_of(session);
	struct account const  payer     = session_account(&session->session);
	struct ep            *ep        = &session->session.service->env->ep;
	enum status           status;

	probe_init(&recording->probe, &probe_operations);
	tape_init(&recording->tape, &tape_operations);
	TRY(ep_gate(ep, payer, &recording->probe.object, &recording->probe_gate));
	status = ep_gate(ep, payer, &recording->tape.object, &recording->tape_gate);
	if (status != STATUS_OK)
		ep_gate_end(payer, recording->probe_gate);
	return status;
}

static struct recorder_service service = {
	.ops = {
		.scalars = scalars, .registers = registers, .store = store, .text = text, .arrays = arrays, .caps = caps, .nothing = nothing,
	},
	.session_size = sizeof(struct recording),
	.open         = open,
	.close        = close,
};

enum status component_construct(struct env *env)
{
	return recorder_provide(&service, env);
}
