/* SPDX-License-Identifier: MIT */
/* What there is: the functions, found at the start, and the IOMMUs that stand before them. */
#pragma once

#include "function.h"

/* Finds all functions, which are silent then, and enables the IOMMUs. Errors: none that can be done without; the log tells. */
MUST_CHECK enum status machine_init(struct env *env);

/* Turns the bus mastering of a function off, until its session ends, and says so: `what` does not stop. */
void machine_stop(struct function *function, char const *what);

struct list *machine_functions(void);    /* of struct function by of_functions */
