# SPDX-License-Identifier: MIT
# What driver_killer is built with.
USES = sandbox parent cpu nic frames
