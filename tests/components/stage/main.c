/* SPDX-License-Identifier: MIT */
/* Serves Stage: one phase for each session, and how many sessions have ended in which. */
#include <base/component.h>
#include <stage/stage.h>

enum { PHASES = STAGE_PHASE_CLOSING + 1 };

struct actor {
	struct stage_session session;    /* first: what the client talks to */
	enum stage_phase     phase;
};

static uint32_t now[PHASES], ended[PHASES];

static enum status enter(struct stage_session *session, enum stage_phase phase)
{
	struct actor *actor = container_of(session, struct actor, session);

	now[actor->phase]--;
	now[actor->phase = phase]++;
	return STATUS_OK;
}

static enum status tell(uint32_t const counts[PHASES], uint32_t *opening, uint32_t *upgrading, uint32_t *closing, uint32_t *idle)
{
	*opening = counts[STAGE_PHASE_OPENING];
	*upgrading = counts[STAGE_PHASE_UPGRADING];
	*closing = counts[STAGE_PHASE_CLOSING];
	*idle = counts[STAGE_PHASE_IDLE];
	return STATUS_OK;
}

static enum status census(struct stage_session *session, uint32_t *opening, uint32_t *upgrading, uint32_t *closing, uint32_t *idle)
{
	return tell(now, opening, upgrading, closing, idle);
}

static enum status tally(struct stage_session *session, uint32_t *opening, uint32_t *upgrading, uint32_t *closing, uint32_t *idle)
{
	return tell(ended, opening, upgrading, closing, idle);
}

static enum status open(struct stage_session *session)
{
	now[STAGE_PHASE_IDLE]++;
	return STATUS_OK;
}

static void close(struct stage_session *session)
{
	struct actor *actor = container_of(session, struct actor, session);

	now[actor->phase]--;
	ended[actor->phase]++;
}

static struct stage_service service = {
	.ops          = { .enter = enter, .census = census, .tally = tally },
	.session_size = sizeof(struct actor),
	.open         = open,
	.close        = close,
};

enum status component_construct(struct env *env)
{
	return stage_provide(&service, env);
}
