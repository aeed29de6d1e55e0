/* SPDX-License-Identifier: MIT */
/* <string.h>, <ctype.h>, <wchar.h>, and sorting and searching */
#define _GNU_SOURCE
#include "checks.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <fnmatch.h>

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

static int compare_ints(void const *a, void const *b)
{
	int const x = *(int const *)a, y = *(int const *)b;

	return (x > y) - (x < y);
}

static void check_memory(void)
{
	char buffer[64] = "abcdefghijklmnopqrstuvwxyz";

	SHOW("%s", (char *)memmove(buffer + 3, buffer, 10));
	SHOW("%s", buffer);
	SHOW("%s", (char *)memmove(buffer, buffer + 5, 10));
	SHOW("%s", (char *)memset(buffer, 'x', 5));
	SHOW("%d", sign(memcmp("abc", "abd", 3)));
	SHOW("%d", sign(memcmp("\xff", "\x01", 1)));
	SHOW("%td", (char *)memchr(buffer, 'z', 26) - buffer);
	SHOW("%s", (char *)memrchr("a/b/c", '/', 5));
	SHOW("%s", (char *)memmem("hello world", 11, "wor", 3));
	SHOW("%d", memchr("abc", 'z', 3) == NULL);
}

/* All places where blocks of up to 40 bytes can differ, at all alignments: how many comparisons go each way. */
static void check_comparisons(void)
{
	static char const text[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOP";
	char              other[sizeof(text)];
	int               below = 0, equal = 0, above = 0;

	for (int from = 0; from < 8; from++) {
		for (int size = 0; size <= 40; size++) {
			for (int at = 0; at < 48; at++) {
				int result;

				memcpy(other, text, sizeof(text));
				other[at] = (char)(at % 2 ? 0xf0 : 0x01);
				result = sign(memcmp(text + from, other + from, (size_t)size));
				below += result < 0, equal += !result, above += result > 0;
			}
		}
	}
	SHOW("%d", below);
	SHOW("%d", equal);
	SHOW("%d", above);
}

static void check_text(void)
{
	char buffer[64], *rest, text[] = "one,two,,three";

	SHOW("%zu", strlen("hello"));
	SHOW("%zu", strnlen("hello", 3));
	SHOW("%s", strcpy(buffer, "copy"));
	SHOW("%s", strncpy(buffer, "no", 4));
	SHOW("%s", strcat(buffer, "nsense"));
	SHOW("%s", strncat(buffer, " and more", 4));
	SHOW("%d", sign(strcmp("a", "b")));
	SHOW("%d", sign(strncmp("abc", "abd", 2)));
	SHOW("%d", sign(strcasecmp("HeLLo", "hello")));
	SHOW("%d", sign(strncasecmp("HELP", "help!", 4)));
	SHOW("%s", strchr("path/to/file", '/'));
	SHOW("%s", strrchr("path/to/file", '/'));
	SHOW("%s", strstr("the needle is here", "needle"));
	SHOW("%s", strcasestr("the NEEDLE is here", "needle"));
	SHOW("%zu", strspn("aabbcc", "ab"));
	SHOW("%zu", strcspn("aabbcc", "c"));
	SHOW("%s", strpbrk("key=value;", "=;"));
	SHOW("%s", strtok_r(text, ",", &rest));
	SHOW("%s", strtok_r(NULL, ",", &rest));
	SHOW("%s", strtok_r(NULL, ",", &rest));
	SHOW("%d", strtok_r(NULL, ",", &rest) == NULL);
	rest = strcpy(buffer, "a:b::c");
	SHOW("%s", strsep(&rest, ":"));
	SHOW("%s", strsep(&rest, ":"));
	SHOW("%zu", strlen(strsep(&rest, ":")));
	SHOW("%s", rest);
	SHOW("%s", stpcpy(buffer, "end") - 3);
	SHOW("%s", strdup("twin"));
	SHOW("%s", strndup("shortened", 5));
	SHOW("%d", sign(strcoll("a", "b")));
	SHOW("%d", sign(strverscmp("file9", "file10")));
	SHOW("%s", strchrnul("abc", 'z') - 1);
}

static void check_classes(void)
{
	int alpha = 0, digit = 0, space = 0, punct = 0, print = 0, xdigit = 0, upper = 0, cntrl = 0;

	for (int c = 0; c < 128; c++) {
		alpha += isalpha(c) != 0;
		digit += isdigit(c) != 0;
		space += isspace(c) != 0;
		punct += ispunct(c) != 0;
		print += isprint(c) != 0;
		xdigit += isxdigit(c) != 0;
		upper += isupper(c) != 0;
		cntrl += iscntrl(c) != 0;
	}
	SHOW("%d %d %d %d", alpha, digit, space, punct);
	SHOW("%d %d %d %d", print, xdigit, upper, cntrl);
	SHOW("%c%c", toupper('x'), tolower('X'));
	SHOW("%d", ffs(0x50));
}

static void check_order(void)
{
	int       numbers[100], seed = 1, key = 0;
	long long sum = 0;

	for (int i = 0; i < 100; i++) {
		seed = (seed * 1103 + 12345) % 65521;
		numbers[i] = seed;
	}
	key = numbers[42];
	qsort(numbers, 100, sizeof(int), compare_ints);
	for (int i = 0; i < 100; i++)
		sum = sum * 31 % 1000000007 + numbers[i];
	SHOW("%lld", sum);
	SHOW("%d", *(int *)bsearch(&key, numbers, 100, sizeof(int), compare_ints) == key);
	key = -1;
	SHOW("%d", bsearch(&key, numbers, 100, sizeof(int), compare_ints) == NULL);
}

static void check_patterns(void)
{
	regex_t    regex;
	regmatch_t match[3];

	SHOW("%d", regcomp(&regex, "([a-z]+)=([0-9]+)", REG_EXTENDED));
	SHOW("%d", regexec(&regex, "  width=640;", 3, match, 0));
	SHOW("%d %d", (int)match[1].rm_so, (int)match[1].rm_eo);
	SHOW("%d %d", (int)match[2].rm_so, (int)match[2].rm_eo);
	SHOW("%d", regexec(&regex, "no match", 3, match, 0) == REG_NOMATCH);
	regfree(&regex);
	SHOW("%d", regcomp(&regex, "a(b", REG_EXTENDED) == REG_EPAREN);
	SHOW("%d", fnmatch("*.[ch]", "main.c", 0));
	SHOW("%d", fnmatch("*.[ch]", "main.o", 0) == FNM_NOMATCH);
	SHOW("%d", fnmatch("*/x", "a/b/x", FNM_PATHNAME) == FNM_NOMATCH);
}

void check_strings(void)
{
	check_memory();
	check_comparisons();
	check_text();
	check_classes();
	check_order();
	check_patterns();
}
