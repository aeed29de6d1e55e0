# SPDX-License-Identifier: MIT
# What gdb does on a machine that runs: a breakpoint in the kernel, then one in a component, which its siblings at the same address pass.
break pd_create
break-in hello_client component_construct
continue
echo STOP kernel\n
bt 1
delete 1
continue
echo STOP component\n
running
bt 2
break-in core main_dispatch
continue
echo STOP core\n
running
bt 1
