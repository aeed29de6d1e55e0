/* SPDX-License-Identifier: MIT */
/*
 * A plugin for QEMU that counts the instructions of a guest with one CPU, where others can read the count while it runs. A CPU that sleeps executes
 * none, so what is counted is work, however fast the host is.
 *
 *   -plugin build/host/count.so,out=FILE      FILE begins with the count, 8 bytes, the least significant one first
 */
#include "../entries/qemu_plugin.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int qemu_plugin_version = 1;

static uint64_t *count;

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, count, qemu_plugin_tb_n_insns(tb));
}

int qemu_plugin_install(qemu_plugin_id_t id, void const *info, int argc, char **argv)
{
	char const *path = argc == 1 && !strncmp(argv[0], "out=", 4) ? argv[0] + 4 : "";
	int const   fd   = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || ftruncate(fd, sizeof(*count))) {
		fprintf(stderr, "count: cannot write the file of out=%s\n", path);
		return 1;
	}
	count = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (count == MAP_FAILED) {
		perror("count: mmap");
		return 1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	return 0;
}
