/* SPDX-License-Identifier: MIT */
/*
 * The few facts that the kernel takes from ACPI (specification 6.4): MADT (5.2.12), FADT (5.2.9), and the sleep type of S5
 * from the DSDT. Tables are checked by length and checksum and must lie below 4 GiB; a bad one is as if it were not there.
 *
 * What drivers of buses need from the tables, they read themselves, in copies: the boot module "acpi" has all tables that are data, one behind the
 * other as they are.
 */
#include <kernel/x86_64/boot.h>

#include <kernel/x86_64/cpu_ops.h>

struct acpi_facts acpi;

struct table {
	char     signature[4];
	uint32_t length;
	uint8_t  revision, checksum;
	char     oem[22];
	uint32_t creator_revision;
	uint8_t  data[];
} __attribute__((packed));

#define TABLE_HEADER  36
static_assert(sizeof(struct table) == TABLE_HEADER, "ACPI 6.4, 5.2.6");

#define TABLE_MAX     (4UL << 20)
#define PUBLISHED_MAX (64UL << 10)
#define BOOT_MAP_END  (1UL << 32)  /* what the boot page tables reach */

static bool sum_is_zero(void const *data, size_t size)
{
	uint8_t sum = 0;
	for (size_t i = 0; i < size; i++)
		sum += ((uint8_t const *)data)[i];
	return !sum;
}

static uint32_t read32(void const *p) { uint32_t v; __builtin_memcpy(&v, p, 4); return v; }
static uint64_t read64(void const *p) { uint64_t v; __builtin_memcpy(&v, p, 8); return v; }

static struct table const *table_at(uint64_t phys)
{
	struct table const *table = phys_to_virt(phys);

	if (!phys || phys > BOOT_MAP_END - TABLE_HEADER)
		return NULL;
	if (table->length < TABLE_HEADER || table->length > TABLE_MAX || phys + table->length > BOOT_MAP_END)
		return NULL;
	return sum_is_zero(table, table->length) ? table : NULL;
}

static bool has_signature(struct table const *table, char const *signature)
{
	return table && read32(table->signature) == read32(signature);
}

/* The one that boots is number 0, the others follow in the order of the table. */
static void add_cpu(uint8_t apic_id)
{
	if (apic_id == acpi.apic_of_cpu[0] || boot_info.cpus == CPUS_MAX)
		return;
	acpi.apic_of_cpu[boot_info.cpus++] = apic_id;
}

static void read_madt(struct table const *madt)
{
	uint8_t const *p = madt->data + 8, *end = (uint8_t const *)madt + madt->length;

	if (p > end)
		return;
	acpi.lapic = read32(madt->data);
	for (; end - p >= 2 && p[1] >= 2 && p[1] <= end - p; p += p[1]) {
		if (p[0] == 0 && p[1] >= 8 && read32(p + 4) & 1) {
			add_cpu(p[3]);
		} else if (p[0] == 1 && p[1] >= 12 && !acpi.ioapic) {
			acpi.ioapic = read32(p + 4);
			acpi.ioapic_gsi_base = read32(p + 8);
		} else if (p[0] == 2 && p[1] >= 10 && p[3] < 16) {
			acpi.gsi_of_irq[p[3]] = read32(p + 4);
			acpi.flags_of_irq[p[3]] = p[8];
		} else if (p[0] == 5 && p[1] >= 12) {
			acpi.lapic = read64(p + 4);
		}
	}
}

/* An AML integer constant of one byte at most, as packages of sleep types hold them (20.2.3). */
static uint8_t const *aml_byte(uint8_t const *p, uint16_t *value)
{
	if (*p == 0x0a) {
		*value = p[1];
		return p + 2;
	}
	*value = *p == 1 ? 1 : 0;
	return p + 1;
}

/* Name(_S5_, Package { a, b, ... }): found by its bytes, without interpreting AML. */
static void read_s5(struct table const *dsdt)
{
	for (uint32_t i = 0; i + 16 < dsdt->length - TABLE_HEADER; i++) {
		uint8_t const *p = dsdt->data + i;
		if (read32(p) != read32("_S5_") || p[4] != 0x12)
			continue;
		p += 5;
		p += (*p >> 6) + 2; /* the package's length, and the count of its elements */
		p = aml_byte(p, &acpi.sleep_a);
		aml_byte(p, &acpi.sleep_b);
		acpi.can_power_off = acpi.pm1a_control;
		return;
	}
}

static void read_fadt(struct table const *fadt)
{
	uint8_t const *f = (uint8_t const *)fadt;

	if (fadt->length < 80)
		return;
	acpi.pm1a_control = read32(f + 64);
	acpi.pm1b_control = read32(f + 68);
	acpi.pm_timer_port = read32(f + 76);
	struct table const *dsdt = table_at(read32(f + 40));
	if (!dsdt && fadt->length >= 148)
		dsdt = table_at(read64(f + 140));
	if (has_signature(dsdt, "DSDT"))
		read_s5(dsdt);
}

/* In the BIOS area, on 16-byte boundaries (5.2.5.1); where the boot loader did not hand it over. */
static void find_rsdp(void)
{
	for (uint64_t phys = 0xe0000; phys < 0x100000; phys += 16) {
		uint8_t const *p = phys_to_virt(phys);
		if (read64(p) == 0x2052545020445352UL && sum_is_zero(p, 20)) { /* "RSD PTR " */
			__builtin_memcpy(boot_info.rsdp, p, p[15] >= 2 ? 36 : 20);
			return;
		}
	}
}

/* The RSDT or XSDT: addresses of tables, of 4 or 8 bytes. */
struct root { struct table const *table; unsigned width, count; };

static struct root find_root(void)
{
	bool xsdt = boot_info.rsdp[15] >= 2 && read64(boot_info.rsdp + 24);
	struct root root = { table_at(xsdt ? read64(boot_info.rsdp + 24) : read32(boot_info.rsdp + 16)), xsdt ? 8 : 4, 0 };

	if (!root.table)
		panic("no ACPI tables: the boot loader gave none and the BIOS area has none");
	root.count = (root.table->length - TABLE_HEADER) / root.width;
	return root;
}

static struct table const *table_of(struct root const *root, unsigned number)
{
	uint8_t const *at = root->table->data + number * root->width;

	return table_at(root->width == 8 ? read64(at) : read32(at));
}

/* SSDTs are code (AML), and may be large. */
static bool is_data(struct table const *table) { return table && !has_signature(table, "SSDT"); }

/* Makes the boot module. What does not fit is not in it. */
static void publish(struct root const *root)
{
	uint64_t size = 0, frames, base;

	for (unsigned i = 0; i < root->count; i++) {
		struct table const *table = table_of(root, i);
		if (is_data(table) && size + table->length <= PUBLISHED_MAX)
			size += table->length;
	}
	if (!size)
		return;
	frames = (size + PAGE_SIZE - 1) / PAGE_SIZE;
	base = boot_alloc_frames(frames, RANGE_KERNEL);
	ranges_carve(base, size, RANGE_MODULE, "acpi");
	size = 0;
	for (unsigned i = 0; i < root->count; i++) {
		struct table const *table = table_of(root, i);
		if (!is_data(table) || size + table->length > PUBLISHED_MAX)
			continue;
		copy_bytes((uint8_t *)phys_to_virt(base) + size, table, table->length);
		size += table->length;
	}
}

void acpi_read(void)
{
	struct root root;

	for (unsigned irq = 0; irq < 16; irq++)
		acpi.gsi_of_irq[irq] = irq;
	acpi.apic_of_cpu[0] = cpuid(1, 0).ebx >> 24;
	boot_info.cpus = 1;
	if (!read64(boot_info.rsdp))
		find_rsdp();
	root = find_root();
	for (unsigned i = 0; i < root.count; i++) {
		struct table const *table = table_of(&root, i);
		if (has_signature(table, "APIC"))
			read_madt(table);
		else if (has_signature(table, "FACP"))
			read_fadt(table);
	}
	publish(&root);
	boot_info.lapic = acpi.lapic;
	boot_info.ioapic = acpi.ioapic;
	boot_info.pm_timer_port = acpi.pm_timer_port;
}
