"""Which run `--resume` means, and which flags may differ."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from absl import flags

from bayesian_gan.data.content import data_checksum
from bayesian_gan.errors import InputError
from bayesian_gan.options.config import AFTER_WARM_UP, MAY_DIFFER, Config
from bayesian_gan.options.flags import define
from bayesian_gan.runs.folder import describe_run
from bayesian_gan.runs.resume import configuration_checksum, resolve, resume_command
from bayesian_gan.storage import json_checksum


def _parse(*arguments: str) -> tuple[Config, set[str]]:
    values = flags.FlagValues()
    define(values, semi=True)
    values(["program", *arguments])
    config = Config.from_flags(values)
    return config, {name for name in config.to_json() if values[name].present}


def _make_run(folder: Path, *arguments: str) -> Config:
    folder.mkdir(parents=True)
    config, _ = _parse("--out_dir", str(folder.parent), *arguments)
    describe_run(folder, config)
    return config


def test_flags_that_are_not_given_are_the_runs(tmp_path: Path) -> None:
    folder = tmp_path / "bgan_digits_1700000000"
    _make_run(folder, "--lr", "0.1", "--numz", "3", "--nosemi", "--n_save", "7")
    config, found = resolve(*_parse("--resume", str(folder), "--lr", "0.1", "--train_iter", "9"))
    assert found == folder
    assert (config.lr, config.num_gen, config.semi, config.n_save) == (0.1, 3, False, 7)
    assert config.train_iter == 9


def test_a_flag_that_differs_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "bgan_digits_1700000000"
    _make_run(folder, "--lr", "0.1")
    arguments = ("--resume", str(folder), "--numz", "2", "--lr", "0.2", "--n_save", "5")
    with pytest.raises(InputError) as refused:
        resolve(*_parse(*arguments))
    assert "--num_gen 1 there and 2 here, --lr 0.1 there and 0.2 here" in str(refused.value)
    assert "n_save" not in str(refused.value)


def test_auto_is_the_newest_run_with_these_flags(tmp_path: Path) -> None:
    for name, lr in (
        ("1700000000_3", "0.1"),
        ("1700000001", "0.1"),
        ("1700000001_2", "0.1"),
        ("1700000001_10", "0.1"),
        ("1700000002", "0.2"),
    ):
        _make_run(tmp_path / f"bgan_mnist_{name}", "--lr", lr)
    (tmp_path / "bgan_mnist_1700000003").mkdir()  # Killed before it was described.
    auto = ("--out_dir", str(tmp_path), "--resume", "auto")
    assert resolve(*_parse(*auto, "--lr", "0.1"))[1] == tmp_path / "bgan_mnist_1700000001_10"
    longer = resolve(*_parse(*auto, "--lr", "0.2", "--train_iter", "70000"))
    assert longer[1] == tmp_path / "bgan_mnist_1700000002"
    assert longer[0].train_iter == 70000
    assert resolve(*_parse(*auto, "--lr", "0.3"))[1] is None


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"flags": 3}', '{"flags": {"lr": 1}}'])
def test_what_is_no_run_is_refused(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "bgan_digits_1700000000"
    with pytest.raises(InputError, match="no run here"):
        resolve(*_parse("--resume", str(folder)))
    folder.mkdir()
    (folder / "config.json").write_text(damage)
    with pytest.raises(InputError, match=f"--resume {folder}: "):
        resolve(*_parse("--resume", str(folder)))


@pytest.mark.parametrize(
    ("versions", "named"), [({"bayesian-gan": "0.9"}, "0.9"), ({}, "unknown"), ([], "unknown")]
)
def test_a_run_of_a_version_with_other_flags_is_refused_and_the_version_named(
    tmp_path: Path, versions: object, named: str
) -> None:
    folder = tmp_path / "bgan_digits_1700000000"
    _make_run(folder)
    described = json.loads((folder / "config.json").read_text())
    del described["flags"]["lr"]
    described["versions"] = versions
    (folder / "config.json").write_text(json.dumps(described))
    with pytest.raises(InputError, match=f"version of this program, {named}, .* differ in lr; go"):
        resolve(*_parse("--resume", str(folder)))


def test_a_run_of_before_there_was_an_order_goes_on_as_it_began(tmp_path: Path) -> None:
    folder = tmp_path / "bgan_digits_1700000000"
    config = _make_run(folder)
    described = json.loads((folder / "config.json").read_text())
    assert described["flags"].pop("order") == "simultaneous"
    (folder / "config.json").write_text(json.dumps(described))
    resolved, _ = resolve(*_parse("--resume", str(folder)))
    assert resolved == replace(config, resume=str(folder))
    assert resolve(*_parse("--out_dir", str(tmp_path), "--resume", "auto"))[1] == folder
    with pytest.raises(InputError, match='--order "simultaneous" there and "generators_first"'):
        resolve(*_parse("--resume", str(folder), "--order", "generators_first"))


def test_a_run_goes_on_with_its_prior_and_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "bgan_digits_1700000000"
    _make_run(folder, "--prior", "student_t")
    resolved, _ = resolve(*_parse("--resume", str(folder)))
    assert (resolved.prior, resolved.prior_df) == ("student_t", 5.0)
    with pytest.raises(InputError, match='--prior "student_t" there and "laplace" here'):
        resolve(*_parse("--resume", str(folder), "--prior", "laplace"))
    assert not {"prior", "prior_std", "prior_df"} & {*MAY_DIFFER, *AFTER_WARM_UP}


def test_a_weight_that_is_a_word_goes_on_and_may_not_become_a_number(tmp_path: Path) -> None:
    folder = tmp_path / "bgan_digits_1700000000"
    _make_run(folder, "--labelled_weight", "posterior")
    assert resolve(*_parse("--resume", str(folder)))[0].labelled_weight == "posterior"
    with pytest.raises(InputError, match=r'--labelled_weight "posterior" there and 1\.0 here'):
        resolve(*_parse("--resume", str(folder), "--labelled_weight", "1"))


def test_checkpoints_of_before_there_was_an_order_are_of_the_same_flags(tmp_path: Path) -> None:
    config, _ = _parse("--out_dir", "o")
    of_tables = ("hidden", "label_column", "category_columns", "ignore_columns")
    newer = (
        "order",
        "augment",
        "start_from",
        "prior",
        "prior_df",
        "label_folds",
        "swag",
        *of_tables,
    )
    of_before = {n: v for n, v in config.to_json().items() if n not in (*MAY_DIFFER, *newer)}
    assert configuration_checksum(config) == json_checksum(of_before)
    for change in ({"order": "generators_first"}, {"prior": "laplace"}, {"prior_df": 3.0}):
        other = replace(config, **change)
        assert configuration_checksum(other) != configuration_checksum(config)


def test_a_run_whose_flags_were_edited_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "bgan_digits_1700000000"
    _make_run(folder)
    described = json.loads((folder / "config.json").read_text())
    described["flags"]["prior_std"] = -1.0
    (folder / "config.json").write_text(json.dumps(described))
    with pytest.raises(InputError, match="--prior_std must be greater than 0, not -1"):
        resolve(*_parse("--resume", str(folder)))


def test_the_checksum_of_data_follows_values_shapes_and_types() -> None:
    images = np.arange(48, dtype=np.uint8)
    assert data_checksum(images) == data_checksum(images.copy())
    other = [
        images.reshape(6, 8),
        images.reshape(8, 6),
        images.view(np.int8),
        images + np.uint8(1),
    ]
    assert len({data_checksum(array) for array in [images, *other]}) == 5


def test_the_checksum_follows_the_flags_that_decide(tmp_path: Path) -> None:
    config, _ = _parse("--out_dir", "o")
    same = replace(config, train_iter=1, n_save=2, out_dir="p", on_nan="restart_member")
    assert configuration_checksum(same) == configuration_checksum(config)
    assert configuration_checksum(replace(config, lr=0.1)) != configuration_checksum(config)
    assert set(MAY_DIFFER) < set(config.to_json())


@pytest.mark.parametrize(
    ("program", "command"),
    [
        ("run bgan.py", "python 'run bgan.py' --resume 'my runs/a'"),
        ("bayesian-gan train", "bayesian-gan train --resume 'my runs/a'"),
        ("python -m bayesian_gan train", "python -m bayesian_gan train --resume 'my runs/a'"),
    ],
)
def test_the_command_that_goes_on_is_that_of_the_program(
    program: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [program, "--lr", "0.1"])
    assert resume_command(Path("my runs/a")) == command


def test_a_resumed_process_is_added_to_the_description(tmp_path: Path) -> None:
    folder = tmp_path / "bgan_digits_1700000000"
    config = _make_run(folder)
    describe_run(folder, replace(config, train_iter=3))
    described = json.loads((folder / "config.json").read_text())
    assert described["flags"]["train_iter"] == 3
    assert len(described["resumed"]) == 1
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "hypers.txt"]


@pytest.mark.parametrize("value", ["8", [], None, True])
def test_values_of_another_kind_are_refused(tmp_path: Path, value: object) -> None:
    for name in ("download_seconds", "num_gen"):
        folder = tmp_path / f"bgan_{name}_{value}_1700000000"
        _make_run(folder)
        described = json.loads((folder / "config.json").read_text())
        described["flags"][name] = value
        (folder / "config.json").write_text(json.dumps(described))
        with pytest.raises(InputError, match=r"config\.json|--(num_gen|download_seconds) "):
            resolve(*_parse("--resume", str(folder)))
