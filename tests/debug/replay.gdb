# SPDX-License-Identifier: MIT
# What gdb does in a recorded run: steps, the same number of steps back, and back beyond where it came from.
break-in hello_client component_construct
continue
echo STOP component\n
running
stepi
stepi
printf "AT %#lx\n", $rip
stepi
stepi
reverse-stepi
reverse-stepi
printf "AT %#lx\n", $rip
reverse-stepi
reverse-stepi
reverse-stepi
echo STOP back\n
bt 1
