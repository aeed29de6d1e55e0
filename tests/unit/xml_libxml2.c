/* SPDX-License-Identifier: MIT */
/*
 * Our XML against libxml2's, on the documents below tests/xml and on random mutations of them: both accept the same ones
 * and see the same elements, attributes and text. What only libxml2 accepts is in tests/xml/design, each with its reason
 * in tests/xml/differences, or is recognized by `is_lenience` (tests/xml/agree.h).
 */
#include "unit.h"
#include <dirent.h>
#include "tests/xml/agree.h"

enum { SIZE_MAX_HERE = 16384, DOCUMENTS = 1000 };

struct document {
	char   name[64];
	char  *text;
	size_t size;
};

static struct document documents[DOCUMENTS];
static size_t          document_count;

/* --- Documents --- */

static void load(char const *directory, char const *name)
{
	struct document *document = &documents[document_count++];
	char             path[512], *buffer = malloc(SIZE_MAX_HERE);
	FILE            *file;

	ck_assert_uint_le(document_count, DOCUMENTS);
	snprintf(path, sizeof(path), "tests/xml/%s/%s", directory, name);
	snprintf(document->name, sizeof(document->name), "%.*s", (int)(strlen(name) - strlen(".xml")), name);
	file = fopen(path, "rb");
	ck_assert_msg(file != NULL, "%s", path);
	document->size = fread(buffer, 1, SIZE_MAX_HERE, file);
	ck_assert_msg(feof(file) || document->size < SIZE_MAX_HERE, "%s is too large", path);
	fclose(file);
	document->text = realloc(buffer, document->size ? document->size : 1);
}

/* Adds the documents of a directory; at least `least` must be there. */
static void load_all(char const *directory, size_t least)
{
	char           path[64];
	DIR           *dir;
	struct dirent *entry;
	size_t         before = document_count;

	snprintf(path, sizeof(path), "tests/xml/%s", directory);
	dir = opendir(path);
	ck_assert_msg(dir != NULL, "%s: run this from the root of the tree", path);
	while ((entry = readdir(dir)) != NULL) {
		if (strlen(entry->d_name) > 4 && strcmp(entry->d_name + strlen(entry->d_name) - 4, ".xml") == 0)
			load(directory, entry->d_name);
	}
	closedir(dir);
	ck_assert_uint_ge(document_count - before, least);
}

/* --- Documents on disk --- */

START_TEST(good_documents_are_good_for_both_and_mean_the_same)
{
	load_all("good", 60);
	for (size_t i = 0; i < document_count; i++) {
		struct document *d = &documents[i];
		struct xml_error error;
		xmlDoc          *doc = parse_theirs(d->text, d->size);
		enum status      status = parse_ours(d->text, d->size, &error);

		ck_assert_msg(!status, "good/%s: %u:%u: expected %s, found %s", d->name, error.line, error.column, error.expected, error.found);
		ck_assert_msg(doc != NULL, "good/%s: libxml2 rejects it", d->name);
		ck_assert_msg(same_tree(node_root(d->text, nodes), xmlDocGetRootElement(doc)), "good/%s: the trees differ", d->name);
		xmlFreeDoc(doc);
	}
}
END_TEST

START_TEST(bad_documents_are_bad_for_both)
{
	load_all("bad", 120);
	for (size_t i = 0; i < document_count; i++) {
		struct document *d = &documents[i];
		struct xml_error error;
		xmlDoc          *doc = parse_theirs(d->text, d->size);

		ck_assert_msg(!doc, "bad/%s: libxml2 accepts it", d->name);
		ck_assert_msg(parse_ours(d->text, d->size, &error) != STATUS_OK, "bad/%s: we accept it", d->name);
		ck_assert_msg(error.line && error.column && error.expected[0] && error.found[0], "bad/%s: the error is incomplete", d->name);
	}
}
END_TEST

/* Is there a line "NAME reason" in tests/xml/differences? */
static bool has_reason(char const *name)
{
	char  line[256], word[64], reason[8];
	bool  found = false;
	FILE *file = fopen("tests/xml/differences", "r");

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file))
		found |= line[0] != '#' && sscanf(line, "%63s %7s", word, reason) == 2 && strcmp(word, name) == 0;
	fclose(file);
	return found;
}

START_TEST(what_only_libxml2_accepts_is_listed_with_a_reason)
{
	load_all("design", 10);
	for (size_t i = 0; i < document_count; i++) {
		struct document *d = &documents[i];
		struct xml_error error;
		xmlDoc          *doc = parse_theirs(d->text, d->size);

		ck_assert_msg(doc != NULL, "design/%s: libxml2 rejects it, so it belongs to bad/", d->name);
		ck_assert_msg(parse_ours(d->text, d->size, &error) != STATUS_OK, "design/%s: we accept it", d->name);
		ck_assert_msg(has_reason(d->name), "design/%s: no reason in tests/xml/differences", d->name);
		xmlFreeDoc(doc);
	}
}
END_TEST

/* --- Mutations --- */

static char const *const tokens[] = {
	"<", ">", "/>", "</", "<a>", "</a>", "<a/>", "<b c='d'>", "</b>", "<!--", "-->", "--", "<![CDATA[", "]]>", "]]", "<?", "?>", "<?p x?>", "<!DOCTYPE a>",
	"<?xml version=\"1.0\"?>", " encoding=\"UTF-8\"", " standalone='no'", "&", ";", "&lt;", "&amp;", "&#65;", "&#x41;", "&#x", "&#0;", "'", "\"", "=", " ", "\t", "\r",
	"\n", "\r\n", "a", "xml", "xmlns", "xmlns:b='u'", ":", "-", ".", "1", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x8c\xb3", "\xff", "\xc1\x81", "\xe0\x81\x81", "\xf0\x81\x81\x81", "\xed\xa0\x80", "\xef\xbb\xbf", "\xef\xbf\xbe", "\x01", " b='x'", " xml:space='y'",
};

/* Replaces [at, at + old_size) by `text`, if there is room. */
static void splice(char *buffer, size_t *size, size_t at, size_t old_size, char const *text, size_t new_size)
{
	if (*size - old_size + new_size > SIZE_MAX_HERE)
		return;
	memmove(buffer + at + new_size, buffer + at + old_size, *size - at - old_size);
	memcpy(buffer + at, text, new_size);
	*size = *size - old_size + new_size;
}

static void mutate(char *buffer, size_t *size)
{
	size_t const           at = unit_below(*size + 1), rest = MIN(*size - at, (size_t)12);
	char const            *token = tokens[unit_below(ARRAY_SIZE(tokens))];
	struct document const *other = &documents[unit_below(document_count)];
	char                   byte = (char)(1 + unit_below(255));
	size_t                 from;

	switch (unit_below(6)) {
	case 0:
		splice(buffer, size, at, unit_below(rest + 1), "", 0);
		break;
	case 1:
	case 2:
		splice(buffer, size, at, 0, token, strlen(token));
		break;
	case 3:
		splice(buffer, size, at, MIN(rest, (size_t)1), token, strlen(token));
		break;
	case 4:
		splice(buffer, size, at, MIN(rest, (size_t)1), &byte, 1);
		break;
	default:
		from = unit_below(other->size + 1);
		splice(buffer, size, at, 0, other->text + from, unit_below(MIN(other->size - from, (size_t)40) + 1));
	}
}

static void ignore(void *context, char const *text, ...)
{
}

START_TEST(random_documents_are_judged_alike)
{
	char const *seconds = getenv("MUTATION_SECONDS");
	time_t      end = time(NULL) + (seconds ? atoi(seconds) : 2);
	char       *buffer = malloc(SIZE_MAX_HERE);
	size_t      size;

	xmlSetGenericErrorFunc(NULL, ignore);
	load_all("good", 60);
	load_all("bad", 120);
	load_all("../check_config/good", 30);
	load_all("../check_config/bad", 150);
	while (time(NULL) < end) {
		struct document const *d = &documents[unit_below(document_count)];
		char                  *exact;

		size = 0;
		splice(buffer, &size, 0, 0, d->text, d->size);
		for (uint64_t steps = 1 + unit_below(4); steps > 0; steps--)
			mutate(buffer, &size);
		exact = malloc(size ? size : 1);
		memcpy(exact, buffer, size);
		if (!agree(exact, size)) {
			fwrite(exact, 1, size, stderr);
			ck_abort_msg("from %s: we disagree with libxml2 on the document above", d->name);
		}
		free(exact);
	}
	free(buffer);
}
END_TEST

UNIT_MAIN(good_documents_are_good_for_both_and_mean_the_same, bad_documents_are_bad_for_both, what_only_libxml2_accepts_is_listed_with_a_reason,
          random_documents_are_judged_alike)
