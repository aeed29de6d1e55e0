/* SPDX-License-Identifier: MIT */
/*
 * What the loader makes of ELF files: a good one made here, each defect, and noise. The image that is relocated is in
 * memory of the host.
 */
#include "unit.h"
#include <elf.h>
#include <string.h>

#include "base/platform/elf.h"

enum { FILE_SIZE = 0x3000, NOTE_AT = 0x400, RELA_AT = 0x500, DYNAMIC_AT = 0x2100, DATA_AT = 0x2000, TEXT_AT = 0x1000, MEMORY = 0x5000 };

struct file {
	Elf64_Ehdr header;
	Elf64_Phdr segments[7];
};

static unsigned char file[FILE_SIZE] __attribute__((aligned(4096)));

static struct file *good_file(void)
{
	struct file *f = (struct file *)file;

	memset(file, 0, sizeof(file));
	f->header = (Elf64_Ehdr) {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1 }, .e_type = ET_DYN, .e_machine = EM_X86_64, .e_entry = TEXT_AT + 4,
		.e_phoff = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 6,
	};
	f->segments[0] = (Elf64_Phdr) { .p_type = PT_LOAD, .p_flags = PF_R, .p_filesz = 0x800, .p_memsz = 0x800 };
	f->segments[1] = (Elf64_Phdr) {
		.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = TEXT_AT, .p_vaddr = TEXT_AT, .p_filesz = 0x10, .p_memsz = 0x10,
	};
	f->segments[2] = (Elf64_Phdr) {
		.p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_offset = DATA_AT, .p_vaddr = DATA_AT, .p_filesz = 0x200, .p_memsz = 0x2000,
	};
	f->segments[3] = (Elf64_Phdr) { .p_type = PT_DYNAMIC, .p_vaddr = DYNAMIC_AT, .p_memsz = 4 * sizeof(Elf64_Dyn) };
	f->segments[4] = (Elf64_Phdr) { .p_type = PT_NOTE, .p_vaddr = NOTE_AT, .p_memsz = 24 };
	f->segments[5] = (Elf64_Phdr) { .p_type = PT_GNU_STACK };

	struct platform_note note = { sizeof("Banyan"), 4, NOTE_PLATFORM, "Banyan", 1, 21 };
	Elf64_Rela relocations[] = { { DATA_AT + 8, R_X86_64_RELATIVE, 0x1234 }, { DATA_AT + 0x1f00, R_X86_64_RELATIVE, 0x10 } };
	Elf64_Dyn  dynamic[] = {
		{ DT_RELA, { RELA_AT } }, { DT_RELASZ, { sizeof(relocations) } }, { DT_RELAENT, { sizeof(Elf64_Rela) } }, { DT_NULL, { 0 } },
	};

	memcpy(file + NOTE_AT, &note, sizeof(note));
	memcpy(file + RELA_AT, relocations, sizeof(relocations));
	memcpy(file + DYNAMIC_AT, dynamic, sizeof(dynamic));
	return f;
}

static char const *decode(struct elf_image *image)
{
	*image = (struct elf_image) { .base = image->base };
	return elf_decode(image, file, ELF_HEADERS_MAX, FILE_SIZE);
}

/* The file's segments, where the loader would have put them. */
static void place(struct elf_image *image, unsigned char *memory)
{
	memset(memory, 0, MEMORY);
	memcpy(memory, file, FILE_SIZE);
	image->base = (uint64_t)memory;
}

static unsigned char *new_memory(void)
{
	return aligned_alloc(4096, MEMORY);
}

START_TEST(a_good_file_is_decoded_and_relocated)
{
	struct elf_image     image  = { 0 };
	unsigned char       *memory = new_memory();
	struct platform_note note;
	uint64_t             value;

	good_file();
	ck_assert_ptr_null(decode(&image));
	ck_assert_uint_eq(image.count, 3);
	ck_assert(image.segments[0].kind == ELF_CONSTANTS && image.segments[1].kind == ELF_TEXT && image.segments[2].kind == ELF_DATA);
	ck_assert_uint_eq(image.entry, TEXT_AT + 4);
	ck_assert_uint_eq(image.end, 0x4000);
	place(&image, memory);
	ck_assert(elf_find_note(&image, &note));
	ck_assert(note.major == 1 && note.minor == 21);
	ck_assert_ptr_null(elf_relocate(&image));
	memcpy(&value, memory + DATA_AT + 8, sizeof(value));
	ck_assert_uint_eq(value, image.base + 0x1234);
	memcpy(&value, memory + DATA_AT + 0x1f00, sizeof(value));
	ck_assert_uint_eq(value, image.base + 0x10);
	free(memory);
}
END_TEST

#define REJECTS(change, defect)                            \
	do {                                                   \
		struct elf_image image_ = { 0 };                   \
		struct file     *f      = good_file();             \
		change;                                            \
		(void)f;                                           \
		ck_assert_pstr_eq(decode(&image_), defect);        \
	} while (0)

START_TEST(each_defect_has_its_own_words)
{
	REJECTS(file[0] = 'X', "not an ELF file");
	REJECTS(f->header.e_machine = EM_386, "not for x86-64");
	REJECTS(f->header.e_ident[4] = ELFCLASS32, "not for x86-64");
	REJECTS(f->header.e_type = ET_EXEC, "not position-independent");
	REJECTS(f->header.e_phnum = 200, "its program headers are not in the first KiB");
	REJECTS(f->header.e_phoff = UINT64_MAX - 8, "its program headers are not in the first KiB");
	REJECTS(f->segments[2].p_flags |= PF_X, "a segment is writable and executable");
	REJECTS(f->segments[2].p_offset = FILE_SIZE, "a segment is not in the file, which was cut perhaps");
	REJECTS(f->segments[1].p_filesz = 0x20, "a segment is not in the file, which was cut perhaps");
	REJECTS(f->segments[1].p_vaddr = 0, "its segments overlap, are out of order or too large");
	REJECTS(f->segments[1].p_vaddr += 8, "its segments overlap, are out of order or too large");
	REJECTS(f->segments[2].p_memsz = UINT64_MAX, "its segments overlap, are out of order or too large");
	REJECTS(f->segments[1].p_memsz = 0x20, "a segment of constants is larger than in the file");
	REJECTS(f->header.e_entry = DATA_AT, "its entry point is not in its text");
	REJECTS(f->segments[3].p_vaddr = 0x9000, "its dynamic section is not in its image");
	REJECTS(f->segments[4].p_vaddr = 0x3fff, "its notes are not in its image");
	REJECTS(f->segments[5].p_type = PT_INTERP, "dynamically linked");

	struct elf_image image = { 0 };
	good_file();
	ck_assert_pstr_eq(elf_decode(&image, file, 20, 20), "not an ELF file");
	ck_assert_pstr_eq(elf_decode(&image, file, ELF_HEADERS_MAX, 0x1008), "a segment is not in the file, which was cut perhaps");
}
END_TEST

static char const *relocate(unsigned char *memory)
{
	struct elf_image image = { 0 };

	CHECK(!decode(&image));
	place(&image, memory);
	return elf_relocate(&image);
}

START_TEST(relocations_stay_in_the_data)
{
	unsigned char *memory = new_memory();
	Elf64_Rela    *rela   = (Elf64_Rela *)(file + RELA_AT);
	Elf64_Dyn     *dyn    = (Elf64_Dyn *)(file + DYNAMIC_AT);

	good_file();
	rela->r_info = R_X86_64_GLOB_DAT;
	ck_assert_pstr_eq(relocate(memory), "it has relocations other than RELATIVE");
	good_file();
	rela->r_offset = TEXT_AT;
	ck_assert_pstr_eq(relocate(memory), "it has relocations outside its data");
	good_file();
	rela->r_offset = 0x3ffc;
	ck_assert_pstr_eq(relocate(memory), "it has relocations outside its data");
	good_file();
	dyn[1].d_un.d_val = UINT64_MAX;
	ck_assert_pstr_eq(relocate(memory), "its relocations are not in its image");
	good_file();
	dyn[2].d_tag = DT_NEEDED;
	ck_assert_pstr_eq(relocate(memory), "dynamically linked");
	free(memory);
}
END_TEST

/* Bytes changed at random: whatever comes out, nothing outside the file and the image is touched (ASan looks). */
START_TEST(noise_does_no_harm)
{
	unsigned char *memory = new_memory();
	unsigned       decoded = 0;

	for (unsigned i = 0; i < 100000; i++) {
		struct elf_image     image = { 0 };
		struct platform_note note;

		good_file();
		for (unsigned n = 1 + unit_below(4); n > 0; n--) {
			uint64_t where = unit_below(4);

			file[where == 0 ? RELA_AT + unit_below(48) : where == 1 ? DYNAMIC_AT + unit_below(64) : where == 2 ? NOTE_AT + unit_below(24) :
				unit_below(64 + 6 * 56)] = (unsigned char)unit_random();
		}
		if (decode(&image) || image.end > MEMORY)
			continue;
		decoded++;
		place(&image, memory);
		if (elf_find_note(&image, &note))
			elf_relocate(&image);
	}
	ck_assert_uint_gt(decoded, 1000);
	free(memory);
}
END_TEST

UNIT_MAIN(a_good_file_is_decoded_and_relocated, each_defect_has_its_own_words, relocations_stay_in_the_data, noise_does_no_harm)
