"""XLA's compiled kernels, kept in `build/` for the other processes of the tests and for later runs of them.

It is for tests alone: a file that is damaged, or that cannot be written, ends a step with an error, and what
lies in the folder is run.
"""

import hashlib
import os
import platform
from importlib.metadata import version
from pathlib import Path

VARIABLE = "TF_XLA_FLAGS"
FOLDER = Path(__file__).parents[1] / "build" / "compiled"


def keep_compiled_kernels() -> None:
    """Has TensorFlow look there before it compiles, in this process and in those that it starts.

    On Linux, which says what the processor can do: code for another one would end the process.
    """
    cpu = Path("/proc/cpuinfo")
    if not cpu.exists() or " " in str(FOLDER):
        return
    lines = cpu.read_text(encoding="utf-8").splitlines()
    can = {line for line in lines if line.startswith(("model name", "flags", "Features"))}
    decides = (*sorted(can), platform.machine(), version("tensorflow"))
    folder = FOLDER / hashlib.sha256("\n".join(decides).encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault(
        VARIABLE,
        f"--tf_xla_persistent_cache_directory={folder} --tf_xla_persistent_cache_device_types=CPU",
    )
