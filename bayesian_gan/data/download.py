"""Downloads by TensorFlow Datasets, within a time limit, in a process of their own.

Without a network TFDS tries for minutes before it gives up: so the network is tried first, for
seconds.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

from bayesian_gan.data.paths import entries
from bayesian_gan.errors import InputError

PROBE_SECONDS = 3.0
HOST = ("storage.googleapis.com", 443)
PROGRAM = (
    "import sys, tensorflow_datasets as tfds; "
    "tfds.builder(sys.argv[1], data_dir=sys.argv[2]).download_and_prepare()"
)


def download(name: str, data_dir: Path, seconds: float, layouts: str) -> None:
    """Has TFDS download and prepare a data set.

    TFDS takes original files from `data_dir`/downloads/manual where they lie there.

    Args:
        name: TFDS's name.
        data_dir: a folder that exists.
        seconds: time limit.
        layouts: what would have been accepted without a download, for the message.

    Raises:
        InputError: there is no network, or the download failed or took too long; nothing half done
            is left.
    """
    instead = (
        f"put {layouts} into {str(data_dir)!r}, or mend the network (--nodownload does not try)"
    )
    # Original files that lie ready need no network.
    if not entries(data_dir / "downloads" / "manual") and not _network():
        raise InputError(
            f"no {name} in --data_path {str(data_dir)!r}, and no network to download it: {instead}"
        )
    before = _incomplete(data_dir, name)
    print(f"downloading {name} by TensorFlow Datasets into {str(data_dir)!r}", flush=True)
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, name, str(data_dir)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        start_new_session=True,
    )
    try:
        _, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise InputError(
            f"downloading {name} took longer than --download_seconds {seconds:g}: {instead}"
        ) from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for folder in _incomplete(data_dir, name) - before:
            shutil.rmtree(folder, ignore_errors=True)
    if process.returncode:
        last = errors.strip().splitlines()[-1:] or ["no reason given"]
        raise InputError(f"downloading {name} failed ({last[0][:200]}): {instead}")


def _incomplete(data_dir: Path, name: str) -> set[Path]:
    """What TFDS has begun and not finished."""
    folder = data_dir / name.split(":")[0]
    return {folder / entry for entry in entries(folder) if entry.startswith("incomplete.")}


def _network() -> bool:
    """Whether the proxy, or the host of most of TFDS's files, answers within 3 s."""
    proxy = os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY")
    host, port = HOST
    if proxy:
        parts = urlsplit(proxy if "//" in proxy else f"//{proxy}")
        host, port = parts.hostname or host, parts.port or 80
    opened = threading.Event()

    def probe() -> None:
        try:
            socket.create_connection((host, port), timeout=PROBE_SECONDS).close()
            opened.set()
        except OSError:
            return

    # Looking up a name has no time limit of its own.
    thread = threading.Thread(target=probe, daemon=True)
    thread.start()
    thread.join(PROBE_SECONDS)
    return opened.is_set()
