/* SPDX-License-Identifier: MIT */
/* Maps what its clients pass, on their own account. */
#include <base/component.h>
#include <pass/pass.h>

struct peer {
	struct pass_session session;
	void               *memory;
	struct cap          kept;
};

static struct peer *peer_of(struct pass_session *session)
{
	return container_of(session, struct peer, session);
}

static enum status map(struct pass_session *session, struct rpc_cap const *memory)
{
	struct peer   *peer  = peer_of(session);
	struct account payer = session_account(&session->session);
	enum status    status;

	if (peer->memory)
		return STATUS_BUSY;
	TRY(session_keep(&session->session, memory, &peer->kept));
	status = dataspace_attach((struct dataspace) { peer->kept }, RM_ACCESS_READ, payer, &peer->memory);
	if (status)
		session_drop(&session->session, peer->kept);
	return status;
}

static enum status read(struct pass_session *session, uint64_t *value)
{
	struct peer *peer = peer_of(session);

	if (!peer->memory)
		return STATUS_NOT_FOUND;
	*value = *(uint64_t volatile *)peer->memory;
	return STATUS_OK;
}

static enum status unmap(struct pass_session *session)
{
	struct peer *peer = peer_of(session);

	if (!peer->memory)
		return STATUS_NOT_FOUND;
	dataspace_detach(peer->memory);
	session_drop(&session->session, peer->kept);
	peer->memory = NULL;
	return STATUS_OK;
}

static void close(struct pass_session *session)
{
	enum status status = unmap(session);

	if (status == STATUS_OK)
		log_info("unmapped at the close");
}

static struct pass_service service = {
	.ops          = { .map = map, .read = read, .unmap = unmap },
	.session_size = sizeof(struct peer),
	.close        = close,
};

enum status component_construct(struct env *env)
{
	return pass_provide(&service, env);
}
