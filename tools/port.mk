# SPDX-License-Identifier: MIT
# Compiles what a component.mk takes from its port into one archive. tools/rules.mk runs this when the port is unpacked, which is when its sources can
# be listed: make -f tools/port.mk build/lib/NAME.port.a DIR=(where component.mk is) PORT=NAME FLAGS=... CC= AR=
#
# component.mk says, in names below the port's directory and with wildcards: PORT_SRC, what is compiled; PORT_OMIT, what of that is not;
# PORT_FLAGS, further flags, in which $(PORT_DIR) is that directory. Warnings of third-party code are its authors'.

.SUFFIXES:
.DELETE_ON_ERROR:

PORT_DIR := build/ports/$(PORT)
archive := $(MAKECMDGOALS)
name := $(patsubst build/lib/%.port.a,%,$(archive))

class := $(FLAGS)
override FLAGS :=
include $(DIR)/component.mk

sources := $(filter-out $(wildcard $(addprefix $(PORT_DIR)/,$(PORT_OMIT))),$(wildcard $(addprefix $(PORT_DIR)/,$(PORT_SRC))))
$(foreach pattern,$(PORT_SRC),$(if $(wildcard $(PORT_DIR)/$(pattern)),,$(error $(DIR)/component.mk: PORT_SRC: port $(PORT) has no file $(pattern))))
objects := $(patsubst $(PORT_DIR)/%,build/obj/port/$(name)/%.o,$(sources))

$(archive): $(objects)
	@echo '  AR      $@'
	@mkdir -p $(@D)
	@rm -f $@
	@printf '%s\n' $(objects) >build/obj/port/$(name)/objects
	@$(AR) rcsD $@ @build/obj/port/$(name)/objects

# A file that changes when the command does: with it all is compiled anew, and not with each change of the files that the command comes from.
command := $(CC) $(class) $(PORT_FLAGS) -MD -MP
noted := $(strip $(subst $(CURDIR),,$(command)))
$(shell mkdir -p build/obj/port/$(name) && echo '$(noted)' | cmp -s - build/obj/port/$(name)/command || echo '$(noted)' >build/obj/port/$(name)/command)

build/obj/port/$(name)/%.o: $(PORT_DIR)/% build/obj/port/$(name)/command
	@mkdir -p $(@D)
	@$(command) -c -o $@ $<

-include $(objects:.o=.d)
