/* SPDX-License-Identifier: MIT */
/* Serves Depot. The stock of a session is in pieces, each from the heap of that session: so its client pays for it, the server for nothing. */
#include <base/component.h>
#include <depot/depot.h>

enum { PIECES = 8, SIZE_MAX_BYTES = 1 << 20 };

struct stock {
	struct depot_session session;      /* first: what the client talks to */
	uint8_t             *pieces[PIECES];
	size_t               sizes[PIECES];
	unsigned             count;
	size_t               size;
};

static struct stock *stock_of(struct depot_session *session)
{
	return container_of(session, struct stock, session);
}

static enum status add_piece(struct stock *stock, uint64_t size)
{
	if (!size || size > SIZE_MAX_BYTES - stock->size || stock->count == PIECES)
		return STATUS_INVALID;
	RPC_TRY(heap_new_array(session_heap(&stock->session.session), size, &stock->pieces[stock->count]));
	stock->sizes[stock->count++] = size;
	stock->size += size;
	return STATUS_OK;
}

/* The bytes of a stock are those of a linear congruential generator; `visit` fills or compares. */
static bool visit(struct stock *stock, uint64_t seed, bool fill)
{
	bool right = true;

	for (unsigned i = 0; i < stock->count; i++) {
		for (size_t at = 0; at < stock->sizes[i]; at++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
			if (fill)
				stock->pieces[i][at] = (uint8_t)(seed >> 56);
			else
				right &= stock->pieces[i][at] == (uint8_t)(seed >> 56);
		}
	}
	return right;
}

static enum status fill(struct depot_session *session, uint64_t seed)
{
	(void)visit(stock_of(session), seed, true);
	return STATUS_OK;
}

static enum status check(struct depot_session *session, uint64_t seed, bool *right)
{
	*right = visit(stock_of(session), seed, false);
	return STATUS_OK;
}

static enum status extend(struct depot_session *session, uint64_t more)
{
	return add_piece(stock_of(session), more);
}

static enum status open(struct depot_session *session, struct depot_args const *args)
{
	return add_piece(stock_of(session), args->size);
}

static struct depot_service service = {
	.ops          = { .fill = fill, .check = check, .extend = extend },
	.session_size = sizeof(struct stock),
	.open         = open,
};

enum status component_construct(struct env *env)
{
	return depot_provide(&service, env);
}
