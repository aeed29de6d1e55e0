# SPDX-License-Identifier: MIT
# What quota_worker is built with.
USES = hello
