/* SPDX-License-Identifier: MIT */
/* What libxml2 asks of the C library; the sources say the names. */
#pragma once

#define HAVE_CTYPE_H    1
#define HAVE_ERRNO_H    1
#define HAVE_FCNTL_H    1
#define HAVE_FLOAT_H    1
#define HAVE_LIMITS_H   1
#define HAVE_MATH_H     1
#define HAVE_SNPRINTF   1
#define HAVE_STDARG_H   1
#define HAVE_STDINT_H   1
#define HAVE_STDLIB_H   1
#define HAVE_STRING_H   1
#define HAVE_STAT       1
#define HAVE_SYS_STAT_H 1
#define HAVE_SYS_TYPES_H 1
#define HAVE_TIME_H     1
#define HAVE_UNISTD_H   1
#define HAVE_VA_COPY    1
#define HAVE_VSNPRINTF  1
#define XML_SOCKLEN_T   unsigned
