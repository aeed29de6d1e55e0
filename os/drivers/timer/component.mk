# SPDX-License-Identifier: MIT
# What timer is built with.
USES = timer
