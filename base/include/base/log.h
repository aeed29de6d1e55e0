/* SPDX-License-Identifier: MIT */
/*
 * Text for people, through the component's LOG session. One call is one line, which comes out whole, behind the label of the
 * component: nobody prints its own name. A component without LOG prints to nowhere. Any thread may call.
 */
#pragma once

#include <base/format.h>

enum { LOG_LINE_MAX = 512 };

/* Lines longer than LOG_LINE_MAX end in "...". */
void log_info(char const *text, ...) FORMAT_CHECKED(1, 2);
void log_warning(char const *text, ...) FORMAT_CHECKED(1, 2);
void log_error(char const *text, ...) FORMAT_CHECKED(1, 2);
