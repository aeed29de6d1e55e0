/* SPDX-License-Identifier: MIT */
/* All requests that were followed, hop by hop, for tools/run, which holds what was denied when it ran against them. */
#include "check.h"
#include <base/string.h>

/* Does it ask for no more than its manifest says? */
static bool is_closed(struct child const *child)
{
	if (!child->manifest || child->manifest->is_init)
		return false;
	for (struct manifest_service const *service = child->manifest->requires; service; service = service->next) {
		if (!service->name || service->any_label)
			return false;
	}
	return true;
}

static void print_request(FILE *to, struct request const *request)
{
	static char const *const ends[] = {
		[PATH_CORE] = "proved", [PATH_CHILD] = "proved", [PATH_INIT] = "proved", [PATH_DENIED] = "denied", [PATH_UNKNOWN] = "unknown",
	};

	for (unsigned i = 0; i < request->path.count; i++) {
		struct hop const *hop = &request->path.hops[i];

		fprintf(to, "%s\t%s\t%s\t%s\t%s\n", hop->level->label, hop->client->name, request->path.service, hop->label, ends[request->path.end]);
	}
}

void list_write(FILE *to)
{
	for (struct level *level = levels; level; level = level->next) {
		for (unsigned i = 0; i < level->config.start_count; i++) {
			struct child const *child = &level->children[i];

			if (is_closed(child))
				fprintf(to, "%s\t%s\n", level->label, child->start->name);
			for (struct request const *request = child->requests; request; request = request->next)
				print_request(to, request);
		}
	}
}
