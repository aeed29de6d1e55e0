# SPDX-License-Identifier: MIT
# What stream_client is built with.
USES = stream
