"""TensorFlow's start-up lines are left out of its import, and nothing else is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bayesian_gan import quiet

ROOT = Path(__file__).parents[1]
NOISE = (
    b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    b"I0000 00:00:1795806853.874992   11024 port.cc:153] oneDNN custom operations are on.",
    b"W0000 00:00:1795806853.874992   11024 gpu_device.cc:2342] Cannot dlopen some GPU libraries.",
    b"2024-11-27 19:12:49.123456: I tensorflow/core/util/port.cc:113] oneDNN custom operations",
    b"To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow",
)
SAID = (
    b"E0000 00:00:1795806853.874992   11024 cuda_fft.cc:485] Unable to register cuFFT factory",
    b"F0000 00:00:1795806853.874992   11024 cpu_feature_guard.cc:38] was compiled to use AVX",
    b"ImportError: libcuda.so.1: cannot open shared object file",
    b"Illegal instruction",
    b"",
)
# A package of the same name that says as much as TensorFlow does, and then what a test asks for.
FAKE = """
import os, sys
os.write(2, {noise!r})
os.write(2, b"E0000 00:00:1 7 real.cc:1] an error\\n")
print("by Python", file=sys.stderr)
{then}
"""


def run(
    folder: Path, program: str, then: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """A process with a package `tensorflow` that is as noisy as the real one."""
    package = folder / "tensorflow"
    package.mkdir()
    noise = b"\n".join(NOISE) + b"\n"
    (package / "__init__.py").write_text(FAKE.format(noise=noise, then=then))
    kept = {k: v for k, v in os.environ.items() if k != quiet.VARIABLE}
    return subprocess.run(
        [sys.executable, "-c", program],
        env=kept | {"PYTHONPATH": f"{folder}:{ROOT}"} | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


IMPORT = (
    "import os, bayesian_gan, tensorflow; os.write(2, b'I0000 00:00:1 7 user.cc:1] my own line\\n')"
)


@pytest.mark.parametrize("line", NOISE)
def test_a_start_up_line_is_one(line: bytes) -> None:
    assert quiet.START_UP.match(line)


@pytest.mark.parametrize("line", SAID)
def test_an_error_is_none(line: bytes) -> None:
    assert not quiet.START_UP.match(line)


def test_the_import_says_its_errors_alone_and_what_comes_later_is_not_looked_at(
    tmp_path: Path,
) -> None:
    result = run(tmp_path, IMPORT)
    assert result.returncode == 0
    assert result.stderr.splitlines() == [
        "E0000 00:00:1 7 real.cc:1] an error",
        "by Python",
        "I0000 00:00:1 7 user.cc:1] my own line",
    ]


def test_who_asks_for_everything_gets_it(tmp_path: Path) -> None:
    result = run(tmp_path, IMPORT, TF_CPP_MIN_LOG_LEVEL="0")
    assert result.stderr.count("oneDNN") == 2


def test_what_is_set_stays_and_child_processes_inherit(tmp_path: Path) -> None:
    show = "import os, bayesian_gan; print(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    assert run(tmp_path, show).stdout == "3\n"
    (tmp_path / "second").mkdir()
    assert run(tmp_path / "second", show, TF_CPP_MIN_LOG_LEVEL="1").stdout == "1\n"


def test_an_import_that_fails_says_all_that_it_said(tmp_path: Path) -> None:
    result = run(tmp_path, IMPORT, "raise ImportError('no such library')")
    assert result.returncode == 1
    assert "real.cc:1] an error" in result.stderr
    assert result.stderr.endswith("ImportError: no such library\n")
    assert "oneDNN" not in result.stderr


def test_an_import_that_dies_says_its_last_words(tmp_path: Path) -> None:
    result = run(tmp_path, IMPORT, "os.write(2, b'compiled to use AVX\\n'); os.abort()")
    assert result.returncode == -6
    assert "compiled to use AVX" in result.stderr
    assert "oneDNN" not in result.stderr


def test_the_module_keeps_its_own_loader(tmp_path: Path) -> None:
    show = "print(type(tensorflow.__loader__).__name__, type(tensorflow.__spec__.loader).__name__)"
    result = run(tmp_path, f"import bayesian_gan, tensorflow; {show}")
    assert result.stdout == "SourceFileLoader SourceFileLoader\n"


def test_a_missing_tensorflow_is_not_found(tmp_path: Path) -> None:
    program = "import sys; import bayesian_gan; import importlib.util as u; print(u.find_spec('tensorflow'))"
    result = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout == "None\n"


def test_the_library_is_silent_from_its_import_to_a_step() -> None:
    kept = {k: v for k, v in os.environ.items() if k != quiet.VARIABLE}
    program = "from bayesian_gan import Posterior; import tensorflow as tf; tf.constant(1) + 1"
    result = subprocess.run(
        [sys.executable, "-c", program],
        env=kept | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
