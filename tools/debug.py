# SPDX-License-Identifier: MIT
# What gdb learns about Banyan (tools/debug starts it with this): which thread runs, and whose symbols its addresses belong to.
#
# All components are linked to the same addresses, so their symbols cannot be loaded side by side. At each stop the image that the
# address space shows is compared with the boot modules, and the symbols of that one are loaded.
#
#   break-in CHILD LOCATION [BINARY]   a breakpoint that stops only threads of this child (its last name: hello_client, core), wherever it is in
#                                      the tree; BINARY if its program has another name. Can be set before the child exists.
#   running                            which thread runs, on whose time
#   component BINARY                   loads the symbols of this program now
#
# Breakpoints are addresses that QEMU compares: they need no memory that is mapped.
import os
import time

import gdb

IMAGE_ADDRESS = 0x220000
PAGE_SIZE = 4096
KERNEL_START = 0xffff800000000000
CORE = "core"
PLATFORM_PAGE = "platform_page.elf"

SETTLE_S = 0.3

boot_directory = "build/boot"
loaded = None
replaying = False


def symbols_of(binary):
    path = os.path.abspath("build/bin/" + binary)
    return path if os.path.exists(path) else None


def load(binary):
    """Makes the symbols of one program the ones that user addresses are looked up in."""
    global loaded
    if binary == loaded:
        return
    if symbols_of(binary) is None:
        raise gdb.GdbError("there is no program build/bin/" + binary)
    for name, offset in images(loaded):
        gdb.execute("remove-symbol-file " + symbols_of(name), to_string=True)
    for name, offset in images(binary):
        gdb.execute("add-symbol-file %s -o %s" % (symbols_of(name), offset), to_string=True)
    loaded = binary


def images(binary):
    """What an address space with this program holds, and how far from where it is linked: core has no platform page below it."""
    if binary is None:
        return []
    return [(CORE, 0)] if binary == CORE else [(PLATFORM_PAGE, 0), (binary, IMAGE_ADDRESS)]


def thread_name(thread):
    data = bytes(gdb.selected_inferior().read_memory(int(thread["name"].address), thread["name"].type.sizeof))
    return data.split(b"\0")[0].decode(errors="replace")


def running_thread():
    """The kernel's name of the thread that executes, `child:thread`; None while the kernel boots or idles."""
    try:
        thread = gdb.parse_and_eval("this_cpu.current")
        return thread_name(thread.dereference()) if int(thread) else None
    except gdb.error:
        return None


def running_child():
    name = running_thread()
    return name.split(":")[0] if name else None


def image_in_memory():
    """The boot module that the image in the current address space was loaded from: their first pages are all different."""
    try:
        page = bytes(gdb.selected_inferior().read_memory(IMAGE_ADDRESS, PAGE_SIZE))
    except gdb.MemoryError:
        return None
    for name in sorted(os.listdir(boot_directory)):
        with open(os.path.join(boot_directory, name), "rb") as file:
            if file.read(PAGE_SIZE) == page:
                return name
    return None


def follow(event):
    """At a stop: the symbols of whoever runs. QEMU 7.2 hangs if a command to go back comes in the moment after it has stopped a replay."""
    if replaying:
        time.sleep(SETTLE_S)
    child = running_child()
    binary = CORE if child == CORE else image_in_memory() if child else None
    if binary and symbols_of(binary):
        load(binary)


class BreakpointIn(gdb.Breakpoint):
    """Stops threads of one child alone."""

    def __init__(self, child, address):
        super().__init__("*0x%x" % address)
        self.child = child

    def stop(self):
        return running_child() == self.child


class BreakIn(gdb.Command):
    """break-in CHILD LOCATION [BINARY]: a breakpoint that stops only threads of this child."""

    def __init__(self):
        super().__init__("break-in", gdb.COMMAND_BREAKPOINTS)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        if len(words) not in (2, 3):
            raise gdb.GdbError("usage: break-in CHILD LOCATION [BINARY]")
        load(words[-1] if len(words) == 3 else words[0])
        where = gdb.decode_line(words[1])[1]
        if not where:
            raise gdb.GdbError("there is no such location: " + words[1])
        for symtab_line in where:
            if symtab_line.pc < KERNEL_START:
                BreakpointIn(words[0], symtab_line.pc)


class Running(gdb.Command):
    """running: which thread executes, as child:thread."""

    def __init__(self):
        super().__init__("running", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        print(running_thread() or "no thread", "(symbols of %s)" % loaded if loaded else "")


class Component(gdb.Command):
    """component BINARY: loads the symbols of this program."""

    def __init__(self):
        super().__init__("component", gdb.COMMAND_FILES)

    def invoke(self, argument, from_tty):
        load(argument)


class BootDirectory(gdb.Command):
    """boot-directory PATH: where the boot modules of the scenario are."""

    def __init__(self):
        super().__init__("boot-directory", gdb.COMMAND_FILES)

    def invoke(self, argument, from_tty):
        global boot_directory
        boot_directory = argument


for command in (BreakIn, Running, Component, BootDirectory):
    command()
gdb.execute("set confirm off")
gdb.execute("set pagination off")
gdb.execute("set architecture i386:x86-64", to_string=True)
gdb.execute("file build/kernel/kernel", to_string=True)
gdb.events.stop.connect(follow)
