"""The serving example under load and under attack: right answers, one JSON error each, bounded memory."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from bayesian_gan.export.output import DESCRIPTION, describe
from bayesian_gan.export.savedmodel import write_saved_model
from bayesian_gan.runs.samples import read
from bayesian_gan.storage import write_json
from benchmarks.faults.small_runs import ROOT

sys.path.insert(0, str(ROOT / "tests"))

from bodies import BAD, SHAPE
from disagreeing import collected

EXAMPLE = ROOT / "examples" / "serve"
NAMES = ("a", "zwei", "三")
PATH = "/v1/models/digits"
TOLERANCE = 1e-6
# A client waits for this long: the machine may be busy.
PATIENCE = 300
SECONDS = 10
LARGE = 100 * 2**20
# What the server may grow by, while bodies of 128 MiB are held and as many threads read.
MOST_GROWTH = 2**30


@dataclass(frozen=True)
class Server:
    """A process that serves, and what it has to answer.

    Attributes:
        process: of `serve.py`.
        port: that it listens on.
        images: uint8 [n, *SHAPE].
        expected: `predict`'s probabilities of them, [n, K].
    """

    process: "subprocess.Popen[bytes]"
    port: int
    images: np.ndarray
    expected: np.ndarray

    @property
    def memory(self) -> int:
        """Bytes that the process holds."""
        return psutil.Process(self.process.pid).memory_info().rss

    def ask(self, body: Any, path: str = f"{PATH}:predict") -> tuple[int, Any, float]:
        """Status, JSON and seconds of one request on a connection of its own."""
        start = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read()), time.monotonic() - start
        finally:
            connection.close()


def serving(place: Path, trials: int, clients: int, connections: int, seed: int) -> int:
    """Everything in turn; returns how much was wrong.

    Args:
        place: a folder of its own.
        trials: requests that are right.
        clients: that ask at once.
        connections: that are open and say nothing.
        seed: of the images.
    """
    posterior = collected(place / "posterior", len(NAMES))
    images = np.random.default_rng(seed).integers(0, 256, (64, *SHAPE), np.uint8)
    expected = posterior.predict(images)
    folder = place / "models" / "1"
    folder.mkdir(parents=True)
    classifier = read(posterior, "classifier", "all")
    write_saved_model(folder, classifier, None, NAMES)
    described = describe("savedmodel", SHAPE, NAMES, classifier, None)
    write_json(folder / DESCRIPTION, described)
    server = _started(folder, place / "log", images, expected)
    try:
        before = server.memory
        bad = _load(server, trials, clients)
        bad += _bad_bodies(server)
        bad += _large_bodies(server)
        bad += _slow(server, clients)
        bad += _idle(server, connections)
        growth = server.memory - before
        print(f"memory {before / 2**20:.0f} MiB at first, {growth / 2**20:+.0f} MiB after all that")
        bad += growth > MOST_GROWTH
        return bad + _killed(server, folder, place / "again", trials // 10, clients)
    finally:
        server.process.kill()
        server.process.wait()


def _started(
    folder: Path, log: Path, images: np.ndarray, expected: np.ndarray, port: int = 0
) -> Server:
    # Without this package: the example does not need it.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    command = [sys.executable, "serve.py", str(folder), "--name", "digits", "--port", str(port)]
    start = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--seconds", str(SECONDS)],
            cwd=EXAMPLE,
            env=environment,
            stdout=output,
            stderr=output,
        )
    while time.monotonic() < start + PATIENCE:
        said = log.read_text(errors="replace")
        if found := re.search(r"serving on http://127\.0\.0\.1:(\d+)", said):
            print(f"serves after {time.monotonic() - start:.0f} s", flush=True)
            return Server(process, int(found[1]), images, expected)
        if process.poll() is not None:
            break
        time.sleep(0.1)
    process.kill()
    raise RuntimeError(f"the server did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _load(server: Server, trials: int, clients: int) -> int:
    """Requests of one to four images by many clients; each answer is `predict`'s, or it is told to wait."""

    def one(k: int) -> tuple[str, float]:
        chosen = [(k + i) % len(server.images) for i in range(1 + k % 4)]
        body = json.dumps({"instances": server.images[chosen].tolist()})
        status, found, seconds = server.ask(body)
        if status != 200:
            return f"status {status}", seconds
        said = np.array([row["probabilities"] for row in found["predictions"]])
        near = np.allclose(said, server.expected[chosen], rtol=0.0, atol=TOLERANCE)
        return "right" if near else "WRONG", seconds

    start = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        answers = list(pool.map(one, range(trials)))
    whole = time.monotonic() - start
    counts = Counter(outcome for outcome, _ in answers)
    took = np.array([seconds for _, seconds in answers])
    print(
        f"{trials} requests by {clients} clients in {whole:.1f} s: {dict(counts)}; seconds of an answer: "
        f"median {np.median(took):.3f}, p99 {np.quantile(took, 0.99):.3f}, most {took.max():.3f}",
        flush=True,
    )
    return trials - counts["right"]


def _bad_bodies(server: Server) -> int:
    """Each wrong body gets its status and one line of JSON; bombs of pictures are among them."""
    wrong = []
    for name, (body, status, fragment) in BAD.items():
        found, answer, seconds = server.ask(body)
        line = answer.get("error", "") if set(answer) == {"error"} else ""
        if found != status or fragment not in line or "\n" in line or seconds > PATIENCE / 10:
            wrong.append((name, found, line[:100], round(seconds, 1)))
    print(f"{len(BAD)} wrong bodies: {len(wrong)} answered otherwise {wrong[:3]}", flush=True)
    return len(wrong)


def _large_bodies(server: Server) -> int:
    """Bodies of 100 MiB, with their length and in chunks: 413, or the connection is closed."""
    before, peak, outcomes = server.memory, 0, Counter[str]()
    for headers in (f"Content-Length: {LARGE}", "Transfer-Encoding: chunked"):
        block = b" " * 2**20
        sent = block if "Length" in headers else b"%x\r\n%s\r\n" % (len(block), block)
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as client:
            client.sendall(
                f"POST {PATH}:predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                f"{headers}\r\n\r\n".encode()
            )
            said = b""
            try:
                for _ in range(LARGE // len(block)):
                    client.sendall(sent)
                    peak = max(peak, server.memory)
                if "chunked" in headers:
                    client.sendall(b"0\r\n\r\n")
                said = client.recv(2**16)
            except OSError:
                said = b"closed"
        outcomes[said.split(b"\r\n")[0].decode()] += 1
    more = peak - before
    print(f"bodies of 100 MiB: {dict(outcomes)}, {more / 2**20:+.0f} MiB meanwhile", flush=True)
    refused = sum(count for said, count in outcomes.items() if "413" in said or said == "closed")
    return 2 - refused + (more > MOST_GROWTH)


def _slow(server: Server, clients: int) -> int:
    """Clients that send a byte now and then are cut off; an honest one is answered meanwhile."""
    head = f"POST {PATH}:predict HTTP/1.1\r\n".encode()
    body = head + b"Host: x\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n\r\n"
    drips = [(head, b"X: y\r\n"), (body, b" "), (b"", b"")]

    def until_cut_off(k: int) -> bool:
        first, drip = drips[k % len(drips)]
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as client:
            client.sendall(first)
            client.settimeout(1.0)
            start = time.monotonic()
            while time.monotonic() < start + 10 * SECONDS:
                try:
                    client.sendall(drip)
                    if not client.recv(1):
                        return True
                except TimeoutError:
                    continue
                except OSError:
                    return True
        return False

    with ThreadPoolExecutor(clients) as pool:
        waits = [pool.submit(until_cut_off, k) for k in range(clients)]
        time.sleep(1.0)
        status, _, seconds = server.ask(json.dumps({"instances": server.images[:1].tolist()}))
        cut = sum(wait.result() for wait in waits)
    print(
        f"{clients} slow clients: {cut} cut off; an honest one meanwhile: {status} after {seconds:.2f} s",
        flush=True,
    )
    return clients - cut + (status != 200)


def _idle(server: Server, connections: int) -> int:
    """Connections that say nothing: an honest client is answered all the same, and they are closed."""
    before, held = server.memory, []
    refused = 0
    for _ in range(connections):
        try:
            held.append(socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE))
        except OSError:
            refused += 1
            if refused > 100:
                break
    more = server.memory - before
    status, _, seconds = server.ask(json.dumps({"instances": server.images[:1].tolist()}))
    time.sleep(SECONDS + 5)
    closed = sum(_is_closed(client) for client in held)
    for client in held:
        client.close()
    print(
        f"{len(held)} idle connections ({refused} not opened): {more / 2**20:+.0f} MiB; an honest client: "
        f"{status} after {seconds:.2f} s; {closed} closed within {SECONDS + 5} s",
        flush=True,
    )
    return (status != 200) + (more > MOST_GROWTH) + (closed < len(held))


def _is_closed(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        return not client.recv(1)
    except BlockingIOError:
        return False
    except OSError:
        return True


def _killed(server: Server, folder: Path, log: Path, trials: int, clients: int) -> int:
    """Killed with signal 9 while clients ask, it starts again on its port and answers as before."""
    body = json.dumps({"instances": server.images[:1].tolist()})

    def ask(_: int) -> bool:
        try:
            return server.ask(body)[0] in (200, 503)
        except (OSError, http.client.HTTPException):
            return False

    with ThreadPoolExecutor(clients) as pool:
        waits = [pool.submit(ask, k) for k in range(clients)]
        time.sleep(0.2)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        answered = sum(wait.result() for wait in waits)
    again = _started(folder, log, server.images, server.expected, server.port)
    try:
        print(f"killed while {clients} asked, of which {answered} had their answer; again:")
        return _load(again, max(trials, 10), clients)
    finally:
        again.process.kill()
        again.process.wait()
