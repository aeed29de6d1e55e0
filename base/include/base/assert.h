/* SPDX-License-Identifier: MIT */
/*
 * Assertions, for our own bugs only: never on a message, a document or a device register. They stay on in every build but in that
 * of core which shows what they cost (CHECKS=0, build/unchecked).
 */
#pragma once

/* Called by a failed assertion: reports it and ends the component. Base, core and the unit tests each have their own. */
_Noreturn void assert_failed(char const *file, unsigned line, char const *text);

#ifndef CHECKS
#define CHECKS 1
#endif

#undef assert
#define assert(condition) \
	(CHECKS && __builtin_expect(!(condition), 0) ? assert_failed(__FILE__, __LINE__, #condition) : (void)0)

#undef static_assert
#define static_assert _Static_assert
