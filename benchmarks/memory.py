"""The memory of a process."""

from pathlib import Path


def peak_memory(process: int | str = "self") -> int:
    """Bytes, the most that was resident. Not of `getrusage`, which counts what the parent had at the start.

    Args:
        process: its number.
    """
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
