/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

/*
 * The one's complement sum of `size` bytes, 0 to 0x20000 at any alignment, as 16-bit words in the host's byte order, with a zero behind an odd one;
 * not inverted. RFC 1071.
 */
uint16_t net_checksum(void const *data, int size);
