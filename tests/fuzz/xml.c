/* SPDX-License-Identifier: MIT */
/*
 * Our XML parser against libxml2 under libFuzzer: `make fuzz/xml`. It begins with the documents in tests/xml and the configurations in
 * tests/check_config. A document on which the two do not agree, for no reason that tests/xml/differences has, is printed, and ends it.
 */
#include "../xml/agree.h"
#include <base/assert.h>

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

_Noreturn void assert_failed(char const *file, unsigned line, char const *text)
{
	fprintf(stderr, "%s:%u: assertion failed: %s\n", file, line, text);
	abort();
}

static void ignore(void *context, char const *text, ...)
{
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	xmlSetGenericErrorFunc(NULL, ignore);
	return 0;
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	/* In memory of just its size, so that a byte too many that is read is found. */
	char *text = malloc(size ? size : 1);

	memcpy(text, data, size);
	if (!agree(text, size)) {
		fprintf(stderr, "we disagree with libxml2 on:\n");
		fwrite(text, 1, size, stderr);
		abort();
	}
	free(text);
	return 0;
}
