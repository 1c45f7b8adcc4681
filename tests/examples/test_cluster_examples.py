"""The files for clusters: valid in their own languages, and their commands are the program's."""

import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import parse_flags

from bayesian_gan.options.config import Config
from bayesian_gan.runs.cluster import read_cluster

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "cluster"
SCRIPTS = sorted(FOLDER.glob("*.slurm"))
MANIFESTS = sorted(FOLDER.glob("*.yaml"))
KUBERNETES = "1.33"


def _run(script: str, tmp_path: Path, **environment: str) -> tuple[str, str]:
    """Runs a script whose programs only say how they were called; returns the command and TF_CONFIG."""
    tools = tmp_path / "tools"
    tools.mkdir(exist_ok=True)
    programs = {
        "srun": 'while [[ $1 == --* ]]; do shift; done; exec "$@"',
        "python": 'printf "%q " "$@" > "$SAID"; printf "%s" "${TF_CONFIG:-}" > "$SAID.tf"; exit "${STATUS:-0}"',
        "scontrol": '[[ $1 == show ]] && seq -f n%g 4 || echo "$@" > "$SAID.requeued"',
        "mkdir": "exit 0",
    }
    for name, body in programs.items():
        (tools / name).write_text(f"#!/bin/bash\n{body}\n")
        (tools / name).chmod(0o755)
    said = tmp_path / "said"
    status = int(environment.get("STATUS", "0"))
    done = subprocess.run(
        ["bash", "-euc", script],
        env={"PATH": f"{tools}:{os.environ['PATH']}", "SAID": str(said), **environment},
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == status, done.stderr
    return said.read_text(), Path(f"{said}.tf").read_text()


def _config(command: str) -> Config:
    program, *arguments = shlex.split(command)
    assert program == "run_bgan_semi.py"
    previous = Path.cwd()
    os.chdir(ROOT)  # Where its flag file is.
    try:
        return parse_flags(*arguments)
    finally:
        os.chdir(previous)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.name)
def test_the_scripts_are_bash_and_their_options_come_first(path: Path) -> None:
    assert subprocess.run(["bash", "-n", str(path)], check=False).returncode == 0
    lines = path.read_text().splitlines()
    options = [i for i, line in enumerate(lines) if line.startswith("#SBATCH")]
    first_command = next(i for i, line in enumerate(lines) if line and not line.startswith("#"))
    # Slurm reads no option after the first command.
    assert options
    assert max(options) < first_command
    assert all(lines[i].startswith("#SBATCH --") for i in options)


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda p: p.name)
def test_the_manifests_follow_kubernetes_schemas(path: Path) -> None:
    validate = pytest.importorskip("kubernetes_validate")
    documents = _documents(path)
    assert documents
    for document in documents:
        validate.validate(document, KUBERNETES, strict=True)
    documents[-1]["spec"]["completionMode"] = 4
    with pytest.raises(validate.ValidationError):
        validate.validate(documents[-1], KUBERNETES, strict=True)


def test_a_task_of_the_array_is_a_chain(tmp_path: Path) -> None:
    script = (FOLDER / "chains.slurm").read_text()
    environment = {"OUT": "/out", "DATA": "/data", "SLURM_ARRAY_JOB_ID": "7"}
    command, _ = _run(script, tmp_path, SLURM_ARRAY_TASK_ID="3", **environment)
    config = _config(command)
    assert (config.chain_offset, config.num_mcmc, config.resume) == (3, 1, "auto")
    assert config.out_dir == "/out/chain_3"
    assert not (tmp_path / "said.requeued").exists()
    _run(script, tmp_path, SLURM_ARRAY_TASK_ID="3", STATUS="143", **environment)
    assert (tmp_path / "said.requeued").read_text() == "requeue 7_3\n"


def test_the_nodes_of_a_job_are_a_cluster(tmp_path: Path) -> None:
    script = (FOLDER / "multiworker.slurm").read_text()
    environment = {"OUT": "/out", "DATA": "/data", "SLURM_JOB_NODELIST": "n[1-4]"}
    command, tf_config = _run(script, tmp_path, SLURM_PROCID="2", **environment)
    cluster = read_cluster({"TF_CONFIG": tf_config})
    assert cluster.workers == tuple(f"n{i}:12345" for i in range(1, 5))
    assert cluster.number == 2
    config = _config(command)
    assert (config.strategy, config.shards % 4, config.resume) == ("multiworker", 0, "auto")


def test_an_index_of_the_job_is_a_chain(tmp_path: Path) -> None:
    command, _ = _run(_pod(FOLDER / "chains.yaml"), tmp_path, JOB_COMPLETION_INDEX="2")
    config = _config(command)
    assert (config.chain_offset, config.num_mcmc, config.resume) == (2, 1, "auto")
    assert config.out_dir == "/results/chain_2"


def test_the_pods_of_a_job_are_a_cluster(tmp_path: Path) -> None:
    path = FOLDER / "multiworker.yaml"
    command, tf_config = _run(_pod(path), tmp_path, JOB_COMPLETION_INDEX="1")
    cluster = read_cluster({"TF_CONFIG": tf_config})
    assert cluster.number == 1
    service, job = _documents(path)
    pod = job["spec"]["template"]["spec"]
    name, port = job["metadata"]["name"], service["spec"]["ports"][0]["port"]
    expected = [
        f"{name}-{i}.{service['metadata']['name']}:{port}"
        for i in range(job["spec"]["completions"])
    ]
    # A pod of an indexed job is named so, in the domain of the service that has its name.
    assert list(cluster.workers) == expected
    assert pod["subdomain"] == service["metadata"]["name"]
    assert service["spec"]["selector"] == {"job-name": name}
    assert _config(command).strategy == "multiworker"


def _documents(path: Path) -> list[dict[str, Any]]:
    yaml = pytest.importorskip("yaml")
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def _pod(path: Path) -> str:
    """The script of a job's container."""
    (container,) = _documents(path)[-1]["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["bash", "-euc"]
    (script,) = container["args"]
    return script
