/* SPDX-License-Identifier: MIT */
/* ROM and LOG. */
#include "services.h"

enum status test_rom(struct env *env)
{
	static struct handler unused;
	struct rom            rom;
	struct dataspace      content;
	struct signal_context context;
	uint64_t              size, whole;
	bool                  changed;
	void                 *address;

	CHECK_STATUS(rom_open(&rom, env, "there is no such module"), STATUS_NOT_FOUND);
	TRY(rom_open(&rom, env, "poem"));
	TRY(rom_dataspace(&rom, &content, &size));
	TRY(dataspace_size(content, &whole));
	CHECK(size == 13 && whole == PAGE_SIZE);
	TRY(dataspace_attach(content, RM_ACCESS_READ, env->account, &address));
	CHECK(string_starts_with(address, "Roses are red"));
	for (size_t i = size; i < whole; i++)
		CHECK(!((char const *)address)[i]);
	dataspace_detach(address);
	CHECK_STATUS(dataspace_attach(content, RM_ACCESS_WRITE, env->account, &address), STATUS_DENIED);
	CHECK_STATUS(ram_free(&env->ram, content), STATUS_NOT_FOUND);

	/* Boot modules never change; who wants to hear of it hears nothing. */
	TRY(ep_signal(&env->ep, &unused, &context));
	TRY(rom_change_handler(&rom, context));
	CHECK_STATUS(rom_change_handler(&rom, (struct signal_context) { content.cap }), STATUS_BAD_CAP);
	TRY(rom_update(&rom, &changed));
	CHECK(!changed);
	CHECK_STATUS(signal_wait(context, time_now_ns() + TIME_NS_PER_MS), STATUS_TIMEOUT);
	ep_signal_end(&env->ep, context);

	/* Its content is core's own, and stays readable for who has it. */
	rom_close(&rom);
	TRY(dataspace_attach(content, RM_ACCESS_READ, env->account, &address));
	CHECK(string_starts_with(address, "Roses are red"));
	dataspace_detach(address);
	cap_release(content.cap);
	return STATUS_OK;
}

enum status test_log(struct env *env)
{
	static char const lines[] = "one\ntwo\n\nfour ", rest[] = "and the rest\n";
	static char const controls[] = "tab\t bell\a escape\033[2J delete\177 C1 \x9b\x32J \xc2\x9b lone \xbf cut \xe2\x82\n";
	static char const text[] = "gr\xc3\xbc\xc3\x9f dich, \xe2\x82\xac and \xf0\x9f\x8c\xb3\n";
	struct log log;
	char       line[512];

	TRY(log_open(&log, env, "tested"));
	TRY(log_write(&log, lines, sizeof(lines) - 1));
	TRY(log_write(&log, rest, sizeof(rest) - 1));
	TRY(log_write(&log, controls, sizeof(controls) - 1));
	TRY(log_write(&log, text, sizeof(text) - 1));
	TRY(log_write(&log, "", 0));
	memset(line, 'x', sizeof(line));
	TRY(log_write(&log, line, sizeof(line)));
	TRY(log_write(&log, "\n", 1));
	CHECK_STATUS(log_write(&log, line, sizeof(line) + 1), STATUS_TOO_LONG);
	TRY(log_write(&log, "left open", 9));
	log_close(&log);
	return STATUS_OK;
}
