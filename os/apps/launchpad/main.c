/* SPDX-License-Identifier: MIT */
/*
 * A parent that starts the children that it is told to: the ROM "launchpad.config" lists them, and whenever it changes, those that are new are started, those
 * that have gone are ended, and the others go on. It makes a configuration of the list and gives that to the sandbox, which does the rest.
 */
#include <base/attached.h>
#include <base/component.h>
#include <base/node.h>
#include <base/string.h>
#include <base/xml_write.h>
#include <sandbox/sandbox.h>

enum { TEXT = 32 << 10, NODES = 1024 };

/* A document in memory, and what it consists of. */
struct document {
	char            text[TEXT];
	struct xml_node nodes[NODES];
};

static struct launchpad {
	struct env           *env;
	struct sandbox        sandbox;
	bool                  runs;          /* the sandbox is there */
	struct attached_rom   list;
	struct handler        handler;
	struct signal_context changed;
	struct document       told, made;    /* the list, and the configuration made of it */
} self;

static enum status index_document(struct document *document, size_t size, struct node *root)
{
	struct xml_error error;
	char             line[384];
	size_t           count;
	enum status      status = xml_index(document->text, size, document->nodes, NODES, &count, &error);

	if (status != STATUS_OK)
		log_error("launchpad.config: %s", xml_error_text(&error, line, sizeof(line)));
	*root = node_root(document->text, document->nodes);
	return status;
}

/* One <launch>: its attributes and elements are those of a <start>. */
static void write_start(struct xml_writer *xml, struct node launch)
{
	struct node_attribute attribute = { .name = NULL };
	char                  name[NODE_NAME_SIZE], value[256];
	size_t                size;
	char const           *content;

	xml_begin(xml, "start");
	while (node_next_attribute(launch, &attribute)) {
		if (format(name, sizeof(name), "%.*s", (int)attribute.name_size, attribute.name) == STATUS_OK &&
		    node_attribute_value(&attribute, value, sizeof(value)) == STATUS_OK)
			xml_attr(xml, name, value);
	}
	content = node_content(launch, &size);
	if (size)
		xml_raw(xml, content, size);
	xml_end(xml);
}

/* What a child may have from the parent; who provides anything else is among the children. */
static enum status make_config(struct node list, size_t *size)
{
	static char const *const services[] = { "ROM", "LOG", "PD", "RM", "CPU", "RAM", "CAP", "Timer" };
	struct xml_writer        xml;

	xml_write_init(&xml, self.made.text, TEXT);
	xml_begin(&xml, "config");
	xml_attr_bool(&xml, "verbose", true);
	xml_begin(&xml, "parent-provides");
	for (unsigned i = 0; i < ARRAY_SIZE(services); i++) {
		xml_begin(&xml, "service");
		xml_attr(&xml, "name", services[i]);
		xml_end(&xml);
	}
	xml_end(&xml);
	xml_raw(&xml, "<default-route> <any-service> <any-child/> <parent/> </any-service> </default-route>",
	        sizeof("<default-route> <any-service> <any-child/> <parent/> </any-service> </default-route>") - 1);
	node_for_each (launch, list, "launch")
		write_start(&xml, launch);
	xml_end(&xml);
	return xml_finish(&xml, size);
}

static enum status launch(void)
{
	struct node list, root;
	size_t      size = string_length_max(self.list.address, MIN(self.list.size, (size_t)TEXT));

	memcpy(self.told.text, self.list.address, size);
	RPC_TRY(index_document(&self.told, size, &list));
	RPC_TRY(make_config(list, &size));
	RPC_TRY(index_document(&self.made, size, &root));
	if (self.runs)
		return sandbox_update(&self.sandbox, root);
	RPC_TRY(sandbox_init(&self.sandbox, self.env, root));
	self.runs = true;
	sandbox_start(&self.sandbox);
	return STATUS_OK;
}

static void handle_change(struct handler *handler, uint64_t count)
{
	bool        is_newer;
	enum status status = attached_rom_update(&self.list, &is_newer);

	if (status == STATUS_OK && is_newer && self.list.address)
		status = launch();
	if (status != STATUS_OK)
		log_error("cannot start what launchpad.config says: %s", status_name(status));
}

enum status component_construct(struct env *env)
{
	enum status status = attached_rom_open(&self.list, env, "launchpad.config");

	self.env = env;
	if (status == STATUS_NOT_FOUND || status == STATUS_DENIED) {
		log_info("no launchpad.config: nothing is to be started");
		return STATUS_OK;
	}
	TRY(status);
	if (self.list.address)
		TRY(launch());
	self.handler.handle = handle_change;
	TRY(ep_signal(&env->ep, &self.handler, &self.changed));
	return rom_change_handler(&self.list.rom, self.changed);
}
