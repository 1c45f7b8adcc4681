"""The serving example, as a process on a port: what it answers, what it refuses, and that it holds."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from bodies import BAD, BLANK, SHAPE, as_json, b64, picture
from disagreeing import collected
from PIL import Image

from bayesian_gan.data.pictures import read_picture
from bayesian_gan.data.resizing import fitted
from bayesian_gan.export.output import DESCRIPTION, describe
from bayesian_gan.export.savedmodel import write_saved_model
from bayesian_gan.posterior import Posterior
from bayesian_gan.runs.samples import read
from bayesian_gan.storage import write_json

pytest.importorskip("tornado", reason="the serving example needs Tornado, which is not installed")

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "serve"
NAMES = ("a", "zwei", "三")
BACKGROUND = "blue"
SECONDS = 4
QUEUE = 2
MODEL = "/v1/models/digits"
TOLERANCE = 1e-6


class Served(NamedTuple):
    """A server with its model in this process."""

    process: "subprocess.Popen[bytes]"
    port: int
    posterior: Posterior
    loaded: Any


def _write_export(posterior: Posterior, folder: Path) -> None:
    folder.mkdir(parents=True)
    classifier = read(posterior, "classifier", "all")
    write_saved_model(folder, classifier, None, NAMES)
    described = describe("savedmodel", SHAPE, NAMES, classifier, None)
    described["pictures"] = {"fit": "pad", "background": BACKGROUND}
    write_json(folder / DESCRIPTION, described)


def _start(folder: Path, log: Path, port: int = 0) -> tuple["subprocess.Popen[bytes]", int]:
    command = [sys.executable, "serve.py", str(folder), "--name", "digits", "--port", str(port)]
    limits = ["--threads", "1", "--queue", str(QUEUE), "--seconds", str(SECONDS)]
    with log.open("wb") as output:
        # Without PYTHONPATH: the example does not need this package.
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        process = subprocess.Popen(
            command + limits, cwd=EXAMPLE, env=environment, stdout=output, stderr=output
        )
    for _ in range(1200):
        said = log.read_text(errors="replace")
        if found := re.search(r"serving on http://127\.0\.0\.1:(\d+)", said):
            return process, int(found[1])
        assert process.poll() is None, said
        time.sleep(0.1)
    process.kill()
    raise AssertionError(said)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("models") / "digits" / "7"
    posterior = collected(tmp_path_factory.mktemp("collected") / "posterior", 3)
    _write_export(posterior, folder)
    process, port = _start(folder, folder.parent / "log")
    try:
        yield Served(process, port, posterior, tf.saved_model.load(str(folder)))
    finally:
        process.kill()
        process.wait()


def _ask(
    served: Served, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, Any, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, given)
    answer = connection.getresponse()
    found = json.loads(answer.read() or "null")
    connection.close()
    return answer.status, found, dict(answer.getheaders())


def _predict(served: Served, instances: Any, **more: Any) -> list[dict[str, Any]]:
    body = json.dumps({"instances": instances, **more})
    kind = "application/json; charset=utf-8"
    status, found, _ = _ask(served, "POST", f"{MODEL}:predict", body, Content_Type=kind)
    assert status == 200, found
    assert set(found) == {"predictions"}
    return found["predictions"]


def _assert_says(rows: list[dict[str, Any]], loaded: Any, images: np.ndarray) -> None:
    """That rows are what the SavedModel says of uint8 images."""
    expected = {k: v.numpy() for k, v in loaded.classify(tf.constant(images)).items()}
    assert len(rows) == len(images)
    for name, value in expected.items():
        np.testing.assert_allclose([row[name] for row in rows], value, atol=TOLERANCE)
    labels = expected["probabilities"].argmax(-1)
    assert [row["class"] for row in rows] == [NAMES[k] for k in labels]
    largest = expected["probabilities"].max(-1)
    np.testing.assert_allclose([row["probability"] for row in rows], largest, atol=TOLERANCE)
    for name in ("entropy", "mutual_information"):
        bits = [row[f"{name}_bits"] for row in rows]
        np.testing.assert_allclose(bits, expected[name] / np.log(2), atol=TOLERANCE)


def test_the_model_is_described(served: Served) -> None:
    status, found, headers = _ask(served, "GET", MODEL)
    assert status == 200
    assert headers["Content-Type"] == "application/json"
    (version,) = found["model_version_status"]
    assert version == {
        "version": "7",
        "state": "AVAILABLE",
        "status": {"error_code": "OK", "error_message": ""},
    }
    assert found["class_names"] == list(NAMES)
    assert found["image_shape"] == list(SHAPE)


def test_lists_and_pictures_are_answered_with_their_uncertainty(
    served: Served, images: np.ndarray
) -> None:
    images = images[:5]
    rows = _predict(served, images.tolist())
    _assert_says(rows, served.loaded, images)
    p = [row["probabilities"] for row in rows]
    np.testing.assert_allclose(p, served.posterior.predict(images), atol=TOLERANCE)
    assert max(row["mutual_information_bits"] for row in rows) > 0.05
    pictures = [b64(picture(image[..., 0])) for image in images]
    assert _predict(served, pictures) == rows
    mixed = [{"images": pictures[0]}, {"images": images[1].tolist()}, *pictures[2:]]
    assert _predict(served, mixed, signature_name="classify") == rows
    floats = (images / 127.5 - 1.0).astype(np.float32)
    found = _predict(served, floats.tolist(), signature_name="classify_float")
    _assert_says(found, served.loaded, images)


def test_pictures_of_other_sizes_and_kinds_are_fitted_as_predict_does(
    served: Served, images: np.ndarray
) -> None:
    numbers = np.random.default_rng(3)
    colours = numbers.integers(0, 256, (30, 20, 3), np.uint8)
    turned = Image.Exif()
    turned[0x0112] = 6
    pictures = [
        picture(colours, "RGB"),
        picture(colours, "RGB", "JPEG", exif=turned),
        picture(numbers.integers(0, 256, (9, 33, 4), np.uint8), "RGBA"),
        picture(colours, "P", transparency=3),
        picture(colours, "CMYK", "JPEG", progressive=True),
        picture(images[0, ..., 0], "1"),
        picture(np.full((4000, 4000), 7, np.uint8)),
    ]
    expected = [
        fitted(read_picture(each, background=BACKGROUND), SHAPE, "pad", BACKGROUND)
        for each in pictures
    ]
    assert expected[0].std() > 1
    rows = _predict(served, [b64(each) for each in pictures[:-1]])
    _assert_says(rows, served.loaded, np.stack(expected[:-1]))
    _assert_says(_predict(served, [b64(pictures[-1])]), served.loaded, expected[-1][None])


@pytest.mark.parametrize("case", BAD)
def test_a_bad_body_is_one_line(served: Served, case: str) -> None:
    body, expected, fragment = BAD[case]
    status, found, headers = _ask(
        served, "POST", f"{MODEL}:predict", body, Content_Type="application/json"
    )
    assert status == expected, found
    assert set(found) == {"error"}
    assert fragment in found["error"]
    assert "\n" not in found["error"]
    assert len(found["error"]) < 400
    assert headers["Content-Type"] == "application/json"


def test_pixels_are_counted_over_a_request(served: Served) -> None:
    large = b64(picture(np.zeros((3000, 3000), np.uint8)))
    body = as_json(instances=[large, large])
    status, found, _ = _ask(served, "POST", f"{MODEL}:predict", body)
    assert (status, found["error"]) == (
        413,
        "instances[1]: the pictures have more than 16777216 pixels together",
    )


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "fragment"),
    [
        ("GET", "/", {}, 404, "is not here"),
        ("POST", "/v1/models/%E4%B8%89:predict", {}, 404, "is not here"),
        ("POST", MODEL, {}, 405, "GET"),
        ("GET", f"{MODEL}:predict", {}, 405, "POST"),
        ("POST", f"{MODEL}:predict", {"Content_Type": "text/plain"}, 415, "text/plain"),
        ("POST", f"{MODEL}:predict", {"Content_Encoding": "gzip"}, 415, "Content-Encoding"),
    ],
)
def test_a_bad_request_is_one_line(
    served: Served, method: str, path: str, headers: dict[str, str], status: int, fragment: str
) -> None:
    found, answer, said = _ask(served, method, path, "{}", **headers)
    assert found == status
    assert set(answer) == {"error"}
    assert fragment in answer["error"]
    assert said.get("Allow") == (fragment if status == 405 else None)


def test_head_has_no_body_and_the_connection_goes_on(served: Served) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    for method, status in (("HEAD", 405), ("GET", 200)):
        connection.request(method, MODEL)
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (status, method == "GET")


def _times(served: Served, head: bytes, drip: bytes) -> float:
    """Seconds until the server cuts a client off that sends a few bytes at a time."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=60) as client:
        started = time.monotonic()
        client.sendall(head)
        while time.monotonic() < started + 10 * SECONDS:
            try:
                client.sendall(drip)
                client.settimeout(SECONDS / 10)
                if not client.recv(1):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        return time.monotonic() - started


@pytest.mark.slow  # Of its own haste and of the machine's.
def test_slow_clients_are_cut_off_and_hold_nobody_up(served: Served) -> None:
    line = f"POST {MODEL}:predict HTTP/1.1\r\n".encode()
    body = line + b"Host: x\r\nContent-Length: 10000\r\n\r\n"
    slow = [(line, b"X: y\r\n"), (body, b" "), (b"", b"")] * 20
    with ThreadPoolExecutor(len(slow)) as pool:
        waits = [pool.submit(_times, served, *each) for each in slow]
        time.sleep(SECONDS / 4)
        _predict(served, [BLANK])
        # The bound is on what a client may take, not on how busy this machine is.
        assert max(wait.result() for wait in waits) < 10 * SECONDS


@pytest.mark.slow  # Of its own haste and of the machine's.
def test_too_many_requests_at_once_are_told_to_wait(served: Served) -> None:
    instances = np.random.default_rng(0).integers(0, 256, (256, *SHAPE)).tolist()
    body = json.dumps({"instances": instances})

    def ask(_: int) -> tuple[int, Any, dict[str, str]]:
        return _ask(served, "POST", f"{MODEL}:predict", body)

    with ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(ask, range(60)))
    assert {status for status, _, _ in answers} == {200, 503}
    for status, found, headers in answers:
        assert (len(found.get("predictions", ())) == 256) == (status == 200)
        if status == 503:
            assert "waiting" in found["error"]
            assert headers["Retry-After"] == "1"
    _predict(served, [BLANK])


def test_it_stops_when_asked_and_starts_again_on_its_port(served: Served) -> None:
    """The last test: the server is gone afterwards."""
    folder = Path(str(served.process.args[2]))  # type: ignore[index]
    with socket.create_connection(("127.0.0.1", served.port)) as idle:
        idle.sendall(b"GET / HT")
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(timeout=60) == 0
    again, port = _start(folder, folder.parent / "again", served.port)
    try:
        assert port == served.port
        _predict(served, [BLANK])
    finally:
        again.kill()
        again.wait()
    log = (folder.parent / "log").read_text(errors="replace")
    assert "Traceback" not in log


def test_what_is_no_export_is_refused_in_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "serve.py", str(tmp_path)], cwd=EXAMPLE, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "is no SavedModel of bayesian-gan export" in done.stderr.splitlines()[-1]
