/* SPDX-License-Identifier: MIT */
/* Tests of what this port adds to lwIP. */
#pragma once

#include <lwip_check.h>

Suite *segments_suite(void);
