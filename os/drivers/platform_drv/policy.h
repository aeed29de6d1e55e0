/* SPDX-License-Identifier: MIT */
/*
 * Whose device is which: the <policy> elements of the configuration. Of those for a label, the first counts for which there is a free device; of the
 * devices that it names, the first that nobody has.
 */
#pragma once

#include "function.h"

#include <base/node.h>

enum policy_dma { POLICY_DMA_NONE, POLICY_DMA_CONFINED, POLICY_DMA_UNCONFINED };

struct choice {
	struct function *function;
	enum policy_dma  dma;
	struct node      policy;
};

/* Tells what is wrong with the policies, on the log. */
void policies_check(struct node config);

/* DENIED: there is no policy for the label, or others have all that it names. NOT_FOUND: there is no such device. The log says which and why. */
MUST_CHECK enum status policy_choose(struct node config, struct list *functions, char const *label, struct choice *choice);

/* Who has a function, for messages. */
char const *function_owner(struct function const *function);
