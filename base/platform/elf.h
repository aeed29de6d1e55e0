/* SPDX-License-Identifier: MIT */
/*
 * What the loader takes from an ELF file: static position-independent executables for x86-64, with at most ELF_SEGMENTS
 * segments to load, whose headers are in the first ELF_HEADERS_MAX bytes. Pure functions; they return NULL or, in a few
 * words, what is wrong.
 */
#pragma once

#include <base/startup.h>
#include <base/types.h>

enum { ELF_SEGMENTS = 8, ELF_NOTES = 4, ELF_HEADERS_MAX = 1024 };

enum elf_kind { ELF_CONSTANTS, ELF_TEXT, ELF_DATA };

struct elf_segment {
	enum elf_kind kind;
	uint64_t      address;      /* relative to the image */
	uint64_t      offset;       /* in the file; the same place in a page as the address */
	uint64_t      file_size, memory_size;
};

struct elf_image {
	uint64_t           base;    /* where the image stands */
	uint64_t           entry, end;
	uint64_t           dynamic, dynamic_size;
	unsigned           count, note_count;
	struct elf_segment segments[ELF_SEGMENTS];
	struct { uint64_t address, size; } notes[ELF_NOTES];
};

/* headers: the first `size` bytes of the file, which has `file_size`. Sets all but `base`. */
char const *elf_decode(struct elf_image *image, void const *headers, size_t size, uint64_t file_size);

/* The image is in place at image->base. */
bool        elf_find_note(struct elf_image const *image, struct platform_note *note);
bool        elf_is_heavy(struct elf_image const *image);
char const *elf_relocate(struct elf_image const *image);
