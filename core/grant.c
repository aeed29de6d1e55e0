/* SPDX-License-Identifier: MIT */
/* What labels grant; see grant.h. */
#include <core/grant.h>

#include <base/format.h>
#include <base/string.h>

static struct { char const *name; bool ranges; } const kinds[GRANT_KINDS] = {
	[GRANT_IRQ] = { "irq", true }, [GRANT_MSI] = { "msi", false }, [GRANT_PORTS] = { "ports", true },
	[GRANT_DANGEROUS_PORTS] = { "dangerous_ports", true }, [GRANT_MEMORY] = { "memory", true }, [GRANT_DMA] = { "dma", false },
};

/* A word of a grant: up to a blank, the end of the element, or that of the label. */
struct word { char const *start; size_t size; };

static bool ends(char const *at) { return !*at || string_starts_with(at, " -> "); }

/* The next word behind `at`; size 0: there is none. */
static struct word next_word(char const *at)
{
	struct word word;

	while (*at == ' ' && !ends(at))
		at++;
	word.start = at;
	while (!ends(at) && *at != ' ')
		at++;
	word.size = at - word.start;
	return word;
}

static bool word_is(struct word word, char const *text)
{
	return strlen(text) == word.size && string_starts_with(word.start, text);
}

/* The words of a label's grant begin here; *given: it has one, else they are what everybody has. */
static char const *grant_of(char const *label, bool *given)
{
	static char const own[] = "init -> ", everybodys[] = "irq 2 ports 0x40-0x43";
	struct word first = next_word(string_starts_with(label, own) ? label + sizeof(own) - 1 : "");

	*given = word_is(first, "grant");
	return *given ? first.start + first.size : everybodys;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* A number, decimal or with 0x, before `end`; returns what is behind it, or NULL: there is none, or it is too large. */
static char const *number(char const *at, char const *end, uint64_t *value)
{
	unsigned base = end - at > 2 && at[0] == '0' && at[1] == 'x' ? 16 : 10;
	char const *first = at += base == 16 ? 2 : 0;

	*value = 0;
	for (; at < end && (unsigned)digit_of(*at) < base; at++)
		if (__builtin_mul_overflow(*value, base, value) || __builtin_add_overflow(*value, digit_of(*at), value))
			return NULL;
	return at > first ? at : NULL;
}

/* A range, N or N-N. False: it is none. */
static bool range(struct word word, uint64_t *first, uint64_t *last)
{
	char const *end = word.start + word.size, *at = number(word.start, end, first);

	if (word_is(word, "all")) {
		*first = 0;
		*last = UINT64_MAX;
		return true;
	}
	*last = *first;
	if (at && at < end && *at == '-')
		at = number(at + 1, end, last);
	return at == end && *first <= *last;
}

static enum grant_kind kind_of(struct word word)
{
	unsigned kind = 0;

	while (kind < GRANT_KINDS && !word_is(word, kinds[kind].name))
		kind++;
	return (enum grant_kind)kind;
}

/*
 * Looks for a range that holds [first, last]. NULL: it is there; else the place where the search ended: the end, or what is neither a kind nor a
 * range. Bound: the length of a label.
 */
static char const *search(char const *at, enum grant_kind wanted, uint64_t first, uint64_t last)
{
	enum grant_kind kind = GRANT_KINDS;
	struct word word;

	for (word = next_word(at); word.size; word = next_word(word.start + word.size)) {
		enum grant_kind next = kind_of(word);
		uint64_t from, to;

		if (next != GRANT_KINDS)
			kind = next;
		else if (kind == GRANT_KINDS || !kinds[kind].ranges || !range(word, &from, &to))
			break;
		else if (kind == wanted && from <= first && last <= to)
			return NULL;
		if (next == wanted && !kinds[next].ranges)
			return NULL;
	}
	return word.start;
}

bool grant_holds(char const *label, enum grant_kind kind, uint64_t first, uint64_t last)
{
	bool given;

	return !search(grant_of(label, &given), kind, first, last);
}

char const *grant_advice(char const *label, enum grant_kind kind, uint64_t first, uint64_t last)
{
	static char text[192];
	char ranges[48] = "";
	bool given;
	char const *stop = search(grant_of(label, &given), kind, first, last);

	if (kinds[kind].ranges && first == last)
		format_cut(ranges, sizeof(ranges), kind == GRANT_IRQ ? " %llu" : " 0x%llx", (unsigned long long)first);
	else if (kinds[kind].ranges)
		format_cut(ranges, sizeof(ranges), " 0x%llx-0x%llx", (unsigned long long)first, (unsigned long long)last);
	if (stop && !ends(stop))
		format_cut(text, sizeof(text), "its grant cannot be read from \"%s\" on", stop);
	else
		format_cut(text, sizeof(text), "%s; to allow it, have init's route say <parent label=\"grant %s%s\"/>",
		           given ? "its label grants other devices" : "its label grants no device", kinds[kind].name, ranges);
	return text;
}
