"""The comparison of unsupervised runs: what is trained, and what is read from it."""

from pathlib import Path

import pytest

from benchmarks import coverage

FLAGS = "--preset laptop --gf_dim 4 --df_dim 4 --batch_size 8"


def test_dcgan_has_as_many_times_the_iterations() -> None:
    networks = coverage.Networks(5, 2, warm_up=1500, train_iter=2000, collect_every=100, times=10)
    assert set(networks.flags(ml=True)) == {
        "--ml",
        "--warm_up=15000",
        "--train_iter=20000",
        "--collect_every=1000",
        "--n_save=20000",
    }
    assert "--warm_up=1500" in networks.flags(ml=False)


@pytest.mark.slow
def test_both_are_trained_and_judged_and_not_again(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sizes = "--num_gen 2 --num_mcmc 1 --warm_up 4 --train_iter 8 --collect_every 2 --times 1"
    arguments = f"{sizes} --num_images 60 --out_dir {tmp_path} {FLAGS}".split()
    assert coverage.main(arguments) == 0
    table = [line.split(" | ") for line in capfd.readouterr().out.splitlines() if line[:1] == "|"]
    assert [line[:3] for line in table[2:]] == [
        ["| 0", "BayesGAN, 2 x 1", "the last draw"],
        ["| 0", "", "all draws"],
        ["| 0", "DCGAN", "the last draw"],
        ["| ", "", "the test set"],
    ]
    cells = {line[2]: line for line in table[2:]}
    # Networks of 8 steps make noise; real images are like real images.
    assert float(cells["the test set"][8]) < 0.2 * float(cells["all draws"][8])
    runs = sorted(tmp_path.glob("*/bgan_*"))
    assert len(runs) == 2
    times = [(run / "evaluation.json").stat().st_mtime_ns for run in runs]
    assert coverage.main(arguments) == 0
    assert [(run / "evaluation.json").stat().st_mtime_ns for run in runs] == times
    assert capfd.readouterr().out.count("| 0 |") == 3


def test_flag_that_the_program_refuses_ends_it(tmp_path: Path) -> None:
    assert coverage.main(f"--out_dir {tmp_path} --dataset digits --lr=-1".split()) == 2
