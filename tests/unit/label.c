/* SPDX-License-Identifier: MIT */
/* Labels: names, last elements, matching, joining and rewriting; nothing is ever cut. */
#include "unit.h"
#include "init/sandbox/label.h"
#include <base/string.h>

static char label[LABEL_SIZE];

/* A text of `length` bytes. */
static char const *long_text(size_t length)
{
	static char text[1024];

	memset(text, 'x', length);
	text[length] = 0;
	return text;
}

START_TEST(names_of_children_cannot_pass_for_labels)
{
	ck_assert(label_is_name("server") && label_is_name("a b") && label_is_name("a-b>") && label_is_name("x"));
	ck_assert(!label_is_name("") && !label_is_name("a -> b") && !label_is_name("a->b") && !label_is_name(" a") && !label_is_name("a "));
	ck_assert(label_is_name(long_text(CHILD_NAME_SIZE - 1)) && !label_is_name(long_text(CHILD_NAME_SIZE)));
}
END_TEST

START_TEST(the_last_element_is_behind_the_last_separator)
{
	ck_assert_str_eq(label_last("a -> b -> c"), "c");
	ck_assert_str_eq(label_last("a"), "a");
	ck_assert_str_eq(label_last(""), "");
	ck_assert_str_eq(label_last("a -> "), "");
	ck_assert_str_eq(label_last("a -> b->c"), "b->c");
	ck_assert_str_eq(label_last(" ->  -> x"), "x");
}
END_TEST

START_TEST(patterns_match_the_part_they_name)
{
	struct label_pattern any = { 0 }, whole = { .whole = "a -> b" }, prefix = { .prefix = "a -> " }, suffix = { .suffix = ".xml" };
	struct label_pattern last = { .last = "b" }, both = { .prefix = "a", .last = "b" };

	ck_assert(label_matches(&any, "") && label_matches(&any, "anything"));
	ck_assert(label_matches(&whole, "a -> b") && !label_matches(&whole, "a -> bc") && !label_matches(&whole, "a"));
	ck_assert(label_matches(&prefix, "a -> b") && !label_matches(&prefix, "a") && !label_matches(&prefix, "b -> a -> "));
	ck_assert(label_matches(&suffix, "x.xml") && label_matches(&suffix, ".xml") && !label_matches(&suffix, "x.xml2") && !label_matches(&suffix, "xml"));
	ck_assert(label_matches(&last, "b") && label_matches(&last, "a -> b") && !label_matches(&last, "a -> bb") && !label_matches(&last, "b -> a"));
	ck_assert(label_matches(&both, "a -> b") && !label_matches(&both, "c -> b") && !label_matches(&both, "a -> c"));
}
END_TEST

START_TEST(an_unscoped_label_has_the_clients_name)
{
	ck_assert(label_is_unscoped("a -> b", "a", "b") && label_is_unscoped("a", "a", "") && label_is_unscoped("b", "", "b"));
	ck_assert(!label_is_unscoped("b", "a", "b") && !label_is_unscoped("a", "a", "b") && !label_is_unscoped("a -> b", "a", "") &&
	          !label_is_unscoped("a -> bc", "a", "b") && !label_is_unscoped("ab", "a", "b"));
}
END_TEST

START_TEST(a_parent_puts_its_childs_name_before)
{
	ck_assert(label_prefix(label, "net", "telnet") == STATUS_OK);
	ck_assert_str_eq(label, "net -> telnet");
	ck_assert(label_prefix(label, "net", "") == STATUS_OK);
	ck_assert_str_eq(label, "net");
}
END_TEST

START_TEST(labels_are_never_cut)
{
	ck_assert(label_prefix(label, "abc", long_text(248)) == STATUS_OK && strlen(label) == 255);
	ck_assert(label_prefix(label, "abc", long_text(249)) == STATUS_TOO_LONG && !label[0]);
	ck_assert(label_prefix(label, "abc", long_text(1000)) == STATUS_TOO_LONG && !label[0]);
	ck_assert(label_prefix(label, "", long_text(255)) == STATUS_OK && label_prefix(label, "", long_text(256)) == STATUS_TOO_LONG);

	struct label_rewrite prepend = { .prepend = "12345678" };
	ck_assert(label_rewrite(label, &prepend, long_text(247)) == STATUS_OK && strlen(label) == 255);
	ck_assert(label_rewrite(label, &prepend, long_text(248)) == STATUS_TOO_LONG && !label[0]);
}
END_TEST

static void check_rewrite(struct label_rewrite rewrite, char const *from, char const *to)
{
	ck_assert(label_rewrite(label, &rewrite, from) == STATUS_OK);
	ck_assert_str_eq(label, to);
}

START_TEST(targets_replace_the_parts_they_name)
{
	check_rewrite((struct label_rewrite) { 0 }, "a -> b", "a -> b");
	check_rewrite((struct label_rewrite) { 0 }, "", "");
	check_rewrite((struct label_rewrite) { .whole = "x" }, "a -> b", "x");
	check_rewrite((struct label_rewrite) { .whole = "" }, "a -> b", "");
	check_rewrite((struct label_rewrite) { .identity = "x -> y" }, "a -> b -> c", "x -> y -> c");
	check_rewrite((struct label_rewrite) { .identity = "x" }, "c", "x -> c");
	check_rewrite((struct label_rewrite) { .identity = "" }, "a -> b", "b");
	check_rewrite((struct label_rewrite) { .resource = "x" }, "a -> b -> c", "a -> b -> x");
	check_rewrite((struct label_rewrite) { .resource = "x" }, "c", "x");
	check_rewrite((struct label_rewrite) { .resource = "" }, "a -> b", "a");
	check_rewrite((struct label_rewrite) { .prepend = "/home" }, "a -> b -> /c", "a -> b -> /home/c");
	check_rewrite((struct label_rewrite) { .identity = "x", .resource = "y", .prepend = "z" }, "a -> b", "x -> zy");
}
END_TEST

UNIT_MAIN(names_of_children_cannot_pass_for_labels, the_last_element_is_behind_the_last_separator, patterns_match_the_part_they_name,
          an_unscoped_label_has_the_clients_name,
          a_parent_puts_its_childs_name_before, labels_are_never_cut, targets_replace_the_parts_they_name)
