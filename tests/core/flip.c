/* SPDX-License-Identifier: MIT */
/*
 * A mistake in the books: with the twentieth dataspace, whosever it is, init pays a page too much. The linker puts this function before core's own (--wrap), so
 * that core itself knows nothing of it.
 */
#include <core/dataspace.h>
#include <core/parent.h>

enum { FLIP_AT = 20 };

enum status __real_dataspace_alloc(struct account *payer, struct dataspace_want const *want, struct dataspace **dataspace);
enum status __wrap_dataspace_alloc(struct account *payer, struct dataspace_want const *want, struct dataspace **dataspace);

enum status __wrap_dataspace_alloc(struct account *payer, struct dataspace_want const *want, struct dataspace **dataspace)
{
	static unsigned count;
	enum status status = __real_dataspace_alloc(payer, want, dataspace);

	if (status == STATUS_OK && ++count == FLIP_AT)
		init_account->ram_used++;
	return status;
}
