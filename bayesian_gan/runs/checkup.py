"""Whether a machine is fit for runs: a line for each thing that they need or that decides their speed."""

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from bayesian_gan.errors import InputError
from bayesian_gan.reliability.environment import available_memory, check_versions
from bayesian_gan.reliability.hardware import BFLOAT16, affinity, processor, quota
from bayesian_gan.versions import versions

# Of a run of `make demo`: the least that anything here takes.
LEAST_MEMORY, LEAST_DISK = 1.5 * 2**30, 0.5 * 2**30
AMPERE = (8, 0)  # The first compute capability with bfloat16.


@dataclass(frozen=True)
class Check:
    """One line.

    Attributes:
        name: what was looked at.
        text: what was found; where it fails, what to do.
        ok: False where runs will fail or go wrong.
    """

    name: str
    text: str
    ok: bool = True


def check_up(test: bool = True) -> Iterator[Check]:
    """Yields the lines one by one; those that need TensorFlow come last, since it takes seconds to load.

    Args:
        test: whether to run the self-test, about 20 seconds for each device.
    """
    yield Check("versions", ", ".join(f"{name} {found}" for name, found in versions().items()))
    yield _packages()
    yield Check("system", f"{platform.system()} {platform.release()}, {platform.machine()}")
    yield _cores()
    yield _memory()
    yield _disk()
    yield from _devices(test)


def _packages() -> Check:
    try:
        check_versions()
    except InputError as error:
        return Check("packages", str(error), ok=False)
    return Check("packages", "in the ranges that this package needs")


def _cores() -> Check:
    name, instructions = processor()
    limit = quota()
    text = f"{affinity()} of {os.cpu_count()} cores"
    if limit is not None:
        text += f", for {limit:g} cores' worth of time (control group)"
    return Check("processor", f"{text}; {name}; {' '.join(instructions) or 'no AVX2'}")


def _memory() -> Check:
    free = available_memory()
    text = f"{_gigabytes(free)} of {_gigabytes(psutil.virtual_memory().total)} available"
    if free < LEAST_MEMORY:
        return Check("memory", f"{text}: a run needs {_gigabytes(LEAST_MEMORY)} at least", ok=False)
    return Check("memory", text)


def _disk() -> Check:
    free = shutil.disk_usage(Path.cwd()).free
    text = f"{_gigabytes(free)} free where this was called"
    if free < LEAST_DISK:
        return Check("disk", f"{text}: a run needs {_gigabytes(LEAST_DISK)} at least", ok=False)
    return Check("disk", text)


def _devices(test: bool) -> Iterator[Check]:
    import tensorflow as tf

    build = tf.sysconfig.get_build_info()
    cuda = f"CUDA {build['cuda_version']}" if build.get("is_cuda_build") else "no CUDA"
    devices = tf.config.list_logical_devices()
    names = [each.name.rpartition("/device:")[2] for each in devices]
    yield Check("tensorflow", f"built with {cuda}; sees {', '.join(names)}")
    yield _onednn()
    physical = tf.config.list_physical_devices("GPU")
    for gpu in physical:
        yield _gpu(gpu.name.rpartition("physical_device:")[2], tf.config.experimental, gpu)
    yield _bfloat16([tf.config.experimental.get_device_details(gpu) for gpu in physical])
    for name in names:
        yield _xla(name)
    if test:
        yield from _self_tests(names)


def _onednn() -> Check:
    asked = os.environ.get("TF_ENABLE_ONEDNN_OPTS")
    return Check("oneDNN", "on" if asked == "1" else f"off (TF_ENABLE_ONEDNN_OPTS={asked})")


def _gpu(name: str, experimental: object, gpu: object) -> Check:
    details = experimental.get_device_details(gpu)  # type: ignore[attr-defined]
    capability = ".".join(map(str, details.get("compute_capability", ("unknown",))))
    return Check(name, f"{details.get('device_name', 'unknown')}, compute capability {capability}")


def _bfloat16(gpus: list[dict]) -> Check:
    """Where `--mixed_precision` gains time."""
    _, instructions = processor()
    own = [flag for flag in instructions if flag in BFLOAT16]
    able = [gpu for gpu in gpus if gpu.get("compute_capability", (0, 0)) >= AMPERE]
    text = f"processor {' '.join(own) if own else 'without, --mixed_precision is slower there'}"
    return Check("bfloat16", text + (f"; {len(able)} of {len(gpus)} GPUs" if gpus else ""))


def _xla(device: str) -> Check:
    """Whether XLA compiles for a device: for batch normalisation on processors, and for `--jit`."""
    import tensorflow as tf

    def product() -> float:
        with tf.device(f"/device:{device}"):
            square = tf.function(lambda x: tf.reduce_sum(x @ x), jit_compile=True)
            return float(square(tf.ones((8, 8))))

    return _tried(f"XLA on {device}", product, lambda found: "compiles" if found == 512 else None)


def _self_tests(devices: list[str]) -> Iterator[Check]:
    """Twenty iterations on each device, compared with the processor's; the processor's with itself."""
    from bayesian_gan.runs.self_test import ITERATIONS, TOLERANCE, Tested, run_self_test

    first: Tested | None = None

    def said(found: Tested) -> str | None:
        compared = found if first is None else first
        difference = found.difference(compared)
        if not found.is_finite or not difference <= TOLERANCE:
            return None
        repeat = "the same bits again" if difference == 0 else f"{difference:.0e} from CPU:0's"
        return f"{ITERATIONS} iterations, {repeat}"

    cpu = next(name for name in devices if name.startswith("CPU"))
    try:
        first = run_self_test(f"/device:{cpu}")
    except Exception as error:  # Whatever it is, the line says it.
        yield Check("self-test", _one_line(error), ok=False)
        return
    for name in devices:
        yield _tried(f"self-test on {name}", partial(run_self_test, name), said)


def _tried(name: str, work: Callable[[], Any], said: Callable[[Any], str | None]) -> Check:
    """A check that fails where the work raises, or `said` has nothing to say of what it made."""
    try:
        found = work()
    except Exception as error:  # Whatever it is, the line says it, and the next check follows.
        return Check(name, _one_line(error), ok=False)
    text = said(found)
    return Check(
        name, "another result than the processor's" if text is None else text, text is not None
    )


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"


def _gigabytes(num_bytes: float) -> str:
    return f"{num_bytes / 2**30:.1f} GiB"
