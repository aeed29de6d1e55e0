# SPDX-License-Identifier: MIT
USES = account cap_session cpu dataspace io_mem io_port irq log parent pd ram rm rom signal

# make CHECKS=deep: all books are counted anew after each operation (ledger_check).
$(shell mkdir -p build && echo 'checks: $(CHECKS)' | cmp -s - build/checks || echo 'checks: $(CHECKS)' >build/checks)
build/obj/static/core/main.c.o: local_flags += $(if $(filter deep,$(CHECKS)),-DCORE_CHECKS_DEEP=1)
build/obj/static/core/main.c.o: build/checks
