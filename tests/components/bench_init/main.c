/* SPDX-License-Identifier: MIT */
/*
 * Measures reconfiguration: a sandbox with 30 children that do nothing gets the same configuration again, one with one change, and one in which all
 * have changed, and then the same for 60, so that one sees what grows with what.
 */
#include <base/component.h>
#include <base/node.h>
#include <base/time.h>
#include <base/xml_write.h>
#include <sandbox/sandbox.h>

#include "../bench.h"

enum { TEXT = 64 << 10, NODES = 2048, SETTLE_MS = 20 };

static struct bench {
	struct env     *env;
	struct sandbox  sandbox;
	struct handler  next;
	unsigned        children, step;
	char            text[2][TEXT];
	struct xml_node nodes[2][NODES];
} self;

static void write_child(struct xml_writer *xml, unsigned number, bool is_changed)
{
	xml_begin(xml, "start");
	xml_attr_format(xml, "name", "child_%u", number);
	xml_attr(xml, "binary", "bench_idle");
	xml_attr_u64(xml, "sessions", 5);
	xml_begin(xml, "resource");
	xml_attr(xml, "name", "RAM");
	xml_attr(xml, "quantum", is_changed ? "288K" : "256K");
	xml_end(xml);
	xml_begin(xml, "config");
	xml_attr_u64(xml, "number", is_changed ? number + 1000 : number);
	xml_end(xml);
	xml_begin(xml, "route");
	xml_begin(xml, "service");
	xml_attr(xml, "name", "ROM");
	xml_attr(xml, "label", "else");
	xml_begin(xml, "parent");
	xml_attr(xml, "label", is_changed ? "other" : "some");
	xml_end(xml);
	xml_end(xml);
	xml_begin(xml, "any-service");
	xml_begin(xml, "parent");
	xml_end(xml);
	xml_end(xml);
	xml_end(xml);
	xml_end(xml);
}

/* A configuration of so many children, the first `changed` of which are different. */
static enum status make(unsigned which, unsigned children, unsigned changed, struct node *root)
{
	static char const *const services[] = { "ROM", "LOG", "PD", "RM", "CPU" };
	struct xml_writer        xml;
	struct xml_error         error;
	size_t                   size, count;

	xml_write_init(&xml, self.text[which], TEXT);
	xml_begin(&xml, "config");
	xml_begin(&xml, "parent-provides");
	for (unsigned i = 0; i < ARRAY_SIZE(services); i++) {
		xml_begin(&xml, "service");
		xml_attr(&xml, "name", services[i]);
		xml_end(&xml);
	}
	xml_end(&xml);
	for (unsigned i = 0; i < children; i++)
		write_child(&xml, i, i < changed);
	xml_end(&xml);
	TRY(xml_finish(&xml, &size));
	TRY(xml_index(self.text[which], size, self.nodes[which], NODES, &count, &error));
	*root = node_root(self.text[which], self.nodes[which]);
	return STATUS_OK;
}

static enum status measure(char const *name, unsigned changed)
{
	uint64_t    start;
	struct node root;

	TRY(make(self.step % 2, self.children, changed, &root));
	start = bench_ticks();
	TRY(sandbox_update(&self.sandbox, root));
	bench_print(name, bench_ticks() - start, "instructions");
	return STATUS_OK;
}

static enum status begin(unsigned children)
{
	struct node root;

	self.children = children;
	TRY(make(self.step % 2, children, 0, &root));
	if (children != 30)
		return sandbox_update(&self.sandbox, root);
	TRY(sandbox_init(&self.sandbox, self.env, root));
	sandbox_start(&self.sandbox);
	return STATUS_OK;
}

static enum status step(void)
{
	switch (self.step) {
	case 0: return begin(30);
	case 1: return measure("init_reconfigure_30_read", 0);
	case 2: return measure("init_reconfigure_30_one", 1);
	case 3: return measure("init_reconfigure_30", 30);
	case 4: return begin(60);
	case 5: return measure("init_reconfigure_60_read", 0);
	case 6: return measure("init_reconfigure_60", 60);
	}
	sandbox_stop(&self.sandbox);
	return env_exit(self.env, sandbox_running(&self.sandbox));
}

/* Between two steps, the children have time to come to rest. */
static void handle_next(struct handler *handler, uint64_t count)
{
	enum status status = step();

	if (status != STATUS_OK) {
		log_error("step %u: %s", self.step, status_name(status));
		env_exit(self.env, 1);
	}
	self.step++;
	ep_timeout(&self.env->ep, &self.next, time_now_ns() + SETTLE_MS * TIME_NS_PER_MS);
}

enum status component_construct(struct env *env)
{
	self.env = env;
	self.next.handle = handle_next;
	ep_timeout(&env->ep, &self.next, time_now_ns());
	return STATUS_OK;
}
