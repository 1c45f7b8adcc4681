"""What of the processor this process may use, as Linux says it."""

import os
import platform
import re
from pathlib import Path

# Instructions that decide how fast a step is: float32 products, and bfloat16 ones.
VECTORS = ("avx2", "avx512f")
BFLOAT16 = ("avx512_bf16", "amx_bf16")
CPU_INFO = Path("/proc/cpuinfo")
# Microseconds of processor time in each period: "200000 100000", or "max 100000"; control groups, version 2.
CPU_MAX = Path("/sys/fs/cgroup/cpu.max")
# Version 1 has the same two numbers, -1 for no limit.
CPU_QUOTA = Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")
CPU_PERIOD = Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us")


def affinity() -> int:
    """Cores that the scheduler may run this process on."""
    return len(os.sched_getaffinity(0))


def quota() -> float | None:
    """Cores' worth of time that the control group may take; None without a limit."""
    try:
        allowed, period = CPU_MAX.read_text().split()
    except (OSError, ValueError):  # No control group of version 2.
        try:
            allowed, period = CPU_QUOTA.read_text().strip(), CPU_PERIOD.read_text().strip()
        except OSError:
            return None
    return None if allowed in ("max", "-1") else int(allowed) / int(period)


def processor() -> tuple[str, list[str]]:
    """The processor's name, and which of `VECTORS` and `BFLOAT16` it has."""
    try:
        text = CPU_INFO.read_text()
    except OSError:
        return platform.machine(), []
    name = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    flags = re.search(r"^flags\s*:\s*(.+)$", text, re.MULTILINE)
    has = set(flags[1].split()) if flags else set()
    return name[1] if name else platform.machine(), [f for f in (*VECTORS, *BFLOAT16) if f in has]
