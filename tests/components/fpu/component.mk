# SPDX-License-Identifier: MIT
# Its own code uses SSE and AVX, and thread-local storage.
HEAVY = 1
USES =
