/* SPDX-License-Identifier: MIT */
/* The leak check; see ledger.h. */
#include <core/ledger.h>

#include <core/account.h>
#include <core/core.h>
#include <core/log.h>
#include <core/parent.h>

uint64_t ledger_objects[RECORD_TYPES];

struct books {
	uint64_t free_pages;    /* of the machine, less those that are spoken for */
	uint64_t ram, caps;     /* used by init */
	uint64_t objects[RECORD_TYPES];
};

static struct books noted;

static void read_books(struct books *books)
{
	books->free_pages = core_memory.free - account_unbacked_pages;
	books->ram = init_account->ram_used;
	books->caps = init_account->caps_used;
	for (unsigned i = 0; i < RECORD_TYPES; i++)
		books->objects[i] = ledger_objects[i];
}

static void print_books(char const *when, struct books const *books)
{
	core_print("%s: init has %llu KiB of RAM and %llu caps in use, the machine %llu KiB free", when, (unsigned long long)books->ram * 4,
	           (unsigned long long)books->caps, (unsigned long long)books->free_pages * 4);
}

void ledger_note(void)
{
	read_books(&noted);
}

static bool compare(char const *what, uint64_t before, uint64_t now)
{
	if (before != now)
		core_print_plain("ledger: %s: %llu before, %llu now: %llu %s", what, (unsigned long long)before, (unsigned long long)now,
		                 (unsigned long long)(now > before ? now - before : before - now), now > before ? "more" : "less");
	return before == now;
}

bool ledger_compare(void)
{
	struct books books;
	bool clean = true;

	read_books(&books);
	print_books("before the first child", &noted);
	print_books("after the last child", &books);
	clean &= compare("free pages of the machine", noted.free_pages, books.free_pages);
	clean &= compare("pages used by init", noted.ram, books.ram);
	clean &= compare("caps used by init", noted.caps, books.caps);
	for (unsigned i = 0; i < RECORD_TYPES; i++) {
		char what[48];

		format_cut(what, sizeof(what), "objects of kind %s", record_type_name(i));
		clean &= compare(what, noted.objects[i], books.objects[i]);
	}
	if (clean)
		core_print_plain("ledger: clean");
	return clean;
}
