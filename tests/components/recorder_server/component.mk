# SPDX-License-Identifier: MIT
# What recorder_server is built with.
USES = recorder goldens
