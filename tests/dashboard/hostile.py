# SPDX-License-Identifier: MIT
#
# Clients of the dashboard that trickle, stall, flood and break off; each time it must still answer others at once. Prints `ok NAME` or `failed NAME`. The random part prints its seed.

import random
import socket
import sys
import time

PORT = int(sys.argv[1])
GET = b"GET /state HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def connect():
    return socket.create_connection(("localhost", PORT), timeout=20)


def answers():
    with connect() as client:
        client.sendall(GET)
        data = b""
        while piece := client.recv(65536):
            data += piece
        return data.startswith(b"HTTP/1.1 200")


def check(name, good):
    print("ok" if good else "failed", name, flush=True)


def tricklers():
    """Many who never finish their request."""
    clients = [connect() for _ in range(100)]
    for client in clients:
        client.sendall(b"GET /st")
    return clients


def stalled_streams():
    """Streams that nobody reads."""
    clients = [connect() for _ in range(12)]
    for client in clients:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.sendall(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return clients


def garbage(seed):
    """Requests that are nearly right."""
    random.seed(seed)
    pieces = [b"GET ", b"POST ", b"/", b"/action", b" HTTP/1.1", b"\r\n", b"Host: localhost", b"Content-Length: 5", b"\0", b"%", b"%41", b"?", b"a=b&", b":", b" ", b"\r", b"\n",
              b"Expect: 100-continue", b"X-Banyan: 1", b"\xff\xfe", b"do=kill&path=world"]
    for _ in range(300):
        with connect() as client:
            client.sendall(b"".join(random.choice(pieces) for _ in range(random.randrange(1, 40))) + b"\r\n\r\n")
            if random.random() < .3:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")    # breaks off
            else:
                client.shutdown(socket.SHUT_WR)
                try:
                    while client.recv(65536):
                        pass
                except OSError:
                    pass


check("answers at first", answers())
held = tricklers()
check("a hundred who never finish keep nobody out", answers())
streams = stalled_streams()
check("streams that nobody reads keep nobody out", answers())
for client in held + streams:
    client.close()
seed = int(sys.argv[2]) if len(sys.argv) > 2 else 20260101
print(f"seed {seed}", file=sys.stderr)
garbage(seed)
check("garbage harms nobody", answers())
with connect() as early:
    early.sendall(b"POST /config HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n<config>")
check("a body that breaks off", answers())
with connect() as half:
    half.sendall(GET)
    half.shutdown(socket.SHUT_WR)
    data = b""
    while piece := half.recv(65536):
        data += piece
check("who has closed one half gets the answer", data.startswith(b"HTTP/1.1 200") and data.endswith(b"}"))
began = time.monotonic()
for _ in range(300):
    assert answers()
check("three hundred connections, one after the other", True)
check("the end", True)
