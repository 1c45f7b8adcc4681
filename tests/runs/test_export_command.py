"""`bayesian-gan export`: what it writes for a run, and what it refuses before any work."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.commands import main
from bayesian_gan.data import digits
from bayesian_gan.runs.card import CARD
from bayesian_gan.runs.finished import FinishedRun


def _export(run: Path, output: Path, *more: str) -> int:
    return main(["export", str(run), "--output", str(output), *more])


def test_savedmodel_of_a_run_equals_its_predictions(run_folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "models" / "digits" / "1"
    assert _export(run_folder, output, "--format", "savedmodel") == 0
    data = digits.load()
    loaded = tf.saved_model.load(str(output))
    found = loaded.classify(tf.constant(data.test_images))["probabilities"]
    expected = FinishedRun(run_folder).posterior.predict(data.test_images)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    names = (output / "assets" / "class_names.txt").read_text().splitlines()
    assert names == list(data.class_names)
    described = json.loads((output / "export.json").read_text())
    assert described["classifier"] == [f"{i:08d}_{m:04d}" for i in (20, 30, 40) for m in range(2)]
    assert len(described["generator"]) == 12
    # The digits are of the networks' size; `--fit`, crop by default, is for pictures of one's own.
    assert described["pictures"] == {"fit": "stretch", "background": "white"}
    assert sorted(path.name for path in output.parent.iterdir()) == ["1"]


def test_keras_files_load_without_this_package(run_folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "keras"
    assert _export(run_folder, output, "--format", "keras", "--samples", "2") == 0
    assert "2 classifiers and 2 generators of the run as keras" in (output / CARD).read_text()
    names = sorted(path.name for path in output.glob("*.keras"))
    assert names == [
        "classifier_00000040_0000.keras",
        "classifier_00000040_0001.keras",
        "generator_00000040_0001.keras",
        "generator_00000040_0003.keras",
    ]
    x = digits.load().test_images[:20] / 127.5 - 1.0
    posterior = FinishedRun(run_folder).posterior
    *_, members = posterior.member_probabilities(digits.load().test_images[:20])
    script = (
        "import sys, keras, numpy as np\n"
        "for k in range(2):\n"
        "    m = keras.saving.load_model(f'{sys.argv[1]}/classifier_00000040_000{k}.keras')\n"
        "    np.save(f'{sys.argv[1]}/{k}.npy', m(np.load(sys.argv[2]), training=False)['logits'])\n"
        "assert not [name for name in sys.modules if name.startswith('bayesian_gan')]\n"
    )
    np.save(tmp_path / "x.npy", x.astype(np.float32))
    subprocess.run(
        [sys.executable, "-c", script, str(output), str(tmp_path / "x.npy")],
        check=True,
        timeout=240,
    )
    for k in range(2):
        logits = np.load(output / f"{k}.npy")
        np.testing.assert_allclose(tf.nn.softmax(logits), members[k], atol=1e-5)
    generator = keras.saving.load_model(output / "generator_00000040_0003.keras")
    z = tf.random.stateless_uniform((4, 5), (7, 0), -1.0, 1.0)
    np.testing.assert_allclose(generator(z), posterior.generate(4, 3, seed=7), atol=1e-5)


def _refused(
    capsys: pytest.CaptureFixture[str], says: str, run: Path, output: Path, *more: str
) -> None:
    before = sorted(output.parent.rglob("*"))
    assert _export(run, output, *more) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert sorted(output.parent.rglob("*")) == before


def test_mistakes_are_refused_and_leave_nothing(
    run_folder: Path,
    unsupervised_run: Path,
    run_copy: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "place" / "out"
    out.parent.mkdir()
    keras_format = ("--format", "keras")
    _refused(capsys, "from 1 to 6", run_folder, out, *keras_format, "--samples", "7")
    _refused(capsys, "no such folder", tmp_path / "nowhere", out, *keras_format)
    _refused(capsys, "no classes", unsupervised_run, out, *keras_format, "--distill")
    more = ("--distill", "--what", "generator")
    _refused(capsys, "--distill makes a classifier", run_folder, out, *keras_format, *more)
    more = ("--distill", "--distill_epochs", "0")
    _refused(capsys, "at least 1, not 0", run_folder, out, *keras_format, *more)
    for draw in (run_copy / "posterior").glob("draw_*"):
        whole = draw.read_bytes()
        draw.write_bytes(whole[:-100] + bytes(100))
    _refused(capsys, "cannot be read", run_copy, out, *keras_format)
    for draw in (run_copy / "posterior").glob("draw_*"):
        draw.unlink()
    _refused(capsys, "0 samples collected", run_copy, out, *keras_format)
    file = tmp_path / "file"
    file.write_text("mine")
    _refused(capsys, "cannot be written", run_folder, file / "out", *keras_format)
    with pytest.raises(SystemExit) as stopped:
        _export(run_folder, out, "--format", "pickle")
    assert stopped.value.code == 2
    assert "pickle" in capsys.readouterr().err


def test_what_exists_is_replaced_only_where_it_is_an_export(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "place" / "out"
    arguments = ("--format", "keras", "--samples", "last", "--what", "classifier")
    assert _export(run_folder, out, *arguments) == 0
    _refused(capsys, "exists", run_folder, out, *arguments)
    (out / "stale").write_text("of the last export")
    assert _export(run_folder, out, *arguments, "--overwrite") == 0
    assert sorted(p.name for p in out.iterdir()) == [
        "MODEL_CARD.md",
        "classifier_00000040_0001.keras",
        "export.json",
    ]
    assert [p.name for p in out.parent.iterdir()] == ["out"]
    own = tmp_path / "place" / "own"
    own.mkdir()
    (own / "thesis.tex").write_text("mine")
    _refused(capsys, "no export", run_folder, own, *arguments, "--overwrite")
    assert (own / "thesis.tex").read_text() == "mine"


def test_help_and_refusals_import_no_tensorflow(run_folder: Path, tmp_path: Path) -> None:
    script = (
        "import sys\nfrom bayesian_gan.commands import main\n"
        "assert main(['export', sys.argv[1], '--format', 'keras', '--output', sys.argv[2]]) == 2\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules\n"
    )
    # The output exists.
    subprocess.run(
        [sys.executable, "-c", script, str(run_folder), str(tmp_path)], check=True, timeout=60
    )
