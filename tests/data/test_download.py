"""Downloads: refused at once without a network, ended in time, and nothing half done left."""

import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from command_line import CommandLine

from bayesian_gan.data import download as module
from bayesian_gan.data.download import download
from bayesian_gan.errors import InputError


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_network", lambda: True)


def refusal(data_dir: Path, seconds: float = 60) -> str:
    with pytest.raises(InputError) as caught:
        download("kmnist", data_dir, seconds, "LAYOUTS")
    assert "\n" not in str(caught.value)
    assert "put LAYOUTS into" in str(caught.value)
    return str(caught.value)


def program(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """What runs in place of TFDS, after it has begun."""
    begun = (
        "import pathlib, sys; f = pathlib.Path(sys.argv[2], sys.argv[1], 'incomplete.ABC_1.0.0'); "
    )
    monkeypatch.setattr(module, "PROGRAM", f"{begun}f.mkdir(parents=True); {text}")


def test_without_a_network_both_layouts_are_named_at_once(
    tmp_path: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: Any, **__: Any) -> None:
        raise OSError("no route")

    monkeypatch.setattr(socket, "create_connection", unreachable)
    command_line(
        ["--dataset", "kmnist", "--data_path", str(tmp_path), "--out_dir", str(tmp_path / "O")]
    ).refused("no network", "kmnist/{train,t10k}-{images-idx3", "kmnist/VERSION/", str(tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_network_that_does_not_answer_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = threading.Event()
    monkeypatch.setattr(module, "PROBE_SECONDS", 0.1)

    def connect(*_: Any, **__: Any) -> None:
        silent.wait(30)
        raise OSError

    monkeypatch.setattr(socket, "create_connection", connect)
    start = time.monotonic()
    assert "no network" in refusal(tmp_path)
    assert time.monotonic() - start < 10
    silent.set()


def test_a_proxy_is_what_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def connect(address: tuple[str, int], timeout: float) -> None:
        tried.append(address)
        raise OSError

    monkeypatch.setattr(socket, "create_connection", connect)
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    assert not module._network()
    monkeypatch.delenv("https_proxy")
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    assert not module._network()
    assert tried == [("proxy.example", 3128), module.HOST]


@pytest.mark.usefixtures("online")
def test_a_download_that_takes_too_long_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(monkeypatch, "import time; time.sleep(60); (f / 'late').touch()")
    kept = tmp_path / "kmnist" / "incomplete.OTHER_1.0.0"
    kept.mkdir(parents=True)  # Another process's.
    start = time.monotonic()
    assert "took longer than --download_seconds 1" in refusal(tmp_path, seconds=1)
    assert time.monotonic() - start < 30  # It is killed: it would go on for a minute.
    assert list((tmp_path / "kmnist").iterdir()) == [kept]


@pytest.mark.usefixtures("online")
def test_a_download_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(monkeypatch, "raise ConnectionError('the server said 404')")
    assert "failed (ConnectionError: the server said 404)" in refusal(tmp_path)
    assert not list((tmp_path / "kmnist").iterdir())


@pytest.mark.usefixtures("online")
def test_a_download_that_succeeds_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program(monkeypatch, "f.rename(f.with_name('1.0.0'))")
    download("kmnist", tmp_path, 60, "LAYOUTS")
    assert (tmp_path / "kmnist" / "1.0.0").is_dir()
    assert "downloading kmnist" in capsys.readouterr().out
