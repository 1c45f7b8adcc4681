"""A whole run in a process of its own says nothing but what the run says."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bayesian_gan import quiet

ROOT = Path(__file__).parents[2]
FLAGS = (
    "--dataset digits --N 20 --df_dim 4 --gf_dim 4 --num_layers 1 --z_dim 5 --batch_size 8 "
    "--num_mcmc 2 --train_iter 300 --n_save 100 --warm_up 100 --collect_every 20 --lr 0.003"
)
SAID = (
    r"digits from scikit-learn .*",
    r"20 labelled examples: digits\.0@20",
    r"results in .*",
    r"about \d+ minutes? for 300 iterations; .* of memory, .* of disk",
    r"iteration \d+ of 300.*",
    r"(?: {38}|supervised|last|average over).* .*",
    r"R-hat and effective sample size .*",
    r"The draws .*",
    r"\d+ s of training; tensorboard --logdir .*",
)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """A run whose health is measured, and whose draws are judged."""
    folder = tmp_path_factory.mktemp("silence")
    kept = {k: v for k, v in os.environ.items() if k != quiet.VARIABLE}
    return subprocess.run(
        [sys.executable, str(ROOT / "run_bgan_semi.py"), *FLAGS.split(), "--out_dir", str(folder)],
        env=kept | {"PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


def test_nothing_is_said_on_the_standard_error(result: subprocess.CompletedProcess[str]) -> None:
    assert (result.returncode, result.stderr) == (0, "")


def test_the_standard_output_holds_the_runs_lines_alone(
    result: subprocess.CompletedProcess[str],
) -> None:
    assert "\x1b" not in result.stdout
    assert "\r" not in result.stdout
    for line in result.stdout.splitlines():
        assert any(re.fullmatch(known, line) for known in SAID), line
    saves = re.findall(r"^iteration (\d+) of 300", result.stdout, re.MULTILINE)
    assert {"100", "200", "300"} <= set(saves)
