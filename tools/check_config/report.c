/* SPDX-License-Identifier: MIT */
/* Problems are kept, so that they come out in the order of the lines, each once; and what was proved, assumed and is not known. */
#include "check.h"
#include <stdarg.h>
#include <string.h>

struct note {
	struct note *next;
	char const  *text;
};

static struct problem *problems;
static struct note    *assumptions, *unknowns;
static unsigned        proved_count, assumed_count, unknown_count;

/* --- Problems --- */

static int compare(struct problem const *a, struct problem const *b)
{
	int const files = strcmp(a->file, b->file);

	if (files)
		return files;
	if (a->at.line != b->at.line)
		return a->at.line < b->at.line ? -1 : 1;
	return a->at.column < b->at.column ? -1 : a->at.column > b->at.column;
}

struct problem *problem_add(enum severity severity, char const *file, struct position at, char const *text, ...)
{
	struct problem **end = &problems, *problem;
	va_list          arguments;

	NEW(problem);
	va_start(arguments, text);
	*problem = (struct problem) { .severity = severity, .file = file, .at = at, .text = text_of_list(text, arguments) };
	va_end(arguments);
	while (*end && compare(*end, problem) <= 0) {
		if (compare(*end, problem) == 0 && strcmp((*end)->text, problem->text) == 0)
			return problem;    /* said already: this one goes nowhere */
		end = &(*end)->next;
	}
	problem->next = *end;
	return *end = problem;
}

void problem_more(struct problem *problem, char const *text, ...)
{
	va_list arguments;

	if (problem->more_count == PROBLEM_LINES)
		return;
	va_start(arguments, text);
	problem->more[problem->more_count++] = text_of_list(text, arguments);
	va_end(arguments);
}

bool problem_is_at(char const *file, unsigned line)
{
	for (struct problem const *problem = problems; problem; problem = problem->next) {
		if (problem->at.line == line && strcmp(problem->file, file) == 0)
			return true;
	}
	return false;
}

struct problem const *problem_next(struct problem const *problem)
{
	return problem ? problem->next : problems;
}

/* --- The balance --- */

/* Adds it at the end, unless it is there. */
static bool note(struct note **list, char const *text, va_list arguments)
{
	struct note *entry;

	NEW(entry);
	entry->text = text_of_list(text, arguments);
	for (; *list; list = &(*list)->next) {
		if (strcmp((*list)->text, entry->text) == 0)
			return false;
	}
	*list = entry;
	return true;
}

void proved(void)
{
	proved_count++;
}

void assumed(char const *text, ...)
{
	va_list arguments;

	va_start(arguments, text);
	assumed_count += note(&assumptions, text, arguments);
	va_end(arguments);
}

void unknown(char const *text, ...)
{
	va_list arguments;

	va_start(arguments, text);
	unknown_count += note(&unknowns, text, arguments);
	va_end(arguments);
}

static void print(FILE *to, struct problem const *problem)
{
	fprintf(to, "%s:%u:", problem->file, problem->at.line);
	if (problem->at.column)
		fprintf(to, "%u:", problem->at.column);
	fprintf(to, " %s: %s\n", problem->severity == SEVERITY_ERROR ? "error" : "warning", problem->text);
	for (unsigned i = 0; i < problem->more_count; i++)
		fprintf(to, "    %s\n", problem->more[i]);
}

static void print_notes(FILE *to, char const *kind, struct note const *list)
{
	for (; list; list = list->next)
		fprintf(to, "%s: %s\n", kind, list->text);
}

unsigned report_all(FILE *to)
{
	unsigned errors = 0;

	for (struct problem const *problem = problems; problem; problem = problem->next) {
		print(to, problem);
		errors += problem->severity == SEVERITY_ERROR;
	}
	print_notes(to, "assumed", assumptions);
	print_notes(to, "unknown", unknowns);
	fprintf(to, "proved %u, assumed %u, unknown %u\n", proved_count, assumed_count, unknown_count);
	return errors;
}

void report_forget(void)
{
	problems = NULL;
	assumptions = unknowns = NULL;
	proved_count = assumed_count = unknown_count = 0;
}
