"""This project's step beside the same step in PyTorch, in one run on one machine.

    python benchmarks/peers/torch_step.py --python TORCH_VENV/bin/python
    python benchmarks/peers/torch_step.py --python TORCH_VENV/bin/python --num_gen 1 --num_mcmc 1
    python benchmarks/peers/torch_step.py --python TORCH_VENV/bin/python --system laptop

PyTorch is no dependency: it lives in an environment of its own (`python -m venv TORCH_VENV;
TORCH_VENV/bin/pip install torch numpy`), whose Python is given. Without one a line says so, and
nothing is measured. The forms in PyTorch (`torch_worker.py`): `port`, pair by pair as ports are
written; `merged`, as an expert would; with and without `channels_last`, and with `torch.compile`
where a compiler is there. `--system laptop` is that preset, whose numbers of networks and width are
its own. Processes take turns, in alternating order; each may use all cores of this process. A ratio
is the median of the rounds', with the smallest and the largest: over 1 this project is faster.
"""

# ruff: noqa: E402
import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).parents[2])

import numpy as np

from bayesian_gan.networks.dcgan import layer_plan
from bayesian_gan.reliability.hardware import affinity
from benchmarks.command_line import parser_of
from benchmarks.step import Row, Worker, take_turns
from benchmarks.step_systems.systems import BATCH, DATA, LAPTOP, Z_DIM

WORKER = Path(__file__).with_name("torch_worker.py")
SECONDS = 10.0
OURS = "this project"
# What a system is made of, where it is no preset: name, meaning and default.
SIZES = (("num_gen", "J_g", 10), ("num_mcmc", "M", 2), ("df_dim", "width", 24))


class Peer(Worker):
    """A process that makes the step in PyTorch when told.

    Args:
        python: of the environment that has PyTorch.
        setting: of `torch_worker.py`.
    """

    def __init__(self, python: str, setting: Row) -> None:
        command = [python, str(WORKER), json.dumps(setting)]
        self.version = self.begin(setting, command, dict(os.environ))


def forms(compiles: bool) -> dict[str, Row]:
    """What is measured in PyTorch, by name."""
    found = {
        f"{form}{', channels_last' * last}": {"form": form, "channels_last": last, "compile": False}
        for form in ("port", "merged")
        for last in (False, True)
    }
    if compiles:
        found["merged, compiled"] = {"form": "merged", "channels_last": False, "compile": True}
    return found


def peer_setting(given: argparse.Namespace, form: Row) -> Row:
    """A setting of `torch_worker.py`, of the same networks and data as this project's."""
    shape, num_data, classes = DATA[given.dataset]
    common = {
        "shape": shape,
        "classes": classes,
        "num_data": num_data,
        "batch": BATCH,
        "z_dim": Z_DIM,
        "threads": affinity(),
        "precision": given.precision,
        **form,
    }
    if given.system == "laptop":
        own = {
            "plan": _plan(shape, LAPTOP.num_layers, LAPTOP.df_dim),
            "generator_plan": _plan(
                shape, LAPTOP.generator_layers or LAPTOP.num_layers, LAPTOP.gf_dim
            ),
            "average": LAPTOP.pooling == "average",
            "noise": LAPTOP.hidden_noise,
            "labelled": LAPTOP.labelled_batch_size,
            "terms": {
                "entropy": LAPTOP.entropy,
                "consistency": LAPTOP.consistency,
                "decay": LAPTOP.average_decay,
            },
        }
    else:
        plan = _plan(shape, 2 if given.dataset == "digits" else 4, given.df_dim)
        own = {
            "plan": plan,
            "generator_plan": plan,
            "average": False,
            "noise": 0.0,
            "labelled": BATCH,
            "terms": None,
        }
    return {**common, **own, "num_gen": given.num_gen, "num_mcmc": given.num_mcmc}


def _plan(shape: tuple[int, int, int], layers: int, width: int) -> list[tuple[int, ...]]:
    """Layers as `torch_networks.py` reads them; images are square."""
    return [
        (spec.kernel, spec.stride, spec.channels, spec.in_size[0], spec.out_size[0])
        for spec in layer_plan(shape[:2], layers, width)
    ]


def lacking(python: str | None) -> str | None:
    """Why PyTorch cannot be measured; None where it can."""
    if python is None:
        return "give --python, the Python of an environment that has PyTorch"
    try:
        done = subprocess.run(
            [python, "-c", "import torch"], capture_output=True, text=True, check=False
        )
    except OSError as error:
        return f"--python {python}: cannot be run ({error.strerror})"
    if done.returncode:
        return f"--python {python}: cannot import torch ({done.stderr.strip().splitlines()[-1]})"
    return None


def table(workers: dict[str, Worker]) -> str:
    """In Markdown: seconds, how much faster this project is, seconds to the first step, memory."""
    ours = np.array(workers[OURS].rounds)
    names = ("", "s / iteration", "this project is faster by (rounds)", "s to first", "GiB")
    lines = [f"| {' | '.join(names)} |", f"| {' | '.join(['---'] * len(names))} |"]
    for name, worker in workers.items():
        each = np.array(worker.rounds)
        ratios = each / ours
        cells = (
            name,
            f"{np.median(each):.4f}",
            f"{np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f})",
            f"{worker.seconds_to_first:.1f}",
            f"{worker.close() / 2**30:.2f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Measures and prints; 0 where PyTorch is absent, too."""
    given = _parse(arguments)
    reason = lacking(given.python)
    if reason is not None:
        print(f"PyTorch is not measured: {reason}")
        return 0
    common: dict[str, Any] = {
        "system": given.system,
        "dataset": given.dataset,
        "num_gen": given.num_gen,
        "num_mcmc": given.num_mcmc,
        "df_dim": given.df_dim,
        "precision": given.precision,
    }
    workers: dict[str, Worker] = {OURS: Worker(common)}
    for name, form in forms(shutil.which("c++") is not None).items():
        if not given.forms or name in given.forms:
            workers[name] = Peer(given.python, peer_setting(given, form))
    versions = {worker.version for worker in workers.values() if isinstance(worker, Peer)}
    print(
        f"{given.system}, {given.dataset}, J_g {given.num_gen}, M {given.num_mcmc}, width {given.df_dim}, "
        f"batch {BATCH}, {given.precision}; PyTorch {', '.join(versions)}; {affinity()} cores"
    )
    take_turns(list(workers.values()), given.rounds, SECONDS)
    print(table(workers))
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--python", help="of an environment that has PyTorch")
    parser.add_argument("--system", default="paper", choices=("paper", "laptop"))
    parser.add_argument("--dataset", default="mnist", choices=list(DATA))
    for name, meaning, usual in SIZES:
        parser.add_argument(f"--{name}", type=int, help=f"{meaning}; {usual} by default")
    parser.add_argument("--precision", default="float32", choices=("float32", "mixed_bfloat16"))
    parser.add_argument("--forms", nargs="+", metavar="NAME", help="some forms alone")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args(arguments)
    for name, _, usual in SIZES:
        if given.system == "laptop":
            if getattr(given, name) is not None:
                parser.error(f"--{name}: --system laptop has its own; leave it out")
            usual = getattr(LAPTOP, name)
        if getattr(given, name) is None:
            setattr(given, name, usual)
    return given


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
