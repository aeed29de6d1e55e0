/* SPDX-License-Identifier: MIT */
/*
 * Devices: log, null, zero, random, rtc. A log is a terminal whose size nobody knows, so that the C library sends it whole lines.
 */
#include "libc.h"

#include <log/log.h>
#include <rtc/rtc.h>
#include <sys/ioctl.h>

enum { LOG_PIECE = 512, LOG_LABEL = 64, RTC_TEXT = 32 };

/* --- null and zero --- */

static long read_end(struct file *file, void *to, size_t size, uint64_t offset)
{
	return 0;
}

static long read_zeros(struct file *file, void *to, size_t size, uint64_t offset)
{
	memset(to, 0, size);
	return (long)size;
}

static long write_away(struct file *file, void const *from, size_t size, uint64_t offset)
{
	return (long)size;
}

/* --- random: the CPU's own source --- */

static bool has_random(void)
{
	unsigned eax = 1, ebx, ecx, edx;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
	return ecx >> 30 & 1;
}

bool libc_random(uint64_t *words, size_t count)
{
	if (!has_random())
		return false;
	for (size_t i = 0; i < count; i++) {
		uint8_t done = 0;

		/* Intel's manual (SDM 1, 7.3.17): ten tries are enough, else something is wrong with it. */
		for (unsigned tries = 0; tries < 10 && !done; tries++)
			__asm__ volatile("rdrand %0; setc %1" : "=r"(words[i]), "=q"(done) : : "cc");
		if (!done)
			return false;
	}
	return true;
}

static long read_random(struct file *file, void *to, size_t size, uint64_t offset)
{
	for (size_t done = 0; done < size; ) {
		size_t const piece = MIN(size - done, sizeof(uint64_t));
		uint64_t     word;

		if (!libc_random(&word, 1))
			return done ? (long)done : -EIO;
		memcpy((char *)to + done, &word, piece);
		done += piece;
	}
	return (long)size;
}

/* a: buffer, size, flags */
long call_getrandom(long const a[6])
{
	if (has_random())
		return read_random(NULL, (void *)a[0], (size_t)a[1], 0);
	libc_missing("getrandom on a CPU without RDRAND");
	return -ENOSYS;
}

/* --- log --- */

struct log_file {
	struct file      file;
	struct log       log;
	struct list_link of_logs;
	size_t           used;
	char             line[LOG_PIECE];    /* what has come of a line whose end has not: LOG would show it at once, and others' lines in the middle of it */
};

static struct list logs = LIST_INIT(logs);    /* of struct log_file by of_logs */

static bool flush_log(struct log_file *log)
{
	size_t const size = log->used;

	log->used = 0;
	return !size || log_write(&log->log, log->line, size) == STATUS_OK;
}

void device_flush(void)
{
	list_for_each (log, &logs, struct log_file, of_logs)
		flush_log(log);
}

static long write_log(struct file *file, void const *from, size_t size, uint64_t offset)
{
	struct log_file *log  = container_of(file, struct log_file, file);
	char const      *text = from;
	size_t           line = 0;

	while (line < size && line < LOG_PIECE - log->used && text[line] != '\n')
		line++;
	if (line < size && text[line] == '\n' && line < LOG_PIECE - log->used)
		line++;
	memcpy(log->line + log->used, text, line);
	log->used += line;
	if ((log->used == LOG_PIECE || log->line[log->used - 1] == '\n') && !flush_log(log))
		return -EIO;
	return (long)line;
}

static long control_log(struct file *file, unsigned long request, void *argument)
{
	if (request != TIOCGWINSZ)
		return -ENOTTY;
	*(struct winsize *)argument = (struct winsize) { .ws_row = 0 };
	return 0;
}

struct file_ops const file_null_ops = { .read = read_end, .write = write_away };

static struct file_ops const zero_ops   = { .read = read_zeros, .write = write_away };
static struct file_ops const random_ops = { .read = read_random, .write = write_away };
static struct file_ops const log_ops    = { .read = read_end, .write = write_log, .ioctl = control_log };

/* --- rtc: the time of day as text, "2026-03-14 15:09" --- */

/* Seconds since 1970 to the calendar: days are counted in years that begin in March, in cycles of 400 years. */
static void put_date(char text[static RTC_TEXT], uint64_t seconds)
{
	uint64_t const days = seconds / 86400 + 719468, cycle = days / 146097, day = days % 146097;
	uint64_t const year = (day - day / 1460 + day / 36524 - day / 146096) / 365, of_year = day - (365 * year + year / 4 - year / 100);
	uint64_t const month = (5 * of_year + 2) / 153, of_month = of_year - (153 * month + 2) / 5 + 1;

	format_cut(text, RTC_TEXT, "%04lu-%02lu-%02lu %02lu:%02lu\n", cycle * 400 + year + (month >= 10), month < 10 ? month + 3 : month - 9, of_month,
	           seconds / 3600 % 24, seconds / 60 % 60);
}

static long read_rtc(struct file *file, void *to, size_t size, uint64_t offset)
{
	char text[RTC_TEXT];

	put_date(text, libc_boot_s + time_now_ns() / TIME_NS_PER_S);
	if (offset >= strlen(text))
		return 0;
	size = MIN(size, strlen(text) - offset);
	memcpy(to, text + offset, size);
	return (long)size;
}

static struct file_ops const rtc_ops = { .read = read_rtc };

/* --- As the VFS sees them --- */

static enum status make_null(struct env *env, struct node config, struct file **file)
{
	static struct file null, zero, random;

	file_init(&null, &file_null_ops, 0);
	file_init(&zero, &zero_ops, 0);
	file_init(&random, &random_ops, 0);
	*file = node_is(config, "zero") ? &zero : node_is(config, "random") ? &random : &null;
	return node_is(config, "random") && !has_random() ? STATUS_UNSUPPORTED : STATUS_OK;
}

static enum status make_log(struct env *env, struct node config, struct file **file)
{
	struct log_file *log = libc_alloc(sizeof(*log));
	char             label[LOG_LABEL];

	if (!log)
		return STATUS_OUT_OF_RAM;
	TRY(node_string(config, "label", "", label, sizeof(label)));
	TRY(log_open(&log->log, env, label));
	file_init(&log->file, &log_ops, 0);
	list_append(&logs, &log->of_logs);
	*file = &log->file;
	return STATUS_OK;
}

/* The clock is asked once, at the start: from then on the kernel's clock goes on from there. */
static enum status make_rtc(struct env *env, struct node config, struct file **file)
{
	static struct file rtc_file;
	struct rtc         rtc;
	uint64_t           seconds, up = time_now_ns() / TIME_NS_PER_S;
	enum status        status;

	TRY(rtc_open(&rtc, env, ""));
	status = rtc_now(&rtc, &seconds);
	rtc_close(&rtc);
	if (status)
		return status;
	libc_boot_s = seconds > up ? seconds - up : 0;
	libc_has_rtc = true;
	file_init(&rtc_file, &rtc_ops, 0);
	*file = &rtc_file;
	return STATUS_OK;
}

struct device_kind const device_kinds[] = {
	{ "log", make_log }, { "null", make_null }, { "zero", make_null }, { "random", make_null }, { "rtc", make_rtc }, { NULL, NULL },
};
