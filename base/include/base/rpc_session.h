/* SPDX-License-Identifier: MIT */
/*
 * What a generated header defines for a session X beside its calls: the connection and the service. They are macros because
 * they are the same for all sessions but for the types; those for sessions without `args` end in _PLAIN.
 */
#pragma once

#include <base/connection.h>
#include <base/rpc.h>
#include <base/service.h>

/*
 * struct X { struct connection connection; }
 * enum status X_open(struct X *self, struct env *env, char const *label, struct X_args const *args)
 *         Opens a session; the label tells the server what for. args: NULL for the defaults. Errors: connection_open.
 * enum status X_reopen(struct X *self, char const *label, struct X_args const *args)
 *         The same for one that was LOST.
 * enum status X_upgrade(struct X *self, uint64_t ram_bytes, uint64_t caps)
 *         Adds to the donation, after OUT_OF_RAM or OUT_OF_CAPS of a call.
 * void X_close(struct X *self)
 *         Ends the session; never waits.
 */
#define RPC_CONNECTION(X)       RPC_CONNECTION_(X, args ? args : &X##_args_default, , struct X##_args const *args)
#define RPC_CONNECTION_PLAIN(X) RPC_CONNECTION_(X, NULL)

#define RPC_CONNECTION_(X, value, ...)                                                                                       \
	struct X { struct connection connection; };                                                                          \
	static inline MUST_CHECK enum status X##_open(struct X *self, struct env *env, char const *label __VA_ARGS__)        \
	{                                                                                                                    \
		return connection_open(&self->connection, env, &X##_type, label, value);                                     \
	}                                                                                                                    \
	static inline MUST_CHECK enum status X##_reopen(struct X *self, char const *label __VA_ARGS__)                       \
	{                                                                                                                    \
		return connection_reopen(&self->connection, &X##_type, label, value);                                        \
	}                                                                                                                    \
	static inline MUST_CHECK enum status X##_upgrade(struct X *self, uint64_t ram_bytes, uint64_t caps)                  \
	{                                                                                                                    \
		return connection_upgrade(&self->connection, ram_bytes, caps);                                               \
	}                                                                                                                    \
	static inline void X##_close(struct X *self)                                                                         \
	{                                                                                                                    \
		connection_close(&self->connection);                                                                         \
	}

/*
 * struct X_session { struct session session; }      what the server's own struct for a session starts with
 * struct X_service: to be filled in by the server
 *         ops            its operations, all of them
 *         session_size   of its own struct
 *         open           optional: (struct X_session *, struct X_args const *) -> enum status; not OK refuses the session
 *         close          optional: what came from the session's account goes by itself afterwards
 * enum status X_provide(struct X_service *service, struct env *env)
 *         Announces the service to the parent; `service` stays. Errors: service_provide.
 */
#define RPC_SERVICE(X)       RPC_SERVICE_(X, RPC_WITH_ARGS, struct X##_args const *)
#define RPC_SERVICE_PLAIN(X) RPC_SERVICE_(X, RPC_WITHOUT_ARGS)

#define RPC_WITH_ARGS(function, session, args)    function(session, args)
#define RPC_WITHOUT_ARGS(function, session, args) function(session)

#define RPC_SERVICE_(X, CALL, ...)                                                                                           \
	struct X##_session { struct session session; };                                                                      \
	struct X##_service {                                                                                                 \
		struct X##_ops ops;                                                                                          \
		size_t         session_size;                                                                                 \
		enum status  (*open)(struct X##_session *, ##__VA_ARGS__);                                                   \
		void         (*close)(struct X##_session *);                                                                 \
		struct service service;                                                                                      \
	};                                                                                                                   \
	static inline enum status X##_session_dispatch(struct rpc_object *object, struct rpc *rpc)                           \
	{                                                                                                                    \
		return X##_dispatch(object->ops, container_of(object, struct X##_session, session.object), rpc);             \
	}                                                                                                                    \
	static inline enum status X##_session_open(struct session *session, void const *args)                                \
	{                                                                                                                    \
		struct X##_service *service = container_of(session->service, struct X##_service, service);                   \
		return CALL(service->open, container_of(session, struct X##_session, session), args);                        \
	}                                                                                                                    \
	static inline void X##_session_close(struct session *session)                                                        \
	{                                                                                                                    \
		struct X##_service *service = container_of(session->service, struct X##_service, service);                   \
		service->close(container_of(session, struct X##_session, session));                                          \
	}                                                                                                                    \
	static inline MUST_CHECK enum status X##_provide(struct X##_service *service, struct env *env)                       \
	{                                                                                                                    \
		service_require_ops(&X##_type, &service->ops);                                                               \
		service->service = (struct service) {                                                                        \
			.type = &X##_type, .ops = &service->ops, .session_size = service->session_size,                      \
			.dispatch = X##_session_dispatch, .open = service->open ? X##_session_open : NULL,                   \
			.close = service->close ? X##_session_close : NULL,                                                  \
		};                                                                                                           \
		return service_provide(&service->service, env);                                                              \
	}
