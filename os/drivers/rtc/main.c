/* SPDX-License-Identifier: MIT */
/*
 * The clock of PCs that a battery keeps going. Source: Motorola MC146818A datasheet (registers 0 to 13, by an index and a data port). It is
 * taken to run in UTC. While it counts on (for less than 2.3 ms), its registers are in between; so they are read until two readings agree.
 */
#include "calendar.h"

#include <base/component.h>
#include <io_port/io_port.h>
#include <rtc/rtc.h>

enum {
	RTC_INDEX = 0x70, RTC_DATA = 0x71,
	RTC_SECOND = 0, RTC_MINUTE = 2, RTC_HOUR = 4, RTC_DAY = 7, RTC_MONTH = 8, RTC_YEAR = 9, RTC_STATUS_A = 10, RTC_STATUS_B = 11, RTC_CENTURY = 0x32,
	RTC_UPDATING = 0x80,
	TRIES = 1000,
};

static struct io_port ports;

static uint8_t read_register(uint8_t number)
{
	uint8_t     value  = 0xff;
	enum status status = io_port_out8(&ports, RTC_INDEX, number);

	if (status == STATUS_OK)
		status = io_port_in8(&ports, RTC_DATA, &value);
	if (status != STATUS_OK)
		log_error("cannot read the clock: %s", status_name(status));
	return value;
}

static struct rtc_registers read_all(void)
{
	return (struct rtc_registers) {
		.second = read_register(RTC_SECOND), .minute = read_register(RTC_MINUTE), .hour = read_register(RTC_HOUR), .day = read_register(RTC_DAY),
		.month = read_register(RTC_MONTH), .year = read_register(RTC_YEAR), .century = read_register(RTC_CENTURY),
		.status_b = read_register(RTC_STATUS_B),
	};
}

static enum status now(struct rtc_session *session, uint64_t *seconds)
{
	for (unsigned i = 0; i < TRIES; i++) {
		struct rtc_registers first, second;

		if (read_register(RTC_STATUS_A) & RTC_UPDATING)
			continue;
		first = read_all();
		second = read_all();
		if (memcmp(&first, &second, sizeof(first)) == 0)
			return rtc_seconds(&first, seconds) ? STATUS_OK : STATUS_UNSUPPORTED;
	}
	return STATUS_UNSUPPORTED;
}

static struct rtc_service service = {
	.ops          = { .now = now },
	.session_size = sizeof(struct rtc_session),
};

enum status component_construct(struct env *env)
{
	TRY(io_port_open(&ports, env, "", &(struct io_port_args) { .base = RTC_INDEX, .size = 2 }));
	return rtc_provide(&service, env);
}
