/* SPDX-License-Identifier: MIT */
/*
 * rpcgen [-I DIRECTORY]... [-d DEPFILE] INPUT OUTPUT: makes the header of one interface file.
 */
#include "rpcgen.h"

static void close_output(char const *path)
{
	if (ferror(output) | fclose(output))
		fail(NULL, "cannot write %s", path);
}

static void open_output(char const *path)
{
	output = fopen(path, "w");
	if (!output)
		fail(NULL, "cannot write %s", path);
}

static void write_dependencies(char const *path, char const *target)
{
	open_output(path);
	fprintf(output, "%s:", target);
	for (struct file *file = files; file; file = file->next)
		fprintf(output, " %s", file->path);
	fprintf(output, "\n");
	for (struct file *file = files->next; file; file = file->next)
		fprintf(output, "%s:\n", file->path);
	close_output(path);
}

static char const usage[] = "usage: rpcgen [-I DIRECTORY]... [-d DEPFILE] INPUT OUTPUT";

int main(int argc, char **argv)
{
	char const **directories = allocate(((size_t)argc + 1) * sizeof(*directories)), *dependencies = NULL;
	int          i, count = 0;

	if (argc == 2 && text_is(argv[1], "--help")) {
		puts(usage);
		return 0;
	}
	for (i = 1; i + 2 < argc && argv[i][0] == '-'; i += 2) {
		if (text_is(argv[i], "-I"))
			directories[count++] = argv[i + 1];
		else if (text_is(argv[i], "-d"))
			dependencies = argv[i + 1];
		else
			break;
	}
	if (i + 2 != argc)
		fail(NULL, "%s", usage);
	parse(lex(argv[i], text_import_name(argv[i]), NULL), directories);
	check();
	open_output(argv[i + 1]);
	emit_header(files);
	close_output(argv[i + 1]);
	if (dependencies)
		write_dependencies(dependencies, argv[i + 1]);
	return 0;
}
