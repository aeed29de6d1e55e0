# SPDX-License-Identifier: MIT
# What bystander is built with.
USES = hello
