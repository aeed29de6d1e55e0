# SPDX-License-Identifier: MIT
# What mourner is built with.
USES = mortal
