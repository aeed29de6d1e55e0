# SPDX-License-Identifier: MIT
# What core_services is built with.
USES = account cap_session cpu dataspace log pd ram rm rom signal
