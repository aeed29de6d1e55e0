/* SPDX-License-Identifier: MIT */
/* What boots: memory and boot modules, and what of the machine core gives to init. */
#include "check.h"
#include <base/platform/elf.h>
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

enum {
	RESERVE       = 1 << 20,    /* firmware, kernel and core, beside the boot modules; at least */
	PAGES_PER_CAP = 4,          /* core/boot.c */
};

struct machine machine = { .init = "init", .memory_bytes = UINT64_C(256) << 20 };

/* Runs over the names; the first call has *at at the beginning. */
static bool next_word(char const **at, char *word, size_t size)
{
	size_t length;

	*at += strspn(*at, " ");
	length = strcspn(*at, " ");
	if (!length || length >= size)
		return false;
	memcpy(word, *at, length);
	word[length] = '\0';
	*at += length;
	return true;
}

bool machine_has_module(char const *name)
{
	char        word[LABEL_SIZE];
	char const *at = machine.modules;

	if (strcmp(name, "acpi") == 0)    /* the kernel makes it */
		return true;
	while (next_word(&at, word, sizeof(word))) {
		if (strcmp(word, name) == 0 && strcmp(name, "core") != 0)
			return true;
	}
	/* core makes one itself (core/machine_rom.c). */
	return strcmp(name, "machine") == 0;
}

char const *machine_meant(char const *name)
{
	char        word[LABEL_SIZE];
	char const *at = machine.modules, *best = NULL;

	while (next_word(&at, word, sizeof(word))) {
		if (text_is_meant(name, word, best))
			best = text_of("%s", word);
	}
	return best;
}

char const *machine_file(char const *name)
{
	return machine.boot && machine_has_module(name) ? text_of("%s/%s", machine.boot, name) : NULL;
}

struct quota machine_quota(void)
{
	char        word[LABEL_SIZE];
	char const *at   = machine.modules;
	uint64_t    used = RESERVE;
	struct stat state;

	while (machine.boot && next_word(&at, word, sizeof(word))) {
		if (stat(text_of("%s/%s", machine.boot, word), &state) == 0)
			used += quota_pages((uint64_t)state.st_size);
	}
	used = MIN(used, machine.memory_bytes);
	return (struct quota) { machine.memory_bytes - used, (machine.memory_bytes - used) / PAGE_SIZE / PAGES_PER_CAP };
}

bool machine_provides(char const *service)
{
	static char const *const names[] = { "LOG", "RAM", "CAP", "SIGNAL", "CPU", "PD", "RM", "ROM", "IRQ", "IO_MEM", "IO_PORT", "TRACE" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], service) == 0)
			return true;
	}
	return false;
}

bool machine_image(char const *name, struct cost_image *image, char const **defect)
{
	char const      *path = machine_file(name);
	FILE            *file = path ? fopen(path, "rb") : NULL;
	uint8_t          headers[ELF_HEADERS_MAX];
	struct elf_image elf = { .base = 0 };
	struct stat      state;
	size_t           size;

	*defect = NULL;
	*image = (struct cost_image) { .mapped = 2, .data_bytes = PAGE_SIZE };
	if (!file)
		return !machine.boot && machine_has_module(name);
	size = fread(headers, 1, sizeof(headers), file);
	*defect = fstat(fileno(file), &state) == 0 ? elf_decode(&elf, headers, size, (uint64_t)state.st_size) : "cannot be read";
	fclose(file);
	if (*defect)
		return false;
	*image = (struct cost_image) { .end = elf.end };
	for (unsigned i = 0; i < elf.count; i++) {
		struct elf_segment const *segment = &elf.segments[i];

		if (segment->kind != ELF_DATA)
			image->mapped++;
		else
			image->data_bytes += align_up(segment->address + segment->memory_size, PAGE_SIZE) - align_down(segment->address, PAGE_SIZE);
	}
	return true;
}
