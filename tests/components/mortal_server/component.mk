# SPDX-License-Identifier: MIT
# What mortal_server is built with.
USES = mortal
