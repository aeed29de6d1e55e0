/* SPDX-License-Identifier: MIT */
/* Between board.c and answer.c. */
#pragma once

#include "board.h"

/* Sends a configuration to the validator; `what` says in words what it is about. None is pending. False: it cannot. */
bool board_wish(struct board *board, char const *text, size_t size, char const *what);
