/* SPDX-License-Identifier: MIT */
/*
 * platform_drv: owns the PCI buses and gives each driver the one function that the configuration says, with its registers, interrupts and DMA memory.
 *
 * When it starts, all functions are silent: no bus mastering, and behind an IOMMU nothing that they could reach. A driver's session
 * opens up what is the driver's, and its end takes that away again before anything of it can be anybody else's.
 */
#include "client.h"
#include "iommu.h"
#include "machine.h"
#include "policy.h"

static struct env *own_env;

/* --- What sessions are made of --- */

enum status client_connect(struct client *client, struct connection *connection, struct rpc_type const *type, void const *args)
{
	struct connection_request const request = { .type = type, .label = "", .args = args, .pay = session_account(&client->session.session).cap };

	return connection_open_request(connection, own_env, &request);
}

char const *function_owner(struct function const *function)
{
	return function->owner ? client_label(function->owner) : "nobody";
}

char const *client_denial(struct client const *client)
{
	if (client->policy_dma == POLICY_DMA_NONE)
		return "its <policy> says dma=\"none\"";
	if (client->function->is_shared)
		return "its device is behind a bridge to conventional PCI, so that no IOMMU can tell it from others there";
	return "no IOMMU confines its device; dma=\"unconfined\" in its <policy> would let it reach all memory";
}

static enum pci_dma dma_of(struct function const *function, enum policy_dma policy)
{
	if (policy == POLICY_DMA_NONE)
		return PCI_DMA_NONE;
	if (function->iommu)
		return function->is_shared ? PCI_DMA_NONE : PCI_DMA_CONFINED;
	return policy == POLICY_DMA_UNCONFINED ? PCI_DMA_UNCONFINED : PCI_DMA_NONE;
}

/* --- Operations --- */

static enum status device(struct pci_session *session, struct pci_device *to)
{
	struct client const   *client   = client_of(session);
	struct function const *function = client->function;

	*to = (struct pci_device) {
		.vendor = function->vendor, .device = function->device, .subsystem_vendor = function->subsystem_vendor, .subsystem = function->subsystem,
		.class_code = function->class_code, .address = function->address, .revision = function->revision, .dma = client->may,
		.interrupts = interrupt_count(client), .stopped = function->is_stopped,
	};
	return STATUS_OK;
}

static enum status bar(struct pci_session *session, uint32_t index, struct pci_bar *to)
{
	static enum pci_bar_kind const kinds[] = { [BAR_NONE] = PCI_BAR_KIND_NONE, [BAR_MEMORY] = PCI_BAR_KIND_MEMORY, [BAR_PORTS] = PCI_BAR_KIND_PORTS };
	struct bar const              *from;

	if (index >= FUNCTION_BARS)
		return STATUS_INVALID;
	from = &client_of(session)->function->bars[index];
	*to = (struct pci_bar) { .address = from->address, .size = from->size, .kind = kinds[from->kind], .prefetchable = from->prefetchable };
	return STATUS_OK;
}

static enum status config_read(struct pci_session *session, uint32_t offset, uint32_t size, uint32_t *value)
{
	struct function const *function = client_of(session)->function;

	if ((size != 1 && size != 2 && size != 4) || offset % size || !is_within(offset, size, function->config->size))
		return STATUS_INVALID;
	*value = function->config->read(function->config, function->address, offset, size);
	return STATUS_OK;
}

static enum status capability(struct pci_session *session, uint32_t id, uint32_t after, uint32_t *offset)
{
	struct function const *function = client_of(session)->function;

	*offset = function_capability(function->config, function->address, id, after);
	return *offset ? STATUS_OK : STATUS_NOT_FOUND;
}

/* --- Life --- */

static void reset_is_done(struct handler *handler, uint64_t count)
{
	struct function *function = container_of(handler, struct function, reset_done);
	struct client   *client   = function->owner;

	if (function_wake(function)) {
		ep_timeout(&own_env->ep, &function->reset_done, time_now_ns() + FUNCTION_RESET_MS * TIME_NS_PER_MS);
		return;
	}
	function_restore(function);
	function->is_resetting = false;
	if (client)
		session_decide(&client->session.session, STATUS_OK);
}

static void begin_reset(struct function *function)
{
	function->is_resetting = function_reset(function);
	function->reset_done.handle = reset_is_done;
	if (function->is_resetting)
		ep_timeout(&own_env->ep, &function->reset_done, time_now_ns() + FUNCTION_RESET_MS * TIME_NS_PER_MS);
}

static enum status open(struct pci_session *session, struct pci_args const *args)
{
	static char const *const words[] = { [PCI_DMA_NONE] = "no DMA", [PCI_DMA_CONFINED] = "DMA to its own memory", [PCI_DMA_UNCONFINED] = "DMA to all memory" };
	struct client *client = client_of(session);
	struct choice  choice;

	RPC_TRY(policy_choose(env_config(own_env), machine_functions(), client_label(client), &choice));
	client->function = choice.function;
	client->policy_dma = choice.dma;
	client->may = dma_of(choice.function, choice.dma);
	list_init(&client->dma.buffers);
	choice.function->owner = client;
	choice.function->faults = 0;
	choice.function->is_stopped = false;
	log_info("\"%s\" has %s (%04x:%04x): %s", client_label(client), choice.function->name, choice.function->vendor, choice.function->device,
	         words[client->may]);
	return choice.function->is_resetting ? STATUS_PENDING : STATUS_OK;
}

static void close(struct pci_session *session)
{
	struct client   *client   = client_of(session);
	struct function *function = client->function;

	function->owner = NULL;
	if (function->is_resetting)
		return;    /* it has had nothing yet */
	function_silence(function);
	dma_close(client);
	interrupts_close(client);
	windows_close(client);
	begin_reset(function);
}

static struct pci_service service = {
	.ops          = { .device = device, .bar = bar, .memory = window_memory, .ports = window_ports, .config_read = config_read, .capability = capability,
	                  .interrupt = interrupt_bind, .dma_alloc = dma_alloc, .dma_free = dma_free, .bus_master = dma_bus_master },
	.session_size = sizeof(struct client),
	.open         = open,
	.close        = close,
};

/* --- Start --- */

static void config_changed(struct handler *handler, uint64_t count)
{
	bool        changed = false;
	enum status status  = env_config_update(own_env, &changed);

	if (status != STATUS_OK)
		log_error("cannot read the new configuration: %s; the old one holds", status_name(status));
	if (changed)
		policies_check(env_config(own_env));
}

enum status component_construct(struct env *env)
{
	static struct handler config = { .handle = config_changed };

	own_env = env;
	policies_check(env_config(env));
	TRY(env_on_config(env, &config));
	TRY(machine_init(env));
	return pci_provide(&service, env);
}
