"""The files for clusters: shell that parses, and commands whose flags exist."""

import re
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from bayesian_gan.flags import Config

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "examples" / "cluster"
PATHS = sorted([*FOLDER.glob("*.slurm"), *FOLDER.glob("*.yaml")])


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_the_commands_of_a_cluster_have_flags_that_exist(path: Path) -> None:
    text = path.read_text()
    if path.suffix == ".slurm":
        subprocess.run(["bash", "-n", str(path)], check=True)
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    code = "\n".join(lines).replace("\\\n", " ")
    used = [
        name
        for line in code.splitlines()
        if "run_bgan" in line or "bayesian_gan" in line or "--num_mcmc" in line
        for name in re.findall(r"--([a-z_]+)", line)
    ]
    assert set(used) <= {field.name for field in fields(Config)} | {"flagfile"}
    flagfiles = re.findall(r"--flagfile (\S+)", code)
    assert all((ROOT / name).exists() for name in flagfiles)
    assert "--chain_offset" in code or "merge" in code


def test_there_are_examples() -> None:
    assert [path.name for path in PATHS] == ["chains.slurm", "chains.yaml", "merge.slurm"]
