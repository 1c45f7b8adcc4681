"""`bayesian-gan prior`: the picture and the line, and what is refused before TensorFlow loads."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from absl import flags
from PIL import Image

from bayesian_gan.commands import entry, prior
from bayesian_gan.options.flags import define_options
from bayesian_gan.options.predictive import PredictiveConfig

ROOT = Path(__file__).parents[2]
SMALL = "--gf_dim 4 --df_dim 4 --num_layers 2 --z_dim 5 --batch_size 8 --networks 3"


def _run(
    arguments: str, out: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> str:
    """What is printed."""
    values = flags.FlagValues()
    define_options(values, PredictiveConfig)
    argv = ["bayesian-gan prior", *arguments.split(), "--out", str(out)]
    monkeypatch.setattr(flags, "FLAGS", values)
    monkeypatch.setattr(sys, "argv", argv)
    capfd.readouterr()
    entry.parse(argv, PredictiveConfig)
    entry.run(prior.begin, prior.STOPPED)
    printed = capfd.readouterr()
    # TensorFlow may warn of networks that other tests of this process have traced.
    assert "error" not in printed.err
    (line,) = printed.out.splitlines()
    return line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--dataset digits", "the largest class probability of 32 real images is 0."),
        ("--dataset mnist --prior he_normal", "32 noise images"),
        ("--dataset svhn --nosemi --prior student_t", "; P(real) of 32 noise images is 0."),
        (
            "--dataset digits --wasserstein --prior laplace --preset none",
            "of 32 real images is",
        ),
        ("--dataset mnist --nosemi --wasserstein", "; the critic's score of 32 noise images is"),
    ],
)
def test_the_picture_and_the_line(
    arguments: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "a.png"
    line = _run(f"{arguments} {SMALL}", out, monkeypatch, capfd)
    assert line.startswith(f"{out}: prior ")
    assert said in line
    picture = np.asarray(Image.open(out))
    assert picture.shape[1] == 1300
    assert picture.std() > 10
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_table_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{i % 7},{(3 * i) % 5},{'ab'[i % 2]}" for i in range(40)]
    table = tmp_path / "t.csv"
    table.write_text("\n".join(["x,y,kind", *rows]) + "\n")
    arguments = f"--data {table} --label_column kind --batch_size 8 --hidden 9 --networks 2"
    line = _run(arguments, tmp_path / "t.png", monkeypatch, capfd)
    assert "generated numbers have the standard deviation" in line
    assert "networks of --preset table" in line
    assert "32 real rows" in line


REFUSED = (
    ("prior --prior_df 1", "--prior_df must be greater than 2"),
    ("prior --prior student_t --prior_df 2", "--prior_df must be greater than 2"),
    ("prior --prior laplace --prior_df 3", "--prior_df needs --prior student_t"),
    ("prior --prior_std 0", "--prior_std must be greater than 0"),
    ("prior --prior cauchy", "--prior"),
    ("prior --ml", "--ml and --ml_ensemble train by maximum likelihood, without a prior"),
    ("prior --ml_ensemble 3", "without a prior"),
    ("prior --preset authors", "--objective authors has a prior term"),
    ("prior --resume R", "--resume is of a run that trains"),
    ("prior --out a.jpg", "--out a.jpg: give a name that ends in .png"),
    ("prior --out none/a.png", "no such folder none"),
    ("prior --networks 0", "--networks"),
    ("prior --dataset tfds:x", "the shape of its images is not known before they are read"),
    ("prior --dataset nothing", "data set 'nothing' is not served"),
    ("prior --dataset mnist --data_path none", "none"),
    ("train --prior student_t --prior_df 1.5", "--prior_df must be greater than 2"),
    ("train --prior_df 4", "--prior_df needs --prior student_t"),
    ("train --prior_std -1", "--prior_std"),
    ("train --objective authors --prior laplace", "--prior needs --objective paper"),
    ("synth --prior_df 4", "--prior_df needs --prior student_t"),
)


# As the entry points do it, many in one process.
SCRIPT = """
import json, sys
from absl import flags
from bayesian_gan.commands import entry, prior, synth, train
from bayesian_gan.options.config import Config
from bayesian_gan.options.flags import define_options
from bayesian_gan.options.predictive import PredictiveConfig
from bayesian_gan.synthetic.options import SynthConfig

options = {"prior": PredictiveConfig, "train": Config, "synth": SynthConfig}
commands = {"prior": prior, "train": train, "synth": synth}
asked = json.loads(sys.argv[1])
for arguments in asked:
    name, *rest = arguments.split()
    flags.FLAGS = flags.FlagValues()
    define_options(flags.FLAGS, options[name])
    sys.argv = [f"bayesian-gan {name}", *rest]
    try:
        entry.parse(sys.argv, options[name])
        entry.run(commands[name].begin, "stopped")
        print(arguments)
    except SystemExit as left:
        assert left.code == 2, (arguments, left.code)
print("TENSORFLOW" if "tensorflow" in sys.modules else "nothing")
"""


def test_a_mistake_is_one_line_before_tensorflow_loads(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps([arguments for arguments, _ in REFUSED])],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    assert done.stdout.splitlines() == ["nothing"], done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == len(REFUSED), done.stderr
    for line, (arguments, fragment) in zip(lines, REFUSED, strict=True):
        assert line.startswith(f"bayesian-gan {arguments.split()[0]}: error: "), line
        assert fragment in line
    assert list(tmp_path.iterdir()) == []
