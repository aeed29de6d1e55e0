# SPDX-License-Identifier: MIT
# What stream_server is built with.
USES = stream
