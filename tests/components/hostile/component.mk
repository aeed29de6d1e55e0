# SPDX-License-Identifier: MIT
# What hostile is built with: it learns all interfaces but base's own when it runs.
USES = rom
