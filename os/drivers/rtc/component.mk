# SPDX-License-Identifier: MIT
# What rtc is built with.
USES = rtc
