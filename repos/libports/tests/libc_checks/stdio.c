/* SPDX-License-Identifier: MIT */
/* <stdio.h>: formats, scanning, streams */
#define _GNU_SOURCE
#include "checks.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static void check_formats(void)
{
	char buffer[32];

	SHOW("[%5d|%-5d|%05d|%+d]", 42, 42, 42, 42);
	SHOW("[%x|%X|%#x|%o|%#o]", 255, 255, 255, 8, 8);
	SHOW("[%10.3f|%-10.2f|%e|%G]", 3.14159, 2.71828, 12345.678, 1e-10);
	SHOW("[%s|%10s|%-10s|%.2s]", "abc", "abc", "abc", "abc");
	SHOW("[%c|%%|%5c]", 'x', 'y');
	SHOW("[%lld|%llu|%hhd|%hd]", (long long)INT64_MIN, (unsigned long long)UINT64_MAX, (signed char)-1, (short)-32768);
	SHOW("[%zu|%td|%jd]", (size_t)SIZE_MAX, (ptrdiff_t)-1, (intmax_t)7);
	SHOW("[%*d|%-*d|%.*f]", 6, 42, 6, 42, 2, 1.005);
	SHOW("[% d|% d]", 5, -5);
	SHOW("[%g|%g|%g|%g]", 100000.0, 1000000.0, 0.0001, 0.00001);
	SHOW("[%.0f|%.0f|%.0f]", 0.5, 1.5, 2.5);
	SHOW("[%.15g|%.17g]", 0.1, 0.1);
	SHOW("[%f|%F|%e]", 1.0 / 3, 1e15, 0.0);
	SHOW("[%.50f]", 0.1);
	SHOW("[%Lf]", 1.5L);
	SHOW("%d", snprintf(buffer, sizeof(buffer), "%s", "a text that does not fit into thirty-two bytes"));
	SHOW("%s", buffer);
	SHOW("%d", snprintf(NULL, 0, "%d", 12345));
	SHOW("%d", snprintf(buffer, sizeof(buffer), "%2$s %1$s", "world", "hello"));
	SHOW("%s", buffer);
	SHOW("[%ls]", L"wide");
}

static void check_scanning(void)
{
	int      a = 0, b = 0, n = 0;
	unsigned x = 0;
	double   d = 0;
	char     word[16] = "", set[16] = "";
	long     big = 0;

	SHOW("%d", sscanf("12 -34", "%d %d", &a, &b));
	SHOW("%d %d", a, b);
	SHOW("%d", sscanf("0xff 077", "%x %i", &x, &a));
	SHOW("%u %d", x, a);
	SHOW("%d", sscanf("3.5e2rest", "%lf%n", &d, &n));
	SHOW("%g %d", d, n);
	SHOW("%d", sscanf("key: value", "%[a-z]: %15s", set, word));
	SHOW("%s %s", set, word);
	SHOW("%d", sscanf("9999999999", "%ld", &big));
	SHOW("%ld", big);
	SHOW("%d", sscanf("abc", "%d", &a));
	SHOW("%d", sscanf("", "%d", &a));
	SHOW("%d", sscanf("5 apples", "%*d %s", word));
	SHOW("%s", word);
}

static void check_streams(char const *path)
{
	FILE  *file = fopen(path, "w+");
	char   line[64], *text = NULL;
	size_t size = 0;

	SHOW("%d", file != NULL);
	SHOW("%d", fprintf(file, "first line\nsecond %d\n", 2));
	SHOW("%d", fputs("third\n", file) >= 0);
	SHOW("%ld", ftell(file));
	rewind(file);
	SHOW("%s", fgets(line, 6, file));
	SHOW("%s", fgets(line, sizeof(line), file));
	SHOW("%d", fscanf(file, "second %zu", &size));
	SHOW("%zu", size);
	SHOW("%d", fgetc(file));
	SHOW("%d", ungetc('T', file));
	SHOW("%s", fgets(line, sizeof(line), file));
	SHOW("%d", feof(file));
	SHOW("%d", fgetc(file) == EOF);
	SHOW("%d", fgetc(file) == EOF);
	SHOW("%d", feof(file) != 0);
	SHOW("%d", fseek(file, -6, SEEK_END));
	SHOW("%zu", fread(line, 1, 3, file));
	SHOW("%.3s", line);
	SHOW("%d", fseek(file, 0, SEEK_SET));
	SHOW("%zd", getline(&text, &(size_t) { 0 }, file));
	SHOW("%s", text);
	SHOW("%zu", fwrite("XYZ", 1, 3, (fseek(file, 0, SEEK_SET), file)));
	SHOW("%d", fclose(file));
	SHOW("%d", (file = fopen(path, "a")) != NULL);
	SHOW("%d", fputs("appended\n", file) >= 0);
	SHOW("%d", fclose(file));
	file = fopen(path, "r");
	SHOW("%zu", fread(line, 1, sizeof(line), file));
	SHOW("%.10s", line);
	SHOW("%d", fputs("x", file) == EOF);
	SHOW("%d", ferror(file) != 0);
	SHOW("%d", fclose(file));
	SHOW("%d", fopen("/no/such/file", "r") == NULL && errno == ENOENT);
}

static void check_memory_streams(void)
{
	char  *text, buffer[16] = "";
	size_t size;
	FILE  *file = open_memstream(&text, &size);

	for (int i = 0; i < 100; i++)
		fprintf(file, "%d,", i);
	fclose(file);
	SHOW("%zu", size);
	SHOW("%.20s", text);
	free(text);
	file = fmemopen(buffer, sizeof(buffer), "w");
	fputs("in memory", file);
	fclose(file);
	SHOW("%s", buffer);
}

void check_stdio(char const *directory)
{
	char path[256];

	check_formats();
	check_scanning();
	snprintf(path, sizeof(path), "%s/stream", directory);
	check_streams(path);
	remove(path);
	check_memory_streams();
}
