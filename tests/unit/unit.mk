# SPDX-License-Identifier: MIT
# What each unit test links. tests/unit/NAME.c is one program built with Check, ASan and UBSan, run from the root of the tree:
#
#   NAME_SRC = base/lib/xml.c    the sources under test
#   NAME_LIBS = libxml-2.0       further libraries of the host, by their pkg-config names

string_SRC =
rtc_calendar_SRC =
format_SRC = base/lib/format.c base/lib/string.c base/lib/status.c
list_SRC =
tree_SRC = base/lib/tree.c
id_space_SRC = base/lib/id_space.c
range_SRC = base/lib/range.c base/lib/tree.c
xml_SRC = base/lib/xml.c base/lib/xml_scan.c base/lib/xml_prolog.c base/lib/xml_text.c base/lib/format.c base/lib/string.c
node_SRC = base/lib/node.c base/lib/xml.c base/lib/xml_scan.c base/lib/xml_prolog.c base/lib/xml_text.c base/lib/format.c base/lib/string.c
xml_write_SRC = base/lib/xml_write.c $(node_SRC)

sandbox_pure = init/sandbox/config.c init/sandbox/config_route.c init/sandbox/config_start.c init/sandbox/document.c init/sandbox/arena.c init/sandbox/label.c init/sandbox/route.c init/sandbox/explain.c \
	base/lib/node.c base/lib/xml.c base/lib/xml_scan.c base/lib/xml_prolog.c base/lib/xml_text.c base/lib/format.c base/lib/string.c base/lib/status.c
label_SRC = init/sandbox/label.c base/lib/string.c
session_SRC = init/sandbox/session.c
quota_SRC = init/sandbox/quota.c
config_SRC = $(sandbox_pure)
update_SRC = $(sandbox_pure) init/sandbox/update.c
restart_SRC = init/sandbox/restart.c
affinity_SRC = init/sandbox/affinity.c
route_SRC = $(sandbox_pure)
explain_SRC = $(sandbox_pure)
sandbox_SRC = $(sandbox_pure) init/sandbox/load.c init/sandbox/apply.c init/sandbox/affinity.c init/sandbox/heartbeat.c init/sandbox/yield.c init/sandbox/report.c init/sandbox/state_rom.c \
	init/sandbox/update.c init/sandbox/restart.c init/sandbox/session.c init/sandbox/quota.c init/sandbox/cost.c base/lib/cost.c init/sandbox/slot.c \
	init/sandbox/serve.c init/sandbox/pay.c init/sandbox/export.c init/sandbox/forward.c base/lib/xml_write.c \
	init/sandbox/request.c init/sandbox/grow.c init/sandbox/parent.c init/sandbox/child.c init/sandbox/config_rom.c init/sandbox/deny.c init/sandbox/sandbox.c \
	base/lib/rpc.c base/lib/cap_alloc.c base/lib/sync.c
xml_libxml2_SRC = $(node_SRC)
xml_libxml2_LIBS = libxml-2.0

heap_SRC = base/lib/heap.c
slab_SRC = base/lib/slab.c base/lib/heap.c
net_checksum_SRC = repos/libports/lib/lwip/checksum.c
net_memory_SRC = repos/libports/lib/lwip/memory.c base/lib/heap.c
elf_SRC = base/platform/elf.c base/lib/string.c
ring_SRC = base/lib/ring.c
packet_stream_SRC = base/lib/packet_stream.c base/lib/ring.c base/lib/id_space.c
packet_interleavings_SRC = base/lib/id_space.c
sync_SRC = base/lib/sync.c
cap_alloc_SRC = base/lib/cap_alloc.c base/lib/rpc.c base/lib/string.c base/lib/sync.c

core_memory_SRC = core/memory.c
core_pure = $(filter-out core/assert.c core/kernel_calls.c core/x86_64/%,$(wildcard core/*.c)) \
	base/lib/tree.c base/lib/string.c base/lib/format.c base/lib/status.c base/lib/rpc.c base/lib/xml_write.c base/lib/xml_text.c
core_boot_SRC = $(core_pure)
core_accounts_SRC = $(core_pure)
core_calls_SRC = $(core_pure)
core_regions_SRC = $(core_pure)
core_nested_SRC = $(core_pure)
core_devices_SRC = $(core_pure)
core_hostile_SRC = $(core_pure)
describe_SRC = os/servers/monitor/describe.c $(node_SRC) base/lib/status.c
ep_SRC = base/lib/ep.c base/lib/rpc.c base/lib/string.c base/lib/tree.c

kernel_slot_SRC = kernel/slot.c
kernel_budget_SRC = kernel/budget.c
kernel_pqueue_SRC = kernel/pqueue.c
kernel_object_SRC = kernel/object.c
kernel_ranges_SRC = kernel/x86_64/ranges.c
kernel_paging_SRC = kernel/x86_64/paging.c
kernel_ipc_SRC = kernel/budget.c kernel/core_call.c kernel/cpu.c kernel/destroy.c kernel/ipc.c kernel/irq.c kernel/object.c kernel/pd.c \
	kernel/pqueue.c kernel/sched.c \
	kernel/slot.c kernel/syscall.c kernel/thread.c kernel/trace.c kernel/transfer.c kernel/x86_64/paging.c
kernel_smp_SRC = $(kernel_ipc_SRC)
virtio_queue_SRC = os/lib/virtio/queue.c
virtio_device_SRC = os/lib/virtio/device.c os/lib/virtio/capabilities.c os/lib/virtio/queue.c
virtio_net_SRC = os/drivers/virtio_net_drv/net.c os/lib/virtio/device.c os/lib/virtio/queue.c

pci_function_SRC = os/drivers/platform_drv/function.c os/drivers/platform_drv/scan.c base/lib/format.c base/lib/string.c
dma_translation_SRC =
acpi_tables_SRC = os/drivers/platform_drv/acpi.c base/lib/string.c
