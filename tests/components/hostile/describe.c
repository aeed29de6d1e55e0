/* SPDX-License-Identifier: MIT */
/*
 * Reads the description of all interfaces that the build makes (ROM "interfaces", doc/rpc.md) into flat tables: whatever is
 * called here was found there.
 */
#include "hostile.h"

#include <base/attached.h>

struct described described;

int type_by_name(char const *name)
{
	for (unsigned i = 0; i < described.interface_count; i++)
		if (string_equal(described.interfaces[i].name, name))
			return (int)i;
	if (string_equal(name, "signal_context"))
		return TYPE_SIGNAL;
	return string_equal(name, "any") ? TYPE_ANY : TYPE_NONE;
}

unsigned call_of(char const *interface, char const *call)
{
	int type = type_by_name(interface);

	assert(type >= 0 && type < INTERFACES_MAX);
	for (unsigned i = described.interfaces[type].first; i < described.interfaces[type].first + described.interfaces[type].count; i++)
		if (string_equal(described.calls[i].name, call))
			return i;
	assert(!"there is such a call");
	return 0;
}

uint32_t label_of(char const *interface, char const *call) { return described.calls[call_of(interface, call)].label; }

static uint64_t number_of(struct node node, char const *name)
{
	return node_u64(node, name, 0, 0, UINT64_MAX);
}

static enum status read_values(struct node node, struct field *field)
{
	field->values_first = (uint16_t)described.value_count;
	node_for_each(value, node, "value") {
		if (described.value_count == VALUES_MAX)
			return STATUS_TOO_LONG;
		described.values[described.value_count++] = (uint32_t)number_of(value, "number");
		field->values_count++;
	}
	return STATUS_OK;
}

/* A default is a number, a word or a text; of an enum, the name of a value. */
static enum status read_default(struct node node, struct field *field)
{
	field->has_default = node_has_attribute(node, "default");
	if (!field->has_default)
		return STATUS_OK;
	TRY(node_string(node, "default", "", field->default_text, sizeof(field->default_text)));
	if (field->kind == KIND_INTEGER && field->default_text[0] == '-')
		field->default_number = (uint64_t)node_i64(node, "default", 0, INT64_MIN, INT64_MAX);
	else if (field->kind == KIND_INTEGER)
		field->default_number = number_of(node, "default");
	else if (field->kind == KIND_BOOL)
		field->default_number = string_equal(field->default_text, "true");
	node_for_each(value, node, "value")
		if (node_attribute_is(value, "name", field->default_text))
			field->default_number = number_of(value, "number");
	return STATUS_OK;
}

static enum status read_field(struct node node, struct interface const *interface, unsigned offset, struct field const *first_of_array)
{
	static char const *const kinds[] = { "integer", "bool", "status", "enum", "string", "bytes", "cap" };
	struct field *field;

	if (described.field_count == FIELDS_MAX)
		return STATUS_TOO_LONG;
	field = &described.fields[described.field_count++];
	if (first_of_array) {
		*field = *first_of_array;
		field->offset = (uint16_t)offset;
		return STATUS_OK;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		if (node_attribute_is(node, "kind", kinds[i]))
			field->kind = (uint8_t)i;
	TRY(node_string(node, "name", "", field->name, sizeof(field->name)));
	field->size = (uint8_t)MIN(number_of(node, "size"), UINT64_C(8));
	field->bound = (uint16_t)number_of(node, "bound");
	field->offset = (uint16_t)offset;
	field->meaning = meaning_of(interface->name, field->name);
	TRY(read_values(node, field));
	if (field->kind == KIND_CAP) {
		char object[NAME];

		TRY(node_string(node, "object", "", object, sizeof(object)));
		field->offset = (uint16_t)number_of(node, "cap");
		field->type = (int16_t)type_by_name(object);
	}
	return read_default(node, field);
}

/* A field, or as many as the array has elements; a struct is its fields. There is no recursion deeper than structs are nested. */
static enum status read_item(struct node node, struct interface const *interface, unsigned base)
{
	unsigned const offset = base + (unsigned)(node_has_attribute(node, "word") ? number_of(node, "word") * 8 : number_of(node, "offset"));
	unsigned const count  = (unsigned)node_u64(node, "count", 1, 1, RPC_BYTES_MAX);
	unsigned const size   = (unsigned)number_of(node, "size");
	unsigned const first  = described.field_count;

	for (unsigned i = 0; i < count; i++) {
		if (!node_attribute_is(node, "kind", "struct")) {
			TRY(read_field(node, interface, offset + i * size, i ? &described.fields[first] : NULL));
			continue;
		}
		node_for_each(field, node, "field")
			TRY(read_item(field, interface, offset + i * size));
	}
	return STATUS_OK;
}

static enum status read_fields(struct node node, struct interface const *interface, struct fields *fields)
{
	fields->first = (uint16_t)described.field_count;
	fields->words = (uint16_t)number_of(node, "words");
	fields->caps = (uint16_t)number_of(node, "caps");
	node_for_each(item, node, NULL)
		TRY(read_item(item, interface, 0));
	fields->count = (uint16_t)(described.field_count - fields->first);
	return STATUS_OK;
}

static uint32_t error_of(struct node node)
{
	for (unsigned status = 0; status < STATUS_COUNT; status++)
		if (node_attribute_is(node, "name", status_name((enum status)status)))
			return 1u << status;
	return 0;
}

static enum status read_call(struct node node, struct interface const *interface)
{
	struct call *call;

	if (described.call_count == CALLS_MAX)
		return STATUS_TOO_LONG;
	call = &described.calls[described.call_count++];
	TRY(node_string(node, "name", "", call->name, sizeof(call->name)));
	call->label = (uint32_t)number_of(node, "label");
	TRY(read_fields(node_child(node, "in"), interface, &call->in));
	TRY(read_fields(node_child(node, "out"), interface, &call->out));
	node_for_each(error, node, "error")
		call->errors |= error_of(error);
	return STATUS_OK;
}

/* Names first: a capability may be of a type that comes later. */
static enum status read_names(struct node root)
{
	node_for_each(node, root, "interface") {
		struct interface *interface = &described.interfaces[described.interface_count++];

		if (described.interface_count > INTERFACES_MAX)
			return STATUS_TOO_LONG;
		TRY(node_string(node, "name", "", interface->name, NAME));
		TRY(node_string(node, "service", "", interface->service, NAME));
		interface->is_session = node_has_attribute(node, "service");
		interface->hash = number_of(node, "hash");
		interface->tag = (uint32_t)number_of(node, "tag");
	}
	return STATUS_OK;
}

static enum status read_all(struct node root)
{
	struct interface *interface = described.interfaces;

	TRY(read_names(root));
	node_for_each(node, root, "interface") {
		interface->first = (uint16_t)described.call_count;
		TRY(read_fields(node_child(node, "args"), interface, &interface->args));
		node_for_each(call, node, "call")
			TRY(read_call(call, interface));
		interface->count = (uint16_t)(described.call_count - interface->first);
		interface++;
	}
	return STATUS_OK;
}

enum status describe(struct env *env)
{
	struct attached_rom rom;
	struct xml_node    *nodes;
	struct xml_error    error;
	size_t              count;
	enum status         status;

	TRY(attached_rom_open(&rom, env, "interfaces"));
	count = xml_nodes_needed(rom.address, rom.size);
	TRY(heap_new_array(&env->heap, count, &nodes));
	status = xml_index(rom.address, rom.size, nodes, count, &count, &error);
	if (status == STATUS_OK)
		status = read_all(node_root(rom.address, nodes));
	heap_free(&env->heap, nodes);
	attached_rom_close(&rom);
	return status;
}
