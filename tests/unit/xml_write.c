/* SPDX-License-Identifier: MIT */
/*
 * The XML writer: what it writes is read back by nodes as what was meant, and a small buffer holds no document at all.
 */
#include "unit.h"
#include <base/node.h>
#include <base/xml_write.h>
#include <string.h>

enum { BUFFER = 16384, NODES = 500 };

static char              buffer[BUFFER];
static struct xml_node   nodes[NODES];
static struct xml_writer writer;

static struct node read_back(size_t size)
{
	struct xml_error error;
	size_t           count;
	enum status      status = xml_index(buffer, size, nodes, NODES, &count, &error);

	ck_assert_msg(!status, "%u:%u: expected %s, found %s in %.*s", error.line, error.column, error.expected, error.found, (int)size, buffer);
	return node_root(buffer, nodes);
}

static size_t finish(void)
{
	size_t size;

	ck_assert_int_eq(xml_finish(&writer, &size), STATUS_OK);
	return size;
}

static void write_report(struct xml_writer *w)
{
	xml_begin(w, "state");
	xml_attr(w, "name", "init -> \"a\" & b");
	xml_attr_u64(w, "max", UINT64_MAX);
	xml_attr_bool(w, "on", true);
	xml_attr_bool(w, "off", false);
	xml_begin(w, "child");
	xml_attr_format(w, "ram", "%uK", 64u);
	xml_end(w);
	xml_begin(w, "note");
	xml_text(w, "1 < 2, ");
	xml_text(w, "]]>");
	xml_begin(w, "b");
	xml_end(w);
	xml_end(w);
	xml_begin(w, "list");
	xml_begin(w, "item");
	xml_end(w);
	xml_end(w);
	xml_end(w);
}

static char const report[] =
	"<state name=\"init -&gt; &quot;a&quot; &amp; b\" max=\"18446744073709551615\" on=\"yes\" off=\"no\">\n"
	"\t<child ram=\"64K\"/>\n"
	"\t<note>1 &lt; 2, ]]&gt;<b/></note>\n"
	"\t<list>\n"
	"\t\t<item/>\n"
	"\t</list>\n"
	"</state>\n";

START_TEST(a_report_is_indented_and_escaped)
{
	xml_write_init(&writer, buffer, BUFFER);
	write_report(&writer);
	size_t size = finish();
	ck_assert_msg(size == strlen(report) && memcmp(buffer, report, size) == 0, "%.*s", (int)size, buffer);
	ck_assert(node_attribute_is(read_back(size), "name", "init -> \"a\" & b"));
}
END_TEST

START_TEST(every_smaller_buffer_is_refused_and_the_need_is_told)
{
	size_t const full = strlen(report);

	for (size_t size = 0; size <= full; size++) {
		char  *exact = malloc(size ? size : 1);
		size_t needed;

		xml_write_init(&writer, exact, size);
		write_report(&writer);
		CHECK(xml_finish(&writer, &needed) == (size == full ? STATUS_OK : STATUS_OVERFLOW) && needed == full);
		free(exact);
	}
}
END_TEST

START_TEST(what_cannot_stand_in_a_document_is_replaced)
{
	char text[64];

	xml_write_init(&writer, buffer, BUFFER);
	xml_begin(&writer, "a");
	xml_attr(&writer, "v", "x\x01\xff\xc3\xa4\xed\xa0\x80z");
	xml_text(&writer, "\xc3");
	xml_end(&writer);

	struct node n = read_back(finish());
	ck_assert(node_attribute_is(n, "v", "x\xef\xbf\xbd\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz"));
	ck_assert_int_eq(node_text(n, text, sizeof(text)), STATUS_OK);
	ck_assert_str_eq(text, "\xef\xbf\xbd");
}
END_TEST

static void random_text(char *to, size_t max)
{
	static char const *const pieces[] = { "a", "Z", " ", "\t", "\n", "\r", "\r\n", "<", ">", "&", "\"", "'", "]]>", "&lt;", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x8c\xb3", "--" };
	size_t length = unit_below(max);

	for (*to = 0; length > 0; length--)
		strcat(to, pieces[unit_below(ARRAY_SIZE(pieces))]);
}

START_TEST(random_values_and_texts_are_read_back)
{
	for (int round = 0; round < 2000; round++) {
		char value[100], text[100], again[200];

		random_text(value, 20);
		random_text(text, 20);
		xml_write_init(&writer, buffer, BUFFER);
		xml_begin(&writer, "a");
		xml_attr(&writer, "v", value);
		xml_text(&writer, text);
		xml_end(&writer);

		struct node n = read_back(finish());
		CHECK(node_attribute_is(n, "v", value));
		CHECK(node_string(n, "v", "", again, sizeof(again)) == STATUS_OK && strcmp(again, value) == 0);
		CHECK(node_text(n, again, sizeof(again)) == STATUS_OK && strcmp(again, text) == 0);
	}
}
END_TEST

/* A random tree; `shape` records opens and closes in order. */
static void write_tree(char *shape)
{
	unsigned depth = 1;

	*shape++ = '(';
	xml_begin(&writer, "n");
	for (int steps = 0; depth && steps < 300; steps++) {
		if (depth < XML_DEPTH_MAX && unit_below(2)) {
			xml_begin(&writer, "n");
			*shape++ = '(';
			depth++;
		} else if (depth > 1) {
			xml_end(&writer);
			*shape++ = ')';
			depth--;
		}
	}
	for (; depth; depth--) {
		xml_end(&writer);
		*shape++ = ')';
	}
	*shape = 0;
}

static void check_tree(struct node n, char const *shape)
{
	while (*shape) {
		CHECK(node_exists(n) && shape[0] == '(');
		if (shape[1] == '(') {
			n = node_child(n, "n");
			shape++;
			continue;
		}
		CHECK(!node_exists(node_child(n, NULL)));
		for (shape++; *shape == ')'; shape++) {
			if (shape[1] == '(')
				n = node_next(n, "n");
			else if (shape[1])
				CHECK(!node_exists(node_next(n, NULL)));
			if (shape[1] == ')')
				n = node_parent(n);
		}
	}
}

START_TEST(random_trees_are_read_back)
{
	for (int round = 0; round < 300; round++) {
		char shape[1000];

		xml_write_init(&writer, buffer, BUFFER);
		write_tree(shape);
		check_tree(read_back(finish()), shape);
	}
}
END_TEST

START_TEST(parts_of_another_document_go_in_as_they_are)
{
	xml_write_init(&writer, buffer, BUFFER);
	xml_begin(&writer, "a");
	xml_raw(&writer, "<b x='1'>&lt;</b>", 17);
	xml_end(&writer);

	struct node n = node_child(read_back(finish()), "b");
	ck_assert_uint_eq(node_u64(n, "x", 0, 0, 9), 1);
	xml_write_init(&writer, buffer, BUFFER);
	xml_raw(&writer, "<root/>", 7);
	ck_assert(node_is(read_back(finish()), "root"));
}
END_TEST

START_TEST(what_no_reader_would_take_is_too_long)
{
	static char value[XML_VALUE_MAX + 2], big[BUFFER];
	size_t      size;

	memset(value, 'x', XML_VALUE_MAX);
	xml_write_init(&writer, buffer, BUFFER);
	xml_begin(&writer, "a");
	xml_attr(&writer, "v", value);
	xml_end(&writer);
	read_back(finish());
	value[XML_VALUE_MAX] = 'x';
	xml_write_init(&writer, buffer, BUFFER);
	xml_begin(&writer, "a");
	xml_attr(&writer, "v", value);
	xml_end(&writer);
	ck_assert_int_eq(xml_finish(&writer, &size), STATUS_TOO_LONG);
	xml_write_init(&writer, buffer, BUFFER);
	xml_begin(&writer, "a");
	xml_attr_format(&writer, "v", "%300s", "");
	xml_end(&writer);
	ck_assert_int_eq(xml_finish(&writer, &size), STATUS_TOO_LONG);
	xml_write_init(&writer, buffer, BUFFER);
	xml_begin(&writer, "a");
	memset(big, 'x', sizeof(big));
	for (int i = 0; i <= XML_SIZE_MAX / BUFFER; i++)
		xml_text_slice(&writer, big, sizeof(big));
	xml_end(&writer);
	ck_assert_int_eq(xml_finish(&writer, &size), STATUS_TOO_LONG);
}
END_TEST

START_TEST(wrong_use_is_asserted)
{
	xml_write_init(&writer, buffer, BUFFER);
	CHECK_ASSERTS(xml_end(&writer));
	CHECK_ASSERTS(xml_text(&writer, "x"));
	CHECK_ASSERTS(xml_begin(&writer, "no name"));
	CHECK_ASSERTS(xml_begin(&writer, ""));
	xml_begin(&writer, "a");
	xml_text(&writer, "x");
	CHECK_ASSERTS(xml_attr(&writer, "late", ""));
	size_t size;
	CHECK_ASSERTS(ck_assert_int_eq(xml_finish(&writer, &size), STATUS_OK));
	xml_end(&writer);
	CHECK_ASSERTS(xml_begin(&writer, "second"));
}
END_TEST

UNIT_MAIN(a_report_is_indented_and_escaped, every_smaller_buffer_is_refused_and_the_need_is_told, what_cannot_stand_in_a_document_is_replaced,
          random_values_and_texts_are_read_back, random_trees_are_read_back, parts_of_another_document_go_in_as_they_are,
          what_no_reader_would_take_is_too_long, wrong_use_is_asserted)
