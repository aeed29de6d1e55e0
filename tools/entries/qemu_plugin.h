/* SPDX-License-Identifier: MIT */
/* As much of QEMU's plugin interface (version 1, docs/devel/tcg-plugins of QEMU 7.2) as the plugins here use; Debian has no package with it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

extern int qemu_plugin_version;
int qemu_plugin_install(qemu_plugin_id_t id, void const *info, int argc, char **argv);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, void (*callback)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, void (*callback)(unsigned vcpu, void *data),
                                          enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, enum qemu_plugin_op op, void *counter, uint64_t added);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, void (*callback)(unsigned vcpu, void *data),
                                            enum qemu_plugin_cb_flags flags, void *data);

size_t qemu_plugin_tb_n_insns(struct qemu_plugin_tb const *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(struct qemu_plugin_tb const *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(struct qemu_plugin_insn const *insn);
void const *qemu_plugin_insn_data(struct qemu_plugin_insn const *insn);
size_t qemu_plugin_insn_size(struct qemu_plugin_insn const *insn);
