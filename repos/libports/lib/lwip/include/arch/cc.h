/* SPDX-License-Identifier: MIT */
/* What lwIP wants to know of the compiler and of what is around it. */
#pragma once

#include <stdint.h>

#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_CTYPE_H    1
#define LWIP_NO_UNISTD_H   1
#define BYTE_ORDER         LITTLE_ENDIAN
#define SSIZE_MAX          LONG_MAX

typedef long ssize_t;

#define X8_F  "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "lu"

/* Numbers that strangers must not guess: ports, identifiers of DNS and DHCP. */
uint32_t net_random(void);
#define LWIP_RAND() net_random()

/* lwIP's assertions are about its own state and how it is called, never about what is on the wire. */
_Noreturn void assert_failed(char const *file, unsigned line, char const *text);
#define LWIP_PLATFORM_ASSERT(text) assert_failed(__FILE__, __LINE__, text)
#define LWIP_PLATFORM_DIAG(text)   do { } while (0)
