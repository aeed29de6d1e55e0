# SPDX-License-Identifier: MIT
# What holder is built with.
USES = hello rom account
