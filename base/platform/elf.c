/* SPDX-License-Identifier: MIT */
/*
 * Decoding, checking and relocating of ELF images, after the System V ABI (gabi, chapters 4 and 5) and its x86-64 supplement.
 */
#include "elf.h"

#include <base/assert.h>
#include <base/string.h>

struct elf_header {
	uint8_t  ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, program_headers, section_headers;
	uint32_t flags;
	uint16_t size, program_header_size, program_header_count, section_header_size, section_header_count, strings;
};

struct program_header {
	uint32_t type, flags;
	uint64_t offset, address, physical, file_size, memory_size, align;
};

struct dynamic { uint64_t tag, value; };
struct relocation { uint64_t offset, info, addend; };

static_assert(sizeof(struct elf_header) == 64 && sizeof(struct program_header) == 56 && sizeof(struct relocation) == 24, "ELF64");

enum {
	TYPE_SHARED = 3, MACHINE_X86_64 = 62,
	SEGMENT_LOAD = 1, SEGMENT_DYNAMIC = 2, SEGMENT_INTERPRETER = 3, SEGMENT_NOTE = 4,
	FLAG_EXECUTE = 1, FLAG_WRITE = 2,
	DYNAMIC_END = 0, DYNAMIC_NEEDED = 1, DYNAMIC_RELA = 7, DYNAMIC_RELA_SIZE = 8, DYNAMIC_REL = 17, DYNAMIC_PLT = 23, DYNAMIC_RELR = 36,
	RELOCATION_NONE = 0, RELOCATION_RELATIVE = 8,
};

/* All addresses of an image are below; more than the address space between the image and the stack area. */
#define IMAGE_MAX 0x8000000UL

static char const *decode_header(struct elf_header const *header, size_t size)
{
	static uint8_t const ident[] = { 0x7f, 'E', 'L', 'F' };

	if (size < sizeof(*header) || memcmp(header->ident, ident, sizeof(ident)) != 0)
		return "not an ELF file";
	if (header->ident[4] != 2 || header->ident[5] != 1 || header->machine != MACHINE_X86_64)
		return "not for x86-64";
	if (header->type != TYPE_SHARED)
		return "not position-independent";
	if (header->program_header_size != sizeof(struct program_header) ||
	    !is_within(header->program_headers, header->program_header_count * sizeof(struct program_header), size))
		return "its program headers are not in the first KiB";
	return NULL;
}

static char const *decode_load(struct elf_image *image, struct program_header const *header, uint64_t file_size)
{
	struct elf_segment *segment = &image->segments[image->count];

	if (!header->memory_size)
		return NULL;
	if (image->count == ELF_SEGMENTS)
		return "too many segments";
	if ((header->flags & FLAG_WRITE) && (header->flags & FLAG_EXECUTE))
		return "a segment is writable and executable";
	if (header->file_size > header->memory_size || !is_within(header->offset, header->file_size, file_size))
		return "a segment is not in the file, which was cut perhaps";
	if (!is_within(header->address, header->memory_size, IMAGE_MAX) || !is_aligned(header->address - header->offset, PAGE_SIZE) ||
	    align_down(header->address, PAGE_SIZE) < align_up(image->end, PAGE_SIZE))
		return "its segments overlap, are out of order or too large";
	if (!(header->flags & FLAG_WRITE) && header->file_size != header->memory_size)
		return "a segment of constants is larger than in the file";
	*segment = (struct elf_segment) {
		.kind        = header->flags & FLAG_WRITE ? ELF_DATA : header->flags & FLAG_EXECUTE ? ELF_TEXT : ELF_CONSTANTS,
		.address     = header->address,
		.offset      = header->offset,
		.file_size   = header->file_size,
		.memory_size = header->memory_size,
	};
	image->end = header->address + header->memory_size;
	image->count++;
	return NULL;
}

static char const *decode_segment(struct elf_image *image, struct program_header const *header, uint64_t file_size)
{
	switch (header->type) {
	case SEGMENT_LOAD:
		return decode_load(image, header, file_size);
	case SEGMENT_DYNAMIC:
		image->dynamic = header->address;
		image->dynamic_size = header->memory_size;
		return NULL;
	case SEGMENT_NOTE:
		if (image->note_count == ELF_NOTES)
			return "too many notes";
		image->notes[image->note_count].address = header->address;
		image->notes[image->note_count++].size = header->memory_size;
		return NULL;
	case SEGMENT_INTERPRETER:
		return "dynamically linked";
	}
	return NULL;
}

/* The segment of one of the kinds in `kinds` (bits) that holds the range, or NULL. */
static struct elf_segment const *segment_of(struct elf_image const *image, uint64_t address, uint64_t size, unsigned kinds)
{
	for (unsigned i = 0; i < image->count; i++) {
		struct elf_segment const *segment = &image->segments[i];

		if (address >= segment->address && is_within(address - segment->address, size, segment->memory_size))
			return kinds >> segment->kind & 1 ? segment : NULL;
	}
	return NULL;
}

static unsigned const any_kind = 1 << ELF_CONSTANTS | 1 << ELF_TEXT | 1 << ELF_DATA;

char const *elf_decode(struct elf_image *image, void const *headers, size_t size, uint64_t file_size)
{
	struct elf_header header = { .entry = 0 };
	char const       *defect;

	*image = (struct elf_image) { .base = image->base };
	memcpy(&header, headers, MIN(size, sizeof(header)));
	defect = decode_header(&header, size);
	for (unsigned i = 0; !defect && i < header.program_header_count; i++) {
		struct program_header segment;

		memcpy(&segment, (uint8_t const *)headers + header.program_headers + i * sizeof(segment), sizeof(segment));
		defect = decode_segment(image, &segment, file_size);
	}
	if (defect)
		return defect;
	if (!segment_of(image, header.entry, 1, 1 << ELF_TEXT))
		return "its entry point is not in its text";
	if (image->dynamic_size && !segment_of(image, image->dynamic, image->dynamic_size, any_kind))
		return "its dynamic section is not in its image";
	for (unsigned i = 0; i < image->note_count; i++)
		if (!segment_of(image, image->notes[i].address, image->notes[i].size, any_kind))
			return "its notes are not in its image";
	image->entry = header.entry;
	return NULL;
}

enum { NOTE_HEAD = offsetof(struct platform_note, major) };    /* what all notes of ours have */

/* Looks through `size` bytes of notes for one of ours of that type with so much in it. */
static bool find_note(uint8_t const *notes, uint64_t size, enum note_type type, struct platform_note *note)
{
	static char const name[8] = "Banyan";
	uint64_t const    content = type == NOTE_PLATFORM ? sizeof(*note) - NOTE_HEAD : 0;

	for (uint64_t at = 0; is_within(at, NOTE_HEAD, size); ) {
		memcpy(note, notes + at, NOTE_HEAD);
		if (note->name_size == strlen(name) + 1 && note->type == type && memcmp(note->name, name, sizeof(name)) == 0) {
			if (note->size < content || !is_within(at + NOTE_HEAD, content, size))
				return false;
			memcpy((uint8_t *)note + NOTE_HEAD, notes + at + NOTE_HEAD, content);
			return true;
		}
		at += offsetof(struct platform_note, name) + align_up(note->name_size, 4) + align_up(note->size, 4);
	}
	return false;
}

static bool find_in_image(struct elf_image const *image, enum note_type type, struct platform_note *note)
{
	for (unsigned i = 0; i < image->note_count; i++)
		if (find_note((uint8_t const *)image->base + image->notes[i].address, image->notes[i].size, type, note))
			return true;
	return false;
}

bool elf_find_note(struct elf_image const *image, struct platform_note *note)
{
	return find_in_image(image, NOTE_PLATFORM, note);
}

bool elf_is_heavy(struct elf_image const *image)
{
	struct platform_note note;

	return find_in_image(image, NOTE_HEAVY, &note);
}

static char const *apply(struct elf_image const *image, uint64_t table, uint64_t size)
{
	if (!segment_of(image, table, size, any_kind))
		return "its relocations are not in its image";
	for (uint64_t at = 0; is_within(at, sizeof(struct relocation), size); at += sizeof(struct relocation)) {
		struct relocation relocation;
		uint64_t          value;

		memcpy(&relocation, (void const *)(image->base + table + at), sizeof(relocation));
		if (relocation.info == RELOCATION_NONE)
			continue;
		if (relocation.info != RELOCATION_RELATIVE)
			return "it has relocations other than RELATIVE";
		if (!segment_of(image, relocation.offset, sizeof(value), 1 << ELF_DATA))
			return "it has relocations outside its data";
		value = image->base + relocation.addend;
		memcpy((void *)(image->base + relocation.offset), &value, sizeof(value));
	}
	return NULL;
}

char const *elf_relocate(struct elf_image const *image)
{
	uint64_t table = 0, size = 0;

	for (uint64_t at = 0; is_within(at, sizeof(struct dynamic), image->dynamic_size); at += sizeof(struct dynamic)) {
		struct dynamic entry;

		memcpy(&entry, (void const *)(image->base + image->dynamic + at), sizeof(entry));
		if (entry.tag == DYNAMIC_END)
			break;
		if (entry.tag == DYNAMIC_RELA)
			table = entry.value;
		if (entry.tag == DYNAMIC_RELA_SIZE)
			size = entry.value;
		if (entry.tag == DYNAMIC_NEEDED || entry.tag == DYNAMIC_REL || entry.tag == DYNAMIC_PLT || entry.tag == DYNAMIC_RELR)
			return "dynamically linked";
	}
	return size ? apply(image, table, size) : NULL;
}
