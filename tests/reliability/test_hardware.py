"""What of the processor a process may use, as Linux says it."""

import os
import platform
from pathlib import Path

import pytest

from bayesian_gan.reliability import hardware


@pytest.mark.parametrize(
    ("text", "cores"), [("max 100000\n", None), ("150000 100000\n", 1.5), (None, None)]
)
def test_a_control_groups_limit_is_read(
    text: str | None, cores: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CPU_MAX", "CPU_QUOTA", "CPU_PERIOD"):
        monkeypatch.setattr(hardware, name, tmp_path / name)
    if text is not None:
        (tmp_path / "CPU_MAX").write_text(text)
    assert hardware.quota() == cores
    (tmp_path / "CPU_MAX").unlink(missing_ok=True)
    for quota, found in (("-1", None), ("50000", 0.5)):
        (tmp_path / "CPU_QUOTA").write_text(f"{quota}\n")
        (tmp_path / "CPU_PERIOD").write_text("100000\n")
        assert hardware.quota() == found


def test_the_processor_is_named_with_its_instructions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text("model name\t: A Core\nflags\t\t: fpu avx2 amx_bf16\n")
    monkeypatch.setattr(hardware, "CPU_INFO", file)
    assert hardware.processor() == ("A Core", ["avx2", "amx_bf16"])
    monkeypatch.setattr(hardware, "CPU_INFO", tmp_path / "none")
    assert hardware.processor() == (platform.machine(), [])
    # As an ARM has it: no name, and flags by another word.
    file.write_text("processor\t: 0\nFeatures\t: fp asimd\n")
    monkeypatch.setattr(hardware, "CPU_INFO", file)
    assert hardware.processor() == (platform.machine(), [])


def test_the_scheduler_says_which_cores_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {1, 4, 5} if pid == 0 else set())
    assert hardware.affinity() == 3
