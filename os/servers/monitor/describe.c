/* SPDX-License-Identifier: MIT */
/* Looks calls up in the description of all interfaces, and writes messages as text by it. */
#include "describe.h"

enum { TEXT_SHOWN = 80 /* bytes of a string or of data */, NAME_SIZE = 64 };

static struct {
	struct attached_rom    rom;
	struct node            root;
	struct described_call *calls;
	size_t                 count;
} described;

/* --- Lines --- */

static void add_list(struct line *line, char const *text, va_list arguments)
{
	format_cut_list(line->text + line->used, sizeof(line->text) - line->used, text, arguments);
	line->used += strlen(line->text + line->used);
}

void line_add(struct line *line, char const *text, ...)
{
	va_list arguments;

	va_start(arguments, text);
	add_list(line, text, arguments);
	va_end(arguments);
}

/* --- Looking up --- */

static void list_calls(struct described_call *calls)
{
	size_t count = 0;

	node_for_each (interface, described.root, "interface")
		node_for_each (call, interface, "call") {
			if (calls)
				calls[count] = (struct described_call) { (uint32_t)node_u64(call, "label", 0, 0, UINT32_MAX), call };
			count++;
		}
	described.count = count;
}

enum status describe_init(struct env *env)
{
	struct xml_node *nodes;
	struct xml_error error;
	char             text[384];
	size_t           count, max;
	enum status      status;

	TRY(attached_rom_open(&described.rom, env, "interfaces"));
	max = xml_nodes_needed(described.rom.address, described.rom.size);
	TRY(heap_new_array(&env->heap, max, &nodes));
	status = xml_index(described.rom.address, described.rom.size, nodes, max, &count, &error);
	if (status) {
		log_error("interfaces: %s", xml_error_text(&error, text, sizeof(text)));
		return status;
	}
	described.root = node_root(described.rom.address, nodes);
	list_calls(NULL);
	TRY(heap_new_array(&env->heap, described.count, &described.calls));
	list_calls(described.calls);
	return STATUS_OK;
}

enum status describe_service(char const *service, char const *name, struct node *found)
{
	*found = node_none();
	node_for_each (interface, described.root, "interface") {
		if (!node_attribute_is(interface, "service", service) || (*name && !node_attribute_is(interface, "name", name)))
			continue;
		if (node_exists(*found))
			return STATUS_EXISTS;
		*found = interface;
	}
	return node_exists(*found) ? STATUS_OK : STATUS_NOT_FOUND;
}

struct described_call const *describe_call(uint32_t label)
{
	for (size_t i = 0; i < described.count; i++)
		if (described.calls[i].label == label)
			return &described.calls[i];
	return NULL;
}

static bool is_argument(char const *object)
{
	for (size_t i = 0; i < described.count; i++)
		node_for_each (param, node_child(described.calls[i].call, "in"), "param")
			if (node_attribute_is(param, "object", object))
				return true;
	return false;
}

static struct node find_object(char const *name)
{
	node_for_each (interface, described.root, "interface")
		if (node_attribute_is(interface, "kind", "object") && node_attribute_is(interface, "name", name))
			return interface;
	return node_none();
}

struct node describe_object(struct described_call const *call, unsigned cap)
{
	char object[NAME_SIZE];

	node_for_each (param, node_child(call->call, "out"), "param") {
		if (!node_attribute_is(param, "kind", "cap") || node_u64(param, "cap", 0, 0, RPC_CAPS_MAX) != cap)
			continue;
		if (node_string(param, "object", "", object, sizeof(object)) != STATUS_OK || is_argument(object))
			break;
		return find_object(object);
	}
	return node_none();
}

/* --- Values as text --- */

static void put_text(struct line *line, char const *text, size_t size)
{
	line_add(line, "\"");
	for (size_t i = 0; i < size && i < TEXT_SHOWN; i++) {
		unsigned char const c = (unsigned char)text[i];

		if (c == '\n')
			line_add(line, "\\n");
		else if (c < ' ' || c > '~')
			line_add(line, "\\x%02x", c);
		else
			line_add(line, c == '"' || c == '\\' ? "\\%c" : "%c", c);
	}
	line_add(line, size > TEXT_SHOWN ? "\"... (%zu bytes)" : "\"", size);
}

static void put_enum(struct line *line, struct node item, uint64_t number)
{
	char name[NAME_SIZE];

	node_for_each (value, item, "value")
		if (node_u64(value, "number", UINT64_MAX, 0, UINT32_MAX) == number && node_string(value, "name", "", name, sizeof(name)) == STATUS_OK) {
			line_add(line, "%s", name);
			return;
		}
	line_add(line, "%lu", number);
}

static void put_scalar(struct line *line, struct node item, char const *at, size_t size)
{
	uint64_t number = 0;
	unsigned shift;

	memcpy(&number, at, MIN(size, sizeof(number)));
	shift = 64 - 8 * (unsigned)MIN(size, sizeof(number));
	if (node_attribute_is(item, "kind", "bool") && number <= 1)
		line_add(line, number ? "true" : "false");
	else if (node_attribute_is(item, "kind", "status") && rpc_is_status(number))
		line_add(line, "%s", status_name((enum status)number));
	else if (node_attribute_is(item, "kind", "enum"))
		put_enum(line, item, number);
	else if (node_bool(item, "signed", false))
		line_add(line, "%ld", (int64_t)(number << shift) >> shift);
	else
		line_add(line, number >= 1 << 20 ? "0x%lx" : "%lu", number);
}

static void put_fields(struct line *line, struct node fields, char const *at, size_t room, struct message const *message);

/* One element of `size` bytes. */
static void put_element(struct line *line, struct node item, char const *at, size_t size, struct message const *message)
{
	uint64_t const bound = node_u64(item, "bound", 0, 0, RPC_BYTES_MAX);
	uint32_t       stated;

	if (node_attribute_is(item, "kind", "string")) {
		put_text(line, at, string_length_max(at, size));
	} else if (node_attribute_is(item, "kind", "bytes")) {
		memcpy(&stated, at, sizeof(stated));
		put_text(line, at + sizeof(stated), MIN(stated, bound));
	} else if (node_attribute_is(item, "kind", "struct")) {
		line_add(line, "{");
		put_fields(line, item, at, size, message);
		line_add(line, "}");
	} else {
		put_scalar(line, item, at, size);
	}
}

static void put_cap(struct line *line, struct node item, struct message const *message)
{
	unsigned const index = (unsigned)node_u64(item, "cap", 0, 0, RPC_CAPS_MAX - 1);
	char           object[NAME_SIZE];
	enum status    status = node_string(item, "object", "", object, sizeof(object));

	if (message->cap[index].is_null)
		line_add(line, "null");
	else if (message->cap[index].number && status == STATUS_OK)
		line_add(line, "%s#%u", object, message->cap[index].number);
	else
		line_add(line, "%s", object);
}

/* A parameter or a field of what starts at `at` and has `room` bytes, which the description and not the message says. */
static void put_item(struct line *line, struct node item, char const *at, size_t room, struct message const *message)
{
	uint64_t const offset = node_has_attribute(item, "word") ? 8 * node_u64(item, "word", 0, 0, UTCB_WORDS) : node_u64(item, "offset", 0, 0, RPC_BYTES_MAX);
	uint64_t const size   = node_u64(item, "size", 0, 0, RPC_BYTES_MAX);
	uint64_t const count  = node_u64(item, "count", 0, 0, RPC_BYTES_MAX);

	if (node_attribute_is(item, "kind", "cap")) {
		put_cap(line, item, message);
		return;
	}
	if (!is_within(offset, size * MAX(count, 1ul), room)) {
		line_add(line, "?");
		return;
	}
	if (!count) {
		put_element(line, item, at + offset, size, message);
		return;
	}
	line_add(line, "[");
	for (uint64_t i = 0; i < count; i++) {
		line_add(line, i ? ", " : "");
		put_element(line, item, at + offset + i * size, size, message);
	}
	line_add(line, "]");
}

static void put_fields(struct line *line, struct node fields, char const *at, size_t room, struct message const *message)
{
	char        name[NAME_SIZE];
	char const *separator = "";

	node_for_each (item, fields, NULL) {
		if (!node_is(item, "param") && !node_is(item, "field"))
			continue;
		if (node_string(item, "name", "", name, sizeof(name)) != STATUS_OK)
			continue;
		line_add(line, "%s%s=", separator, name);
		put_item(line, item, at, room, message);
		separator = ", ";
	}
}

void describe_message(struct line *line, struct node fields, struct message const *message)
{
	uint64_t const words = node_u64(fields, "words", 0, 0, UTCB_WORDS), caps = node_u64(fields, "caps", 0, 0, RPC_CAPS_MAX);

	if (words == message->words && caps == message->caps)
		put_fields(line, fields, (char const *)message->word, sizeof(message->word), message);
	else
		line_add(line, "%u words and %u capabilities, not %lu and %lu", message->words, message->caps, words, caps);
}
