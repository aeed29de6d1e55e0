/* SPDX-License-Identifier: MIT */
/* Policies, read and matched; see policy.h. */
#include "policy.h"

#include <base/log.h>
#include <base/string.h>

static char const *const dma_words[] = { [POLICY_DMA_NONE] = "none", [POLICY_DMA_CONFINED] = "confined", [POLICY_DMA_UNCONFINED] = "unconfined" };
static char const *const device_attributes[] = { "vendor", "device", "class", "address" };

enum { LABEL_SIZE = 256, ANY = UINT32_MAX, DENIALS_TOLD = 32 };

static bool is_for(struct node policy, char const *label)
{
	char text[LABEL_SIZE];

	if (node_has_attribute(policy, "label"))
		return node_attribute_is(policy, "label", label);
	return node_has_attribute(policy, "label_prefix") && node_string(policy, "label_prefix", "", text, sizeof(text)) == STATUS_OK &&
	       string_starts_with(label, text);
}

static bool names_device(struct node policy)
{
	for (unsigned i = 0; i < ARRAY_SIZE(device_attributes); i++)
		if (node_has_attribute(policy, device_attributes[i]))
			return true;
	return false;
}

static bool is_number(struct node policy, char const *attribute, uint32_t value)
{
	uint64_t const wanted = node_u64(policy, attribute, ANY, 0, UINT16_MAX);

	return !node_has_attribute(policy, attribute) || wanted == value;
}

static bool names(struct node policy, struct function const *function)
{
	return names_device(policy) && is_number(policy, "vendor", function->vendor) && is_number(policy, "device", function->device) &&
	       is_number(policy, "class", function->class_code >> 8) &&
	       (!node_has_attribute(policy, "address") || node_attribute_is(policy, "address", function->name));
}

static enum policy_dma dma_of(struct node policy)
{
	for (unsigned i = 0; i < ARRAY_SIZE(dma_words); i++)
		if (node_attribute_is(policy, "dma", dma_words[i]))
			return (enum policy_dma)i;
	return POLICY_DMA_CONFINED;
}

void policies_check(struct node config)
{
	char file[NODE_FILE_SIZE];

	node_for_each(policy, config, "policy") {
		bool const knows_dma = !node_has_attribute(policy, "dma") || dma_of(policy) != POLICY_DMA_CONFINED || node_attribute_is(policy, "dma", "confined");

		if (!node_has_attribute(policy, "label") && !node_has_attribute(policy, "label_prefix"))
			log_error("%s:%u: this <policy> is for nobody: it needs a label or a label_prefix", node_file(policy, file), node_line(policy));
		if (!names_device(policy))
			log_error("%s:%u: this <policy> names no device: it needs a vendor, device, class or address", node_file(policy, file), node_line(policy));
		if (!knows_dma)
			log_error("%s:%u: dma is none, confined or unconfined: taken as confined", node_file(policy, file), node_line(policy));
	}
}

/* The first function that the policy names and nobody has, or that somebody has; NULL: it names none. */
static struct function *find(struct list *functions, struct node policy)
{
	struct function *taken = NULL;

	list_for_each (function, functions, struct function, of_functions) {
		if (!names(policy, function))
			continue;
		if (!function->owner)
			return function;
		taken = function;
	}
	return taken;
}

/* Is one more denial worth a line? Who asks for ever must not flood the log: the first ones are, then each at which their number has doubled. */
static bool denial_counts(void)
{
	static uint64_t denials;

	return ++denials <= DENIALS_TOLD || is_power_of_two(denials);
}

/* Why there is no device for the label. `policy` is the last one for it, `taken` a device that it names. */
static enum status explain(char const *label, struct node policy, struct function const *taken)
{
	char file[NODE_FILE_SIZE];

	if (!denial_counts())
		return node_exists(policy) && !taken ? STATUS_NOT_FOUND : STATUS_DENIED;
	if (!node_exists(policy)) {
		log_warning("denied: \"%s\" asks for a device: no <policy> is for it; to allow it, add <policy label=\"%s\" vendor=\"...\" device=\"...\"/>", label,
		            label);
		return STATUS_DENIED;
	}
	if (taken) {
		log_warning("denied: \"%s\" asks for a device: %s is that of \"%s\"; decided at %s:%u", label, taken->name, function_owner(taken),
		            node_file(policy, file), node_line(policy));
		return STATUS_DENIED;
	}
	log_warning("\"%s\" asks for a device: there is none as the <policy> at %s:%u wants it", label, node_file(policy, file), node_line(policy));
	return STATUS_NOT_FOUND;
}

enum status policy_choose(struct node config, struct list *functions, char const *label, struct choice *choice)
{
	struct node      last  = node_none();
	struct function *taken = NULL;

	node_for_each(policy, config, "policy") {
		struct function *function = is_for(policy, label) ? find(functions, policy) : NULL;

		if (is_for(policy, label))
			last = policy;
		if (function && !function->owner) {
			*choice = (struct choice) { function, dma_of(policy), policy };
			return STATUS_OK;
		}
		taken = function ? function : taken;
	}
	return explain(label, last, taken);
}
