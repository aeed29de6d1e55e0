/* SPDX-License-Identifier: MIT */
/*
 * The XML indexer: positions and texts of errors, the array that it leaves, limits and origins. What is accepted and
 * rejected is compared with libxml2 in xml_libxml2.c. Documents are copied to memory of exactly their size, so that
 * reading one byte beyond the end is found.
 */
#include "unit.h"
#include <base/format.h>
#include <base/xml.h>
#include <string.h>

enum { MAX = 100 };

static struct xml_node  nodes[MAX];
static size_t           count;
static struct xml_error error;

static enum status index_bytes(char const *text, size_t size, size_t max)
{
	char       *exact  = malloc(size ? size : 1);
	enum status status;

	memcpy(exact, text, size);
	memset(&error, 0x5a, sizeof(error));
	status = xml_index(exact, size, nodes, max, &count, &error);
	free(exact);
	return status;
}

static enum status index_text(char const *text)
{
	return index_bytes(text, strlen(text), MAX);
}

struct bad {
	char const *text;
	enum status status;
	char const *message;
};

static void check_bad(struct bad const *bad, size_t length)
{
	char message[384];

	for (size_t i = 0; i < length; i++) {
		enum status status = index_text(bad[i].text);
		ck_assert_msg(status == bad[i].status, "%s: status %d", bad[i].text, status);
		ck_assert_str_eq(xml_error_text(&error, message, sizeof(message)), bad[i].message);
	}
}

START_TEST(an_error_says_where_what_was_expected_and_what_is_there)
{
	static struct bad const bad[] = {
		{ "", STATUS_INVALID, "1:1: expected an element, found the end of the document" },
		{ " \n x", STATUS_INVALID, "2:2: expected an element, found \"x\"" },
		{ "<a>", STATUS_INVALID, "1:4: expected </a>, found the end of the document" },
		{ "<a>\n  <b></a>", STATUS_INVALID, "2:6: expected </b>, found \"</a\"" },
		{ "<a></a", STATUS_INVALID, "1:7: expected > after </a, found the end of the document" },
		{ "<a></a x>", STATUS_INVALID, "1:8: expected > after </a, found \"x\"" },
		{ "<a/><b/>", STATUS_INVALID, "1:5: expected nothing behind the first element, found \"<b\"" },
		{ "<a/>\r\n\rtext", STATUS_INVALID, "3:1: expected nothing behind the first element, found \"text\"" },
		{ "<a b=\"1\" b='2'/>", STATUS_INVALID, "1:10: expected an attribute that this tag does not have yet, found \"b\"" },
		{ "<a b=\"1\"c=\"2\"/>", STATUS_INVALID, "1:9: expected a blank, > or />, found \"c\"" },
		{ "<a b/>", STATUS_INVALID, "1:5: expected =, found \"/\"" },
		{ "<a b=1/>", STATUS_INVALID, "1:6: expected a value in quotes, found \"1\"" },
		{ "<a b='<'/>", STATUS_INVALID, "1:7: expected ' at the end of the value, found \"<\"" },
		{ "<a b=\"x", STATUS_INVALID, "1:8: expected \" at the end of the value, found the end of the document" },
		{ "<a 1='x'/>", STATUS_INVALID, "1:4: expected an attribute, > or />, found \"1\"" },
		{ "<a>&nbsp;</a>", STATUS_INVALID, "1:4: expected &lt; &gt; &amp; &quot; &apos; or a reference like &#65; to a character, found \"&nbsp\"" },
		{ "<a>&#0;</a>", STATUS_INVALID, "1:4: expected &lt; &gt; &amp; &quot; &apos; or a reference like &#65; to a character, found \"&#0\"" },
		{ "<a>]]></a>", STATUS_INVALID, "1:4: expected ]]&gt; in place of ]]>, found \"]\"" },
		{ "<a>\x01</a>", STATUS_INVALID, "1:4: expected a character that XML allows, in UTF-8, found byte 0x01" },
		{ "<a>\xc3\xa4\xff</a>", STATUS_INVALID, "1:5: expected a character that XML allows, in UTF-8, found byte 0xff" },
		{ "<a><!-- -- --></a>", STATUS_INVALID, "1:11: expected > after -- in a comment, found \" \"" },
		{ "<a><![CDATA[x]]</a>", STATUS_INVALID, "1:20: expected ]]>, found the end of the document" },
		{ "<a><?xml version=\"1.0\"?></a>", STATUS_INVALID, "1:6: expected the XML declaration at the very beginning only, found \"xml\"" },
		{ "<a\n", STATUS_INVALID, "2:1: expected an attribute, > or />, found the end of the document" },
		{ "<a b\n", STATUS_INVALID, "2:1: expected =, found the end of the document" },
		{ "<", STATUS_INVALID, "1:2: expected the name of an element, found the end of the document" },
	};

	check_bad(bad, ARRAY_SIZE(bad));
}
END_TEST

START_TEST(what_is_left_out_by_design_is_named)
{
	static struct bad const bad[] = {
		{ "<!DOCTYPE a><a/>", STATUS_UNSUPPORTED, "1:1: expected an element (there is no DOCTYPE here), found \"<!DOCTYPE\"" },
		{ "<?xml version='1.0' encoding='latin1'?><a/>", STATUS_UNSUPPORTED, "1:31: expected encoding UTF-8, found \"latin1\"" },
		{ "\xff\xfe<", STATUS_UNSUPPORTED, "1:1: expected encoding UTF-8, found byte 0xff" },
		{ "<\xc3\xa4/>", STATUS_UNSUPPORTED, "1:2: expected the name of an element in ASCII, found \"\xc3\xa4\"" },
		{ "<a b\xc3\xa4='1'/>", STATUS_UNSUPPORTED, "1:5: expected an attribute, > or /> in ASCII, found \"\xc3\xa4\"" },
	};

	check_bad(bad, ARRAY_SIZE(bad));
}
END_TEST

START_TEST(a_column_counts_characters_not_bytes)
{
	ck_assert_int_eq(index_text("<a>\n\xc3\xa4\xe2\x82\xac\xf0\x9f\x8c\xb3\t<b></a>"), STATUS_INVALID);
	ck_assert_uint_eq(error.line, 2);
	ck_assert_uint_eq(error.column, 8);
	ck_assert_int_eq(index_text("\xef\xbb\xbf<a></b>"), STATUS_INVALID);
	ck_assert_uint_eq(error.column, 4);
}
END_TEST

START_TEST(nothing_is_written_to_the_error_of_a_good_document)
{
	struct xml_error untouched;

	memset(&untouched, 0x5a, sizeof(untouched));
	ck_assert_int_eq(index_text("<a/>"), STATUS_OK);
	ck_assert(memcmp(&error, &untouched, sizeof(error)) == 0);
}
END_TEST

START_TEST(the_array_holds_the_elements_in_order_with_distances)
{
	char const *text = "<a>\n <b x='1'>t<c/></b>\n <d></d ><e/>\n</a>";

	ck_assert_int_eq(index_text(text), STATUS_OK);
	ck_assert_uint_eq(count, 5);
	ck_assert(nodes[0].has_child && !nodes[0].next && !nodes[0].parent && nodes[0].end == strlen(text));
	ck_assert(nodes[1].has_child && nodes[1].next == 2 && nodes[1].parent == 1 && nodes[1].line == 2);
	ck_assert(!nodes[2].has_child && !nodes[2].next && nodes[2].parent == 1);
	ck_assert(!nodes[3].has_child && nodes[3].next == 1 && nodes[3].parent == 3 && nodes[3].line == 3);
	ck_assert(!nodes[4].has_child && !nodes[4].next && nodes[4].parent == 4);
	ck_assert_int_eq(strncmp(text + nodes[1].content, "t<c/></b>", 9), 0);
	ck_assert_int_eq(strncmp(text + nodes[1].content_end, "</b>\n", 5), 0);
	ck_assert_int_eq(strncmp(text + nodes[3].end, "<e/>", 4), 0);
	ck_assert(nodes[4].content == nodes[4].end && nodes[4].content_end == nodes[4].end);
}
END_TEST

/* Repeats `part` `times` times between `head` and `tail`. */
static enum status index_repeated(char const *head, char const *part, size_t times, char const *tail)
{
	size_t part_size = strlen(part), head_size = strlen(head), size = head_size + times * part_size + strlen(tail);
	char  *text = malloc(size + 1);
	static struct xml_node many[XML_NODES_MAX];

	strcpy(text, head);
	for (size_t i = 0; i < times; i++)
		memcpy(text + head_size + i * part_size, part, part_size);
	strcpy(text + head_size + times * part_size, tail);

	enum status status = xml_index(text, size, many, XML_NODES_MAX, &count, &error);
	free(text);
	return status;
}

START_TEST(limits_hold_to_the_last_one)
{
	char ends[5 * 40] = "";

	ck_assert_int_eq(index_repeated("<", "n", XML_NAME_MAX, "/>"), STATUS_OK);
	ck_assert_int_eq(index_repeated("<", "n", XML_NAME_MAX + 1, "/>"), STATUS_TOO_LONG);
	ck_assert_int_eq(index_repeated("<a ", "n", XML_NAME_MAX, "=''/>"), STATUS_OK);
	ck_assert_int_eq(index_repeated("<a ", "n", XML_NAME_MAX + 1, "=''/>"), STATUS_TOO_LONG);
	ck_assert_int_eq(index_repeated("<a b='", "v", XML_VALUE_MAX, "'/>"), STATUS_OK);
	ck_assert_int_eq(index_repeated("<a b='", "v", XML_VALUE_MAX + 1, "'/>"), STATUS_TOO_LONG);
	ck_assert_int_eq(index_repeated("<a b='", "&#xe4;", XML_VALUE_MAX / 2, "x'/>"), STATUS_OK);
	ck_assert_int_eq(index_repeated("<a b='", "&#xe4;", XML_VALUE_MAX / 2, "xy'/>"), STATUS_TOO_LONG);
	ck_assert_int_eq(index_repeated("<a b='", "\r\n", XML_VALUE_MAX, "'/>"), STATUS_OK);
	ck_assert_int_eq(index_repeated("<a b='", "\r\n", XML_VALUE_MAX + 1, "'/>"), STATUS_TOO_LONG);
	ck_assert_int_eq(index_repeated("<a>", "<b/>", XML_NODES_MAX - 1, "</a>"), STATUS_OK);
	ck_assert_uint_eq(count, XML_NODES_MAX);
	ck_assert_int_eq(index_repeated("<a>", "<b/>", XML_NODES_MAX, "</a>"), STATUS_TOO_LONG);
	ck_assert_int_eq(index_repeated("<a>", "x", XML_SIZE_MAX - 7, "</a>"), STATUS_OK);
	ck_assert_int_eq(index_repeated("<a>", "x", XML_SIZE_MAX - 6, "</a>"), STATUS_TOO_LONG);
	for (int i = 0; i < XML_DEPTH_MAX; i++)
		strcat(ends, "</a>");
	ck_assert_int_eq(index_repeated("", "<a>", XML_DEPTH_MAX, ends), STATUS_OK);
	strcat(ends, "</a>");
	ck_assert_int_eq(index_repeated("", "<a>", XML_DEPTH_MAX + 1, ends), STATUS_TOO_LONG);
	ck_assert_uint_eq(error.column, 1 + 3 * XML_DEPTH_MAX);
}
END_TEST

START_TEST(attributes_are_limited_and_each_is_compared)
{
	char text[XML_ATTRIBUTES_MAX * 8 + 32] = "<a";

	for (int i = 0; i < XML_ATTRIBUTES_MAX; i++)
		sprintf(text + strlen(text), " n%d=''", i);
	strcat(text, " last=''/>");
	ck_assert_int_eq(index_text(text), STATUS_TOO_LONG);
	memcpy(strstr(text, " last"), "/>\0\0\0", 5);
	ck_assert_int_eq(index_text(text), STATUS_OK);
	memcpy(strstr(text, "n127"), "n000", 4);
	ck_assert_int_eq(index_text(text), STATUS_OK);
	memcpy(strstr(text, "n000"), "n126", 4);
	ck_assert_int_eq(index_text(text), STATUS_INVALID);
}
END_TEST

START_TEST(a_small_array_is_too_long_and_its_need_is_told)
{
	char const *text = "<a><b/><c/><!-- <d/> --></a>";

	ck_assert_int_eq(index_bytes(text, strlen(text), 2), STATUS_TOO_LONG);
	ck_assert_str_eq(error.expected, "at most 2 elements");
	ck_assert_int_eq(index_bytes(text, strlen(text), 3), STATUS_OK);
	ck_assert_uint_ge(xml_nodes_needed(text, strlen(text)), 3);
	ck_assert_uint_eq(xml_nodes_needed("<", 1), 0);
	ck_assert_uint_eq(xml_nodes_needed("", 0), 0);
	ck_assert_int_eq(index_bytes(text, strlen(text), 0), STATUS_TOO_LONG);
}
END_TEST

START_TEST(lines_count_from_an_origin)
{
	ck_assert_int_eq(index_text("<?origin run/hello.run 12?><a>\n<b/></c>"), STATUS_INVALID);
	ck_assert_str_eq(error.file, "run/hello.run");
	ck_assert_uint_eq(error.line, 13);
	ck_assert_uint_eq(error.column, 5);
	ck_assert_int_eq(index_text("<?origin x 12?>  </a>"), STATUS_INVALID);
	ck_assert_uint_eq(error.line, 12);
	ck_assert_uint_eq(error.column, 3);
	ck_assert_int_eq(index_text("<a>\n<?origin a file.run 7?>\n<b/><?origin other 1000?><c/></a>"), STATUS_OK);
	ck_assert(nodes[0].line == 1 && nodes[0].origin == 0);
	ck_assert(nodes[1].line == 8 && nodes[1].origin == 13);
	ck_assert(nodes[2].line == 1000 && nodes[2].origin > 13);
}
END_TEST

START_TEST(an_instruction_that_is_no_origin_is_skipped)
{
	static char const *const others[] = { "origin", "origin x", "origin x y", "origin x 0", "origin x 12 ", "origin  12", "origin 12",
	                                      "original x 12", "origin x -1", "origin x 99999999999", "origin a\nb 12", "origin x\t12" };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		char text[100];
		snprintf(text, sizeof(text), "<?%s?><a></b>", others[i]);
		ck_assert_int_eq(index_text(text), STATUS_INVALID);
		ck_assert_str_eq(error.file, "");
		ck_assert_uint_eq(error.line, strchr(text, '\n') ? 2 : 1);
	}
}
END_TEST

/* Every prefix of a document with all there is, and every change of one byte, ends in a status. */
START_TEST(broken_documents_end_in_a_status)
{
	static char const text[] = "\xef\xbb\xbf<?xml version='1.0' encoding='UTF-8' standalone='yes'?><!-- c --><?origin f 3?>\n"
	                           "<a b='&lt;&#x41;\xc3\xa4' c=\"\r\n\">t&amp;<![CDATA[<>]]><?p i?><d/><e></e ></a ><!---->";

	ck_assert_int_eq(index_bytes(text, sizeof(text) - 1, MAX), STATUS_OK);
	for (size_t size = 0; size < sizeof(text) - 9; size++)
		CHECK(index_bytes(text, size, MAX) == STATUS_INVALID);
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		for (unsigned byte = 0; byte < 256; byte++) {
			char copy[sizeof(text)];
			memcpy(copy, text, sizeof(text));
			copy[i] = (char)byte;
			enum status status = index_bytes(copy, sizeof(text) - 1, MAX);
			CHECK(status == STATUS_OK || status == STATUS_INVALID || status == STATUS_UNSUPPORTED);
		}
	}
}
END_TEST

UNIT_MAIN(an_error_says_where_what_was_expected_and_what_is_there, what_is_left_out_by_design_is_named, a_column_counts_characters_not_bytes,
          nothing_is_written_to_the_error_of_a_good_document, the_array_holds_the_elements_in_order_with_distances, limits_hold_to_the_last_one,
          attributes_are_limited_and_each_is_compared, a_small_array_is_too_long_and_its_need_is_told, lines_count_from_an_origin,
          an_instruction_that_is_no_origin_is_skipped, broken_documents_end_in_a_status)
