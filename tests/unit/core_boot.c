/* SPDX-License-Identifier: MIT */
/* How core starts: what is missing or wrong at boot is a clear line and the end, and the books are right from the beginning. */
#include "core_fake.h"

static bool console_has(char const *text)
{
	fake_console[fake_console_size] = 0;
	return string_find_text(fake_console, text);
}

START_TEST(starts_init_with_books_that_add_up)
{
	struct info info = fake_info();

	ck_assert(fake_boot(&info));
	ck_assert(console_has("core: init gets "));
	ledger_check();
}
END_TEST

static void expect_failure(struct info const *info, char const *text)
{
	ck_assert(!fake_boot(info));
	ck_assert_msg(console_has(text), "%.*s", (int)fake_console_size, fake_console);
	ck_assert_int_eq(fake_exit, MACHINE_EXIT_FAILURE);
}

START_TEST(names_a_missing_module)
{
	static char const *const names[] = { "platform_page", "init", "config" };
	static char text[64];
	struct info info = fake_info();

	strcpy(info.ranges[3 + _i].name, "other");
	snprintf(text, sizeof(text), "there is no boot module \"%s\"", names[_i]);
	expect_failure(&info, text);
}
END_TEST

START_TEST(refuses_an_init_that_is_no_elf)
{
	struct info info = fake_info();

	memset(ram_at(paddr_of_frame(FAKE_FRAMES - 8)), 'x', 100);
	expect_failure(&info, "boot module \"init\" is no 64-bit ELF file");
}
END_TEST

START_TEST(refuses_a_page_that_is_no_platform_page)
{
	struct info info = fake_info();

	memset(ram_at(paddr_of_frame(FAKE_FRAMES - 10)), 0, 100);
	expect_failure(&info, "is no platform page");
}
END_TEST

START_TEST(refuses_a_platform_page_of_another_version)
{
	struct info info = fake_info();
	struct platform *platform = ram_at(paddr_of_frame(FAKE_FRAMES - 10));

	platform->major++;
	expect_failure(&info, "has version 2, this core needs 1");
}
END_TEST

START_TEST(says_that_memory_is_too_little)
{
	struct info info = fake_info();

	info.ranges[0].size = info.ranges[2].size = (_i + 1) * PAGE_SIZE;
	expect_failure(&info, "memory");
}
END_TEST

START_TEST(zeroes_what_is_behind_a_module)
{
	struct info info = fake_info();
	unsigned char *content = ram_at(paddr_of_frame(FAKE_FRAMES - 3));

	ck_assert(fake_boot(&info));
	ck_assert_int_eq(content[2 * PAGE_SIZE - 101], 0x5a);
	for (unsigned i = 1; i <= 100; i++)
		ck_assert_int_eq(content[2 * PAGE_SIZE - i], 0);
	ck_assert_int_eq(content[2 * PAGE_SIZE], 0x5a);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("boot");
	Suite *suite = suite_create("core_boot");

	unit_state = 1;
	tcase_add_test(tcase, starts_init_with_books_that_add_up);
	tcase_add_loop_test(tcase, names_a_missing_module, 0, 3);
	tcase_add_test(tcase, refuses_an_init_that_is_no_elf);
	tcase_add_test(tcase, refuses_a_page_that_is_no_platform_page);
	tcase_add_test(tcase, refuses_a_platform_page_of_another_version);
	tcase_add_loop_test(tcase, says_that_memory_is_too_little, 0, 40);
	tcase_add_test(tcase, zeroes_what_is_behind_a_module);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);

	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
