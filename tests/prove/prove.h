/* SPDX-License-Identifier: MIT */
/*
 * What the files of this directory share. Each is a program for Frama-C's Eva, linked with a file of the kernel: it goes through all cases up to
 * a bound, in which `choose` takes every value, and asserts what must hold after each step. Eva interprets it and shows that no assertion, no
 * access and no arithmetic can fail in any of them. PROVE_SCALE: 1 in `make test`, more in `make prove`.
 */
#pragma once

static unsigned prove_case;

/* The next choice of this case, below n. */
static unsigned choose(unsigned n)
{
	unsigned chosen = prove_case % n;

	prove_case /= n;
	return chosen;
}

static void prove_one(void);

/* All cases. What is chosen first varies fastest. */
#define PROVE_ALL(cases)                                    \
	int main(void)                                      \
	{                                                   \
		for (unsigned i = 0; i < (cases); i++) {    \
			prove_case = i;                     \
			prove_one();                        \
		}                                           \
		return 0;                                   \
	}
