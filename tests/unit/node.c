/* SPDX-License-Identifier: MIT */
/*
 * Nodes: walking, values and complaints, text, positions, cutting.
 */
#include "unit.h"
#include <base/node.h>
#include <string.h>

enum { MAX = 100, COMPLAINT = 400 };

static struct xml_node nodes[2 * MAX];
static char            complaint[COMPLAINT];
static unsigned        complaints;

static void note(char const *text)
{
	snprintf(complaint, sizeof(complaint), "%s", text);
	complaints++;
}

static struct node parse_into(struct xml_node *array, char const *text, size_t size)
{
	struct xml_error error;
	size_t           count;
	enum status      status = xml_index(text, size, array, MAX, &count, &error);

	ck_assert_msg(!status, "%u:%u: expected %s, found %s", error.line, error.column, error.expected, error.found);
	node_complain = note;
	complaints = 0;
	return node_root(text, array);
}

static struct node parse(char const *text)
{
	return parse_into(nodes, text, strlen(text));
}

static void check_complaint(unsigned number, char const *expected)
{
	ck_assert_uint_eq(complaints, number);
	ck_assert_str_eq(complaint, expected);
}

START_TEST(children_are_visited_in_order_by_name_or_all)
{
	struct node config = parse("<config>a<start n='1'><start n='7'/></start><!--<start n='8'/>--><x/><start n='2'/>b<y/></config>");
	char        name[NODE_NAME_SIZE], all[100] = "";
	uint64_t    sum = 0;

	node_for_each(start, config, "start")
		sum = sum * 10 + node_u64(start, "n", 0, 0, 9);
	ck_assert_uint_eq(sum, 12);
	node_for_each(child, config, NULL)
		strcat(strcat(all, node_name(child, name)), " ");
	ck_assert_str_eq(all, "start x start y ");
	ck_assert(node_is(config, "config") && !node_is(config, "confi") && !node_is(config, "configs"));
	ck_assert(node_is(node_parent(node_child(config, "x")), "config"));
	ck_assert(node_is(node_parent(node_child(node_child(config, NULL), NULL)), "start"));
	ck_assert(!node_exists(node_parent(config)) && !node_exists(node_next(config, NULL)) && !node_exists(node_child(config, "z")));
}
END_TEST

START_TEST(a_node_that_does_not_exist_answers_with_defaults)
{
	struct node none = node_child(parse("<a/>"), "b");
	char        text[NODE_FILE_SIZE];
	size_t      size;
	struct node_attribute attribute = { .name = NULL };

	ck_assert(!node_exists(none) && !node_is(none, "b") && !node_has_attribute(none, "x"));
	ck_assert(!node_exists(node_child(none, NULL)) && !node_exists(node_next(none, NULL)) && !node_exists(node_parent(none)));
	ck_assert_str_eq(node_name(none, text), "");
	ck_assert_uint_eq(node_u64(none, "x", 5, 0, 9), 5);
	ck_assert_int_eq(node_i64(none, "x", -5, -9, 9), -5);
	ck_assert_uint_eq(node_bytes(none, "x", 5, 0, 9), 5);
	ck_assert(node_bool(none, "x", true));
	ck_assert_int_eq(node_string(none, "x", "d", text, sizeof(text)), STATUS_OK);
	ck_assert_str_eq(text, "d");
	ck_assert_int_eq(node_text(none, text, sizeof(text)), STATUS_OK);
	ck_assert_str_eq(text, "");
	ck_assert_uint_eq(node_text_size(none), 1);
	node_raw(none, &size);
	ck_assert_uint_eq(size, 0);
	node_content(none, &size);
	ck_assert_uint_eq(size, 0);
	ck_assert(!node_line(none) && !node_column(none) && !node_next_attribute(none, &attribute));
	ck_assert_str_eq(node_file(none, text), "config");
	ck_assert_uint_eq(complaints, 0);
}
END_TEST

START_TEST(good_values_are_read_without_a_word)
{
	struct node n = parse("<a  u='42' h = \"0xff\"\n r='&#52;2' i='-9223372036854775808' p='7' k='64K' g='2G' b='12' y='yes' t='true' n='no' f='false' e=''/>");
	char text[8];

	ck_assert_uint_eq(node_u64(n, "u", 1, 42, 42), 42);
	ck_assert_uint_eq(node_u64(n, "h", 1, 0, UINT64_MAX), 255);
	ck_assert_uint_eq(node_u64(n, "r", 1, 0, 99), 42);
	ck_assert_int_eq(node_i64(n, "i", 1, INT64_MIN, 0), INT64_MIN);
	ck_assert_int_eq(node_i64(n, "p", 1, -7, 7), 7);
	ck_assert_uint_eq(node_bytes(n, "k", 1, 0, 65536), 65536);
	ck_assert_uint_eq(node_bytes(n, "g", 1, 0, UINT64_MAX), UINT64_C(2) << 30);
	ck_assert_uint_eq(node_bytes(n, "b", 1, 12, 12), 12);
	ck_assert(node_bool(n, "y", false) && node_bool(n, "t", false) && !node_bool(n, "n", true) && !node_bool(n, "f", true));
	ck_assert(node_has_attribute(n, "e") && !node_has_attribute(n, "ee") && !node_has_attribute(n, ""));
	ck_assert_int_eq(node_string(n, "e", "default", text, sizeof(text)), STATUS_OK);
	ck_assert_str_eq(text, "");
	ck_assert(node_attribute_is(n, "y", "yes") && !node_attribute_is(n, "y", "ye") && !node_attribute_is(n, "y", "yess"));
	ck_assert(node_attribute_is(n, "r", "42") && node_attribute_is(n, "e", "") && !node_attribute_is(n, "none", ""));
	ck_assert_uint_eq(complaints, 0);
}
END_TEST

START_TEST(a_bad_value_leaves_the_default_and_tells_place_and_range)
{
	struct node n = node_child(parse("<a>\n<?origin run/x.run 30?>\n<b u='12x' big='10' neg='-1' k='5Q' y='maybe' long='1234567890123456789012345678901234567890&#49;'/></a>"), "b");

	ck_assert_uint_eq(node_u64(n, "u", 7, 0, 99), 7);
	check_complaint(1, "run/x.run:31: <b u=\"12x\">: expected a number from 0 to 99, 7 holds");
	ck_assert_uint_eq(node_u64(n, "big", 3, 1, 9), 3);
	check_complaint(2, "run/x.run:31: <b big=\"10\">: expected a number from 1 to 9, 3 holds");
	ck_assert_uint_eq(node_u64(n, "neg", 3, 1, 9), 3);
	check_complaint(3, "run/x.run:31: <b neg=\"-1\">: expected a number from 1 to 9, 3 holds");
	ck_assert_int_eq(node_i64(n, "neg", 3, 0, 9), 3);
	check_complaint(4, "run/x.run:31: <b neg=\"-1\">: expected a number from 0 to 9, 3 holds");
	ck_assert_uint_eq(node_bytes(n, "k", 4096, 0, 8192), 4096);
	check_complaint(5, "run/x.run:31: <b k=\"5Q\">: expected a size from 0 to 8192 bytes (K, M, G may follow), 4096 holds");
	ck_assert(node_bool(n, "y", true));
	check_complaint(6, "run/x.run:31: <b y=\"maybe\">: expected yes or no, yes holds");
	ck_assert_uint_eq(node_u64(n, "long", 1, 0, 5), 1);
	check_complaint(7, "run/x.run:31: <b long=\"1234567890123456789012345678901234567890...\">: expected a number from 0 to 5, 1 holds");
}
END_TEST

START_TEST(signed_numbers_end_at_their_type)
{
	struct node n = parse("<a low='-9223372036854775809' high='9223372036854775808' minus='-' two='--1' top='9223372036854775807' zero='-0'/>");

	ck_assert_int_eq(node_i64(n, "low", 5, INT64_MIN, INT64_MAX), 5);
	ck_assert_int_eq(node_i64(n, "high", 5, INT64_MIN, INT64_MAX), 5);
	ck_assert_int_eq(node_i64(n, "minus", 5, INT64_MIN, INT64_MAX), 5);
	ck_assert_int_eq(node_i64(n, "two", 5, INT64_MIN, INT64_MAX), 5);
	ck_assert_uint_eq(complaints, 4);
	ck_assert_int_eq(node_i64(n, "top", 5, INT64_MIN, INT64_MAX), INT64_MAX);
	ck_assert_int_eq(node_i64(n, "zero", 5, INT64_MIN, INT64_MAX), 0);
	ck_assert_uint_eq(complaints, 4);
}
END_TEST

START_TEST(a_string_is_whole_or_too_long)
{
	struct node n = parse("<a s='abc&amp;' w=' x\ty\r\nz&#10;'/>");
	char        text[5], wide[16];

	ck_assert_int_eq(node_string(n, "s", "", text, sizeof(text)), STATUS_OK);
	ck_assert_str_eq(text, "abc&");
	ck_assert_int_eq(node_string(n, "s", "def", text, 4), STATUS_TOO_LONG);
	ck_assert_str_eq(text, "def");
	check_complaint(1, "config:1: <a s=\"abc&\">: expected at most 3 bytes");
	ck_assert_int_eq(node_string(n, "missing", "dflt", text, sizeof(text)), STATUS_OK);
	ck_assert_str_eq(text, "dflt");
	ck_assert_int_eq(node_string(n, "w", "", wide, sizeof(wide)), STATUS_OK);
	ck_assert_str_eq(wide, " x y z\n");
	CHECK_ASSERTS(ck_assert_int_eq(node_string(n, "missing", "five5", text, sizeof(text)), STATUS_OK));
}
END_TEST

START_TEST(without_a_listener_complaints_are_dropped)
{
	struct node n = parse("<a u='x'/>");

	node_complain = NULL;
	ck_assert_uint_eq(node_u64(n, "u", 7, 0, 99), 7);
}
END_TEST

START_TEST(attributes_come_in_the_order_of_the_tag)
{
	struct node           n = parse("<a one='1' two = \"it's\"\nthree='&lt;' />");
	struct node_attribute attribute = { .name = NULL };
	char                  all[100] = "", value[16];

	while (node_next_attribute(n, &attribute)) {
		ck_assert_int_eq(node_attribute_value(&attribute, value, sizeof(value)), STATUS_OK);
		sprintf(all + strlen(all), "%.*s=%s(%zu) ", (int)attribute.name_size, attribute.name, value, attribute.value_size);
	}
	ck_assert_str_eq(all, "one=1(1) two=it's(4) three=<(4) ");
}
END_TEST

START_TEST(text_is_decoded_and_leaves_out_children_and_comments)
{
	struct node n = parse("<a>x&lt;<!--> no --><b>inner<c/></b>\r\ny<?p > no ?><![CDATA[<&amp;]]>]]&gt;<d/>&#x20ac;<![CDATA[]]>\r</a>");
	char        text[64];

	ck_assert_int_eq(node_text(n, text, sizeof(text)), STATUS_OK);
	ck_assert_str_eq(text, "x<\ny<&amp;]]>\xe2\x82\xac\n");
	ck_assert_uint_eq(node_text_size(n), strlen(text) + 1);
	ck_assert_int_eq(node_text(n, text, node_text_size(n) - 1), STATUS_TOO_LONG);
	ck_assert_str_eq(text, "");
	ck_assert_int_eq(node_text(node_child(n, "b"), text, sizeof(text)), STATUS_OK);
	ck_assert_str_eq(text, "inner");
	ck_assert_int_eq(node_text(n, text, 0), STATUS_TOO_LONG);
}
END_TEST

START_TEST(slices_are_what_is_written)
{
	struct node n = node_child(parse("<a> <b x='&lt;'> t<c/></b > <d/></a>"), "b");
	size_t      size;
	char const *raw = node_raw(n, &size);

	ck_assert_int_eq((int)size, (int)strlen("<b x='&lt;'> t<c/></b >"));
	ck_assert_int_eq(strncmp(raw, "<b x='&lt;'> t<c/></b >", size), 0);
	raw = node_content(n, &size);
	ck_assert_int_eq((int)size, 6);
	ck_assert_int_eq(strncmp(raw, " t<c/>", size), 0);
	node_content(node_next(n, "d"), &size);
	ck_assert_uint_eq(size, 0);
}
END_TEST

START_TEST(a_node_knows_line_column_and_file)
{
	struct node a = parse("\xef\xbb\xbf<a>\xc3\xa4<b/>\r\n\t<c/>\r<d/>\n<?origin some file.run 20?>  <e/>\n <f/></a>");
	static struct { char const *name; unsigned line, column; char const *file; } const places[] = {
		{ "b", 1, 5, "config" }, { "c", 2, 2, "config" }, { "d", 3, 1, "config" }, { "e", 20, 3, "some file.run" }, { "f", 21, 2, "some file.run" },
	};
	char file[NODE_FILE_SIZE];

	ck_assert(node_line(a) == 1 && node_column(a) == 1);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct node n = node_child(a, places[i].name);
		ck_assert_uint_eq(node_line(n), places[i].line);
		ck_assert_uint_eq(node_column(n), places[i].column);
		ck_assert_str_eq(node_file(n, file), places[i].file);
	}
}
END_TEST

/* Cut, parse, cut again: three documents deep, each node is where it was in the first one. */
START_TEST(a_cut_document_keeps_every_place)
{
	struct node outer = parse("<?origin run/deep.run 5?>\t<config>\n <start> <config>\n\t<start> <config a='1'\n b='x'> <leaf/> </config></start></config></start></config>");
	struct node leaf = outer, cut = outer;
	char        document[2][300], file[NODE_FILE_SIZE];

	for (int i = 0; i < 2; i++) {
		struct node inner = node_child(node_child(cut, "start"), "config");
		size_t      size, needed;

		leaf = node_child(node_child(node_child(node_child(node_child(outer, "start"), "config"), "start"), "config"), "leaf");
		ck_assert_int_eq(node_cut(inner, document[i], sizeof(document[i]), &size), STATUS_OK);
		ck_assert_int_eq(node_cut(inner, document[i], size, &needed), STATUS_OK);
		ck_assert_uint_eq(needed, size);
		ck_assert_int_eq(node_cut(inner, document[i], size - 1, &needed), STATUS_TOO_LONG);
		ck_assert_uint_eq(needed, size);
		cut = parse_into(nodes + MAX / 2 * (i + 1), document[i], size);
		ck_assert(node_line(cut) == node_line(inner) && node_column(cut) == node_column(inner));
	}
	ck_assert_str_eq(node_file(cut, file), "run/deep.run");
	ck_assert_uint_eq(node_line(leaf), 8);
	ck_assert_uint_eq(node_line(node_child(cut, "leaf")), 8);
	ck_assert_uint_eq(node_column(node_child(cut, "leaf")), node_column(leaf));
	ck_assert_uint_eq(node_u64(cut, "b", 1, 0, 1), 1);
	check_complaint(1, "run/deep.run:7: <config b=\"x\">: expected a number from 0 to 1, 1 holds");
}
END_TEST

UNIT_MAIN(children_are_visited_in_order_by_name_or_all, a_node_that_does_not_exist_answers_with_defaults, good_values_are_read_without_a_word,
          a_bad_value_leaves_the_default_and_tells_place_and_range, signed_numbers_end_at_their_type, a_string_is_whole_or_too_long,
          without_a_listener_complaints_are_dropped, attributes_come_in_the_order_of_the_tag, text_is_decoded_and_leaves_out_children_and_comments,
          slices_are_what_is_written, a_node_knows_line_column_and_file, a_cut_document_keeps_every_place)
