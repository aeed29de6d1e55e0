/* SPDX-License-Identifier: MIT */
/*
 * Rates as 32.32 fixed-point numbers. Sources: ACPI 6.4 section 4.8.3.3 (PM timer, 3.579545 MHz, 24 bits at least), Intel SDM
 * volume 3 section 10.5.4 (local APIC timer).
 */
#include <kernel/x86_64/clock.h>

#include <kernel/x86_64/apic.h>
#include <kernel/x86_64/boot.h>
#include <kernel/x86_64/cpu_ops.h>

#define PM_HZ        3579545UL
#define PM_MASK      0xffffffu
#define REFINE_NS    100000000UL
#define PM_TICKS_MIN 64          /* 18 us: less would say nothing */

static uint64_t base_ticks, base_ns;      /* one point of the line */
static uint64_t ns_per_tick, ticks_per_ns, timer_per_tick; /* 32.32 */
static uint64_t start_ticks, boot_tick;
static uint32_t start_pm, start_timer;
static bool     refined;

static uint64_t scale(uint64_t value, uint64_t factor)
{
	unsigned __int128 product = (unsigned __int128)value * factor >> 32;
	return product > UINT64_MAX ? UINT64_MAX : (uint64_t)product;
}

/* a / b as 32.32; saturating. */
static uint64_t ratio(uint64_t a, uint64_t b)
{
	uint64_t high = a >> 32, low = a << 32;

	if (high >= b)
		return UINT64_MAX;
	__asm__("divq %2" : "+a"(low), "+d"(high) : "r"(b) : "cc");
	return low;
}

uint64_t clock_ns_to_ticks(uint64_t ns)    { return scale(ns, ticks_per_ns); }
uint64_t clock_ticks_to_ns(uint64_t ticks) { return scale(ticks, ns_per_tick); }

uint64_t clock_now_ns(void) { return base_ns + clock_ticks_to_ns(rdtsc() - base_ticks); }

uint64_t clock_ns_to_deadline(uint64_t ns)
{
	uint64_t ticks = ns > base_ns ? clock_ns_to_ticks(ns - base_ns) : 0;
	return ticks > UINT64_MAX - base_ticks ? UINT64_MAX : base_ticks + ticks;
}

void clock_set_timer(uint64_t now, uint64_t end)
{
	uint64_t count;

	if (end == UINT64_MAX) {
		apic_timer_set(0);
		return;
	}
	count = end > now ? scale(end - now, timer_per_tick) : 0;
	apic_timer_set(count < 1 ? 1 : count > UINT32_MAX ? UINT32_MAX : count);
}

/* Sets the rates from what has passed since clock_begin. */
static void measure(void)
{
	uint32_t pm = (inl(acpi.pm_timer_port) - start_pm) & PM_MASK;
	uint64_t ticks = rdtsc() - start_ticks;
	uint64_t ns = (uint64_t)pm * 1000000000UL / PM_HZ;

	ns_per_tick = ratio(ns, ticks);
	ticks_per_ns = ratio(ticks, ns);
}

void clock_begin(uint64_t boot_ticks)
{
	if (!acpi.pm_timer_port)
		panic("this machine has no ACPI PM timer to measure time with");
	boot_tick = boot_ticks;
	start_timer = apic_timer_free_run();
	start_pm = inl(acpi.pm_timer_port);
	start_ticks = rdtsc();
}

void clock_calibrate(void)
{
	/* Bound: 18 us; only on a machine that boots faster than that. */
	while (((inl(acpi.pm_timer_port) - start_pm) & PM_MASK) < PM_TICKS_MIN)
		;
	uint32_t timer = start_timer - apic_timer_count();
	uint64_t ticks = rdtsc() - start_ticks;

	measure();
	timer_per_tick = ratio(timer, ticks);
	base_ticks = boot_tick;
}

uint64_t clock_tsc_khz(void) { return scale(1000000UL, ticks_per_ns); }

void clock_refine(void)
{
	uint64_t now = rdtsc();

	if (refined || clock_ticks_to_ns(now - start_ticks) < REFINE_NS)
		return;
	refined = true;
	if (clock_ticks_to_ns(now - start_ticks) > 40 * REFINE_NS)
		return; /* the PM timer may have wrapped */
	base_ns = clock_now_ns();
	base_ticks = now;
	measure();
}
