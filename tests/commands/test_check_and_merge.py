"""`check` and `merge` as commands: what they print, and the exit status."""

from pathlib import Path

import pytest
from conftest import make_run

from bayesian_gan.commands import main


def test_check_takes_a_run_or_its_posterior(
    run_copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    posterior = run_copy / "posterior"
    for path in (run_copy, posterior):
        assert main(["check", str(path)]) == 0
        *draws, last = capsys.readouterr().out.splitlines()
        assert draws == [f"iteration {k}: whole" for k in (20, 30, 40)]
        assert last == f"{posterior}: 3 draws, 0 damaged"
    draw = posterior / "draw_00000030.npz"
    draw.write_bytes(draw.read_bytes()[:-1])
    for path in (run_copy, posterior):
        assert main(["check", str(path)]) == 2
        lines = capsys.readouterr().out.splitlines()
        assert "draw_00000030.npz: this draw cannot be read" in lines[1]
        assert lines[3] == f"{posterior}: 3 draws, 1 damaged"


def test_check_refuses_what_holds_no_posterior(
    tmp_path: Path, run_copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    advice = "give the folder of a run, or of its posterior"
    assert line.endswith(f"check: error: {tmp_path}: no posterior here; {advice}")
    nowhere = tmp_path / "nowhere"
    assert main(["check", str(nowhere)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(f"check: error: {nowhere}: no such folder; {advice}")
    (run_copy / "posterior" / "posterior.json").unlink()
    assert main(["check", str(run_copy)]) == 2
    assert "samples collected" in capsys.readouterr().err


def test_merge_needs_two_parts(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["merge", str(run_folder), str(run_folder.parent / "new")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "merge: error: give two or more folders to merge, and then the new one" in line


def test_merge_takes_common_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    chain = ("--num_mcmc", "1", "--num_gen", "1", "--chain_offset")
    a = make_run(tmp_path / "a", *chain, "0", "--train_iter", "20")
    b = make_run(tmp_path / "b", *chain, "1", "--train_iter", "30")
    out = tmp_path / "out"
    assert main(["merge", str(a), str(b), str(out)]) == 2
    assert "has no draw of iteration 30" in capsys.readouterr().err
    assert main(["merge", str(a), str(b), str(out), "--common"]) == 0
    said = capsys.readouterr().out
    assert f"{out}: chains 0, 1; 1 draws, iterations 20 to 20" in said
    assert "calibrated" not in said
    (a / "temperature.json").write_text("{}")  # It is of the chains of one part.
    assert main(["merge", str(a), str(b), str(tmp_path / "again"), "--common"]) == 0
    assert "probabilities are not calibrated" in capsys.readouterr().out
    assert not (tmp_path / "again" / "temperature.json").exists()
