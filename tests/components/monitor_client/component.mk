# SPDX-License-Identifier: MIT
# What monitor_client is built with.
USES = hello timer
