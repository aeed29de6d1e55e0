# SPDX-License-Identifier: MIT
# What which_cpus is built with.
USES = cpu
