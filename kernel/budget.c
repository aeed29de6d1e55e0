/* SPDX-License-Identifier: MIT */
/* The account of a budget; budget.h says how it works. */
#include <kernel/budget.h>

void budget_set(struct budget *b, uint64_t amount, uint64_t period)
{
	b->left += (int64_t)amount - (int64_t)b->amount;
	b->amount = amount;
	b->period = period;
}

void budget_activate(struct budget *b, uint64_t now)
{
	b->since = now;
}

void budget_refresh(struct budget *b, uint64_t now)
{
	for (; b->count && b->due[b->first].time <= now; b->count--) {
		b->left += (int64_t)b->due[b->first].ticks;
		if (b->since < b->due[b->first].time)
			b->since = b->due[b->first].time;
		b->first = (b->first + 1) % BUDGET_DUE;
	}
	/* Wanted for a whole period, by somebody whose turn it was not: that time is lost, not saved up. */
	if (b->since + b->period < now)
		b->since = now;
}

/* How long the budget takes to earn so many ticks. */
static uint64_t time_to_earn(struct budget const *b, uint64_t ticks)
{
	if (!b->amount)
		return 0;
	return ticks / b->amount * b->period + ticks % b->amount * (b->period / b->amount + 1);
}

void budget_spend(struct budget *b, uint64_t ticks)
{
	struct budget_piece *last = &b->due[(b->first + b->count + BUDGET_DUE - 1u) % BUDGET_DUE];
	uint64_t back = b->since + b->period;

	if (!ticks)
		return;
	b->left -= (int64_t)ticks;
	if (b->left < 0)
		back += time_to_earn(b, (uint64_t)-b->left);
	/* After a change to a shorter period something may seem to come back before what was used earlier. */
	if (b->count && (back <= b->last_from + b->period / BUDGET_PIECES || back < last->time || b->count == BUDGET_DUE)) {
		last->ticks += ticks;
		if (last->time < back)
			last->time = back;
		return;
	}
	b->due[(b->first + b->count) % BUDGET_DUE] = (struct budget_piece) { back, ticks };
	b->count++;
	b->last_from = back;
}

uint64_t budget_next(struct budget const *b)
{
	int64_t left = b->left;

	for (unsigned i = 0; i < b->count; i++) {
		struct budget_piece const *piece = &b->due[(b->first + i) % BUDGET_DUE];

		left += (int64_t)piece->ticks;
		if (left > 0)
			return piece->time;
	}
	return UINT64_MAX;
}
