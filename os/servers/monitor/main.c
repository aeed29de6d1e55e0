/* SPDX-License-Identifier: MIT */
/* Stands between clients and servers, logs every call and its answer, and changes nothing. relay.c passes on, describe.c reads and writes. */
#include "describe.h"
#include "relay.h"

#include <base/xml.h>

static enum status provide(struct env *env, struct node service)
{
	char        name[32], interface_name[NODE_NAME_SIZE];
	struct node interface;
	enum status status;

	TRY(node_string(service, "name", "", name, sizeof(name)));
	TRY(node_string(service, "interface", "", interface_name, sizeof(interface_name)));
	status = describe_service(name, interface_name, &interface);
	if (status) {
		log_error("config:%u: %s interface of the service \"%s\"%s", node_line(service),
		          status == STATUS_EXISTS ? "there is more than one" : "there is no", name,
		          status == STATUS_EXISTS ? ": say which with interface=\"...\"" : "");
		return status;
	}
	return relay_provide(env, name, interface);
}

enum status component_construct(struct env *env)
{
	TRY(describe_init(env));
	node_for_each (service, env_config(env), "service")
		TRY(provide(env, service));
	return STATUS_OK;
}
