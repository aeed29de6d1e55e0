# SPDX-License-Identifier: MIT
# What timer_test is built with.
USES = timer
