# SPDX-License-Identifier: MIT
USES = account cap_session cpu dataspace log parent pd ram rm rom signal
