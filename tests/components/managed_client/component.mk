# SPDX-License-Identifier: MIT
# What managed_client is built with.
USES = managed
