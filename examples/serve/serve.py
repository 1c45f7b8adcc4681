"""Serves an export: `python serve.py PATH --name NAME`; README.md says what is asked and answered.

The application is `app.Application`, which any WSGI server runs; `front` is one with bounds.
"""

import argparse
import asyncio
import gc
import logging
import resource
import signal
import socket
import sys
from pathlib import Path

from app import Application
from front import Front, Server, log
from model import Model
from tornado.netutil import bind_sockets

STOP_SECONDS = 20
MAX_HEADER = 2**14
BACKLOG = 4096
MAX_CONNECTIONS = 2**14
OTHER_FILES = 128  # Descriptors that are no connections.
# Made objects between two collections: a body may hold a million lists, none of them garbage.
GC_THRESHOLD = 100_000


async def serve(front: Front, sockets: list[socket.socket], connections: int) -> None:
    """Serves until SIGTERM or SIGINT, then answers what was read and ends."""
    server = Server(
        front,
        idle_connection_timeout=front.seconds,
        body_timeout=front.seconds,
        max_header_size=MAX_HEADER,
        max_body_size=sys.maxsize,  # `front.Request` has the bound.
    )
    server.most = connections
    server.add_sockets(sockets)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    host, port = sockets[0].getsockname()[:2]
    log.info("serving on http://%s:%d", host, port)
    await stop.wait()
    front.stopping = True
    server.stop()
    for _ in range(STOP_SECONDS * 10):
        if not front.waiting:
            break
        await asyncio.sleep(0.1)
    front.pool.shutdown(wait=False, cancel_futures=True)
    log.info("stopped")


def main() -> None:
    """Reads the command line and serves."""
    parser = argparse.ArgumentParser(description="Serves a SavedModel of bayesian-gan export.")
    parser.add_argument("path", type=Path, help="folder of the export, such as MODELS/NAME/1")
    parser.add_argument(
        "--name", default="model", help="of the model, in the paths (default: model)"
    )
    parser.add_argument("--host", default="127.0.0.1", help="(default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8501, help="0 for a free one (default: 8501)")
    parser.add_argument("--threads", type=int, default=2, help="that predict (default: 2)")
    parser.add_argument("--queue", type=int, default=128, help="requests that wait (default: 128)")
    parser.add_argument("--seconds", type=float, default=20, help="for clients (default: 20)")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        model = Model(given.path)
    except (OSError, ValueError, KeyError) as error:
        parser.error(f"{given.path} is no SavedModel of bayesian-gan export: {error}")
    version = given.path.resolve().name
    front = Front(
        Application(given.name, version if version.isdecimal() else "1", model),
        given.threads,
        given.queue,
        given.seconds,
    )
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    connections = MAX_CONNECTIONS if most < 0 else min(MAX_CONNECTIONS, most - OTHER_FILES)
    try:
        sockets = bind_sockets(given.port, given.host, backlog=BACKLOG)
    except OSError as error:
        parser.error(f"cannot listen on {given.host}:{given.port}: {error}")
    asyncio.run(serve(front, sockets, connections))


if __name__ == "__main__":
    main()
