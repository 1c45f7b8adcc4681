"""How requests come in and answers go out: Tornado's server, within bounds, before a WSGI application.

One thread holds all connections. What a client may take and send is bounded here, so that slow
ones, large ones and many of them cost little; a few threads make the answers.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from app import Application, reply
from instances import MAX_BODY
from tornado import httputil
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.wsgi import WSGIContainer

MAX_HELD = 2**27  # Bytes of the bodies of all requests together.
MAX_DRAINED = 2**27  # Of a body that is refused: who still sends does not read the answer.

log = logging.getLogger("serve")


class Server(HTTPServer):
    """Tornado's, with a bound on the number of connections; more are closed at once."""

    most, connections = 0, 0

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        """Begins a connection."""
        if self.connections >= self.most:
            stream.close()
            return
        self.connections += 1
        super().handle_stream(stream, address)

    def on_close(self, server_conn: object) -> None:
        """Ends a connection."""
        self.connections -= 1
        super().on_close(server_conn)


class Front(httputil.HTTPServerConnectionDelegate):
    """Takes requests in, and has them answered by threads, within bounds.

    Args:
        application: of WSGI.
        threads: that many answers are made at once.
        queue: that many requests may wait for one.
        seconds: that a client may take to send a header, to send a body, and to take an answer.

    Attributes:
        held: bytes of the bodies of all requests.
        waiting: requests that were read and are not answered.
        stopping: whether all further requests are refused.
    """

    def __init__(self, application: Application, threads: int, queue: int, seconds: float) -> None:
        self.application, self.most_waiting = application, threads + queue
        self.seconds = seconds
        self.pool = ThreadPoolExecutor(threads)
        self.environ = WSGIContainer(application, self.pool).environ
        self.held, self.waiting, self.stopping = 0, 0, False
        self._tasks: set[asyncio.Task[None]] = set()

    def start_request(self, server_conn: object, request_conn: Any) -> "Request":
        """The reader of one request."""
        return Request(self, request_conn)

    def begin(self, request: "Request") -> None:
        """Has a request that was read answered."""
        self.waiting += 1
        task = asyncio.create_task(self._answer(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, request: "Request") -> None:
        try:
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self.pool, self._call, request)
            if answer is not None:
                request.send(*answer)
                request.connection.finish()
                await self._sent(request.stream)
        except Exception:
            log.exception("a request failed")
            request.stream.close()
        finally:
            self.waiting -= 1
            request.release()

    def _call(self, request: "Request") -> tuple[str, list[tuple[str, str]], bytes] | None:
        """The application's answer; None for a client that has gone."""
        if request.stream.closed():
            return None
        head: list[Any] = []
        body = self.application(self.environ(request.read), lambda *given: head.extend(given))
        return head[0], head[1], b"".join(body)

    async def _sent(self, stream: IOStream) -> None:
        """Waits for the client to take the answer, for a while."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.seconds
        while stream.writing() and loop.time() < end:
            await asyncio.sleep(0.1)
        if stream.writing():
            stream.close()


class Request(httputil.HTTPMessageDelegate):
    """Reads one request; what is too large is refused as soon as that is seen."""

    def __init__(self, front: Front, connection: Any) -> None:
        self._front, self.connection, self.stream = front, connection, connection.stream
        self._body, self._size, self._refused, self._drained = bytearray(), 0, False, 0

    def headers_received(self, start_line: Any, headers: httputil.HTTPHeaders) -> None:
        """Called first."""
        self.read = httputil.HTTPServerRequest(
            connection=self.connection, start_line=start_line, headers=headers
        )
        length = headers.get("Content-Length", "0")
        if length.isdecimal() and (len(length) > 18 or int(length) > MAX_BODY):
            self._refuse(413, f"the body is larger than {MAX_BODY} bytes")
            if "Expect" in headers:  # The client waits with its body, and now keeps it.
                self.connection.finish()

    def data_received(self, chunk: bytes) -> None:
        """Called with each part of the body."""
        if self._refused:
            self._drained += len(chunk)
            if self._drained > MAX_DRAINED:
                self.connection.finish()
            return
        self._body += chunk
        self._size += len(chunk)
        self._front.held += len(chunk)
        if self._size > MAX_BODY:
            self._refuse(413, f"the body is larger than {MAX_BODY} bytes")
        elif self._front.held > MAX_HELD:
            self._refuse(503, "too much is being sent at once; try again later")

    def finish(self) -> None:
        """Called when all was read."""
        if not self._refused and self._front.stopping:
            self.send(*reply(503, {"error": "the server is stopping"}))
        elif not self._refused and self._front.waiting >= self._front.most_waiting:
            self.send(*reply(503, {"error": "too many requests are waiting; try again later"}))
        elif not self._refused:
            self.read.body, self._body = bytes(self._body), bytearray()
            self.read.headers["Content-Length"] = str(self._size)  # Of chunks, too.
            self._front.begin(self)
            return
        self.release()
        self.connection.finish()

    def on_connection_close(self) -> None:
        """Called in the place of `finish` where the client has gone, or took too long."""
        self.release()

    def release(self) -> None:
        """Forgets the body, which an open connection would hold until its next request."""
        self._front.held -= self._size
        self.read.body, self._body, self._size = b"", bytearray(), 0

    def send(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        """Writes an answer."""
        code, phrase = status.split(" ", 1)
        log.info("%s %s %s %s", self.read.remote_ip, self.read.method, self.read.uri[:200], code)
        line = httputil.ResponseStartLine("HTTP/1.1", int(code), phrase)
        chunk = None if self.read.method == "HEAD" else body
        self.connection.write_headers(line, httputil.HTTPHeaders(headers), chunk)

    def _refuse(self, status: int, why: str) -> None:
        """Answers, but goes on reading: a client that is still sending would not see the answer."""
        self._refused = True
        self.release()
        line, headers, body = reply(status, {"error": why})
        self.send(line, [*headers, ("Connection", "close")], body)
