# SPDX-License-Identifier: MIT
# Interfaces of base only.
USES = parent account rom ram pd rm cpu signal
