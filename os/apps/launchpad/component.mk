# SPDX-License-Identifier: MIT
# What launchpad is built with.
USES = sandbox rom
