"""`evaluate`, `classify` and `generate` on small runs: what they say, and what they refuse."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image
from schemas import check_evaluation
from sklearn.metrics import roc_auc_score

from bayesian_gan.commands import main
from bayesian_gan.commands.score_rows import how_made
from bayesian_gan.data import digits
from bayesian_gan.evaluation import features, label_spreading, logistic_regression, points
from bayesian_gan.evaluation.predictions import scores
from bayesian_gan.posterior import Posterior

Refuse = Callable[..., str]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of its own, and a classifier that is trained in a moment."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(features, "TRAINING_STEPS", 60)
    return tmp_path / "cache"


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refuse:
    """Runs a command that must be refused: status 2, one line; returns it."""

    def refuse(*arguments: object) -> str:
        capsys.readouterr()
        assert main([str(a) for a in arguments]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        return line

    return refuse


@pytest.fixture
def elsewhere(run_copy: Path) -> Path:
    """A run whose data set is no longer there."""
    path = run_copy / "config.json"
    described = json.loads(path.read_text())
    described["flags"]["dataset"] = "npz:/nowhere/at_all.npz"
    path.write_text(json.dumps(described))
    return run_copy


def _squares(path: Path, num: int) -> Path:
    """A data set of white squares, which no run was trained on."""
    images = np.zeros((num, 8, 8, 1), np.uint8)
    images[:, 2:6, 2:6] = 255
    labels = np.arange(num) % 2
    np.savez(path, x_train=images, y_train=labels, x_test=images, y_test=labels)
    return path


def test_evaluate_says_what_the_posterior_does(
    run_copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    npz = _squares(tmp_path / "squares.npz", 30)
    ood = f"npz:{npz}"
    assert main(["evaluate", str(run_copy), "--num_images", "80", "--ood", ood]) == 0
    check_evaluation(run_copy)
    printed = capsys.readouterr().out
    found = json.loads((run_copy / "evaluation.json").read_text())
    posterior, data = Posterior(run_copy / "posterior"), digits.load()
    members = np.concatenate(list(posterior.member_probabilities(data.test_images)))
    assert found["num_samples"] == len(members) == 6

    report = found["classification"]
    assert [row.pop("num_samples") for row in report["averages"]] == [1, 2, 4, 6]
    for row, count in zip(report["averages"], (1, 2, 4, 6), strict=True):
        assert row == pytest.approx(vars(scores(members[:count].mean(0), data.test_labels)))
    assert report["average"] == report["averages"][-1]
    each = [vars(scores(m, data.test_labels)) for m in members]
    assert report["single"]["mean"]["nll"] == pytest.approx(np.mean([s["nll"] for s in each]))
    assert report["single"]["best"]["errors"] == min(s["errors"] for s in each)
    assert report["single"]["worst"]["brier"] == pytest.approx(max(s["brier"] for s in each))
    assert sum(c["errors"] for c in report["per_class"].values()) == report["average"]["errors"]
    whole = report["selective"]["entropy"]["error_rate_at_coverage"]["1.0"]
    assert whole == pytest.approx(report["average"]["error_rate"])

    squares = np.load(npz)["x_test"]
    p_fake = [
        np.mean([o.p_fake for o in posterior.member_outputs(x)], axis=(0, 1))
        for x in (data.test_images, squares)
    ]
    auroc = roc_auc_score([0] * 500 + [1] * 30, np.concatenate(p_fake))
    detection = found["out_of_distribution"]["scores"]
    assert detection["p_real"]["auroc"] == pytest.approx(auroc)
    assert detection["entropy"]["n_out"] == 30

    samples = found["samples"]["features"]
    rows = samples["classifier"]["rows"]
    assert [rows[f"generator {j}"]["n"] for j in range(4)] == [20] * 4
    assert rows["all of every draw"]["n"] == rows["test images"]["n"] == 80
    # After 40 iterations nothing is learnt: real images are nearer, by any features.
    for kind in ("classifier", "random"):
        some = samples[kind]["rows"]
        assert some["test images"]["fid"] < 0.5 * some["all of the last draw"]["fid"]
        assert some["test images"]["kid"] < some["all of the last draw"]["kid"]
        assert some["test images"]["coverage"] > some["all of the last draw"]["coverage"]
    assert np.shape(samples["random"]["fid_between_generators"]) == (4, 4)
    assert len(samples["classifier"]["mode_coverage"]["covered"]) == 4
    with Image.open(run_copy / "nearest_neighbours.png") as picture:
        assert picture.width >= 280
    average = report["average"]
    assert f"{average['nll']:.4f}" in printed
    assert f"test accuracy {100 * features.classifier_features(data).accuracy:.2f}%" in printed


def test_evaluate_prints_baselines_beside_the_posterior(
    run_copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, split = digits.load(), json.loads((run_copy / "labelled.json").read_text())
    indices, labels = np.array(split["indices"]), np.array(split["labels"])
    given = points(data.images, indices, labels, data.test_images, 10, seed=5)
    expected = {
        name: baseline(given, 5)
        for name, baseline in (
            ("logistic_regression", logistic_regression),
            ("label_spreading", label_spreading),
        )
    }

    def evaluate() -> tuple[dict[str, Any], list[str]]:
        assert main(["evaluate", str(run_copy), "--num_images", "0", "--seed", "5"]) == 0
        printed = capsys.readouterr().out.splitlines()
        return json.loads((run_copy / "evaluation.json").read_text()), printed

    found, printed = evaluate()
    assert list(found["baselines"]) == list(expected)
    (place,) = (k for k, line in enumerate(printed) if line.startswith("supervised network"))
    for k, (name, baseline) in enumerate(expected.items(), place + 1):
        row, known = found["baselines"][name], scores(baseline.probabilities, data.test_labels)
        assert row == {"title": baseline.title, **vars(known), **baseline.how}
        cells = [
            f"{known.errors:8d}{500:8d}{100 * known.error_rate:9.2f}{known.nll:9.4f}",
            f"{known.brier:9.4f}{100 * known.ece:8.2f}{100 * known.ece_adaptive:10.2f}",
        ]
        assert printed[k] == f"{baseline.title:34}" + "".join(cells)
    assert found["baselines"]["label_spreading"]["unlabelled"] == 1277
    assert "C = " in printed[place + 3]
    assert "by 2-fold cross-validation" in printed[place + 3]
    # Of the supervised network the run's summary holds some columns; older ones hold fewer.
    path = run_copy / "summary.json"
    summary = json.loads(path.read_text())
    own = summary["supervised"]
    start = f"{'supervised network':34}{own['errors']:8d}{500:8d}{100 * own['error_rate']:9.2f}"
    start += f"{own['nll']:9.4f}{'-':>9}"
    assert printed[place] == f"{start}{100 * own.pop('ece'):8.2f}{'-':>10}"
    path.write_text(json.dumps(summary))
    assert evaluate()[1][place] == f"{start}{'-':>8}{'-':>10}"
    path.unlink()
    assert not any(line.startswith("supervised") for line in evaluate()[1])


def test_how_baselines_were_made_is_said() -> None:
    def said(strength: float | None, folds: int, unreached: int) -> str:
        regression = {"strength": strength, "folds": folds}
        spreading = {"unreached": unreached}
        found = {"logistic_regression": regression, "label_spreading": spreading}
        return how_made(found, "images")

    assert said(10**0.5, 5, 0).endswith("alone, C = 3.16 by 5-fold cross-validation")
    assert "C = 1, for a class has a single label; no label spreads to 3 test" in said(1.0, 0, 3)
    assert said(None, 0, 0).endswith("one class alone has labels")


def test_evaluate_a_run_without_labels(
    unsupervised_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    npz = _squares(tmp_path / "squares.npz", 12)
    assert (
        main(["evaluate", str(unsupervised_run), "--num_images", "0", "--ood", f"npz:{npz}"]) == 0
    )
    assert "nothing to classify" in capsys.readouterr().out
    check_evaluation(unsupervised_run)
    found = json.loads((unsupervised_run / "evaluation.json").read_text())
    assert list(found["out_of_distribution"]["scores"]) == ["p_real"]
    assert not {"classification", "baselines", "samples"} & found.keys()


def test_evaluate_refuses(run_copy: Path, tmp_path: Path, refused: Refuse) -> None:
    assert "no such folder" in refused("evaluate", tmp_path / "nowhere")
    assert "need at least 20 each; give 80" in refused("evaluate", run_copy, "--num_images", 79)
    assert "--seed" in refused("evaluate", run_copy, "--seed", -1)
    assert "'martian' is not served" in refused("evaluate", run_copy, "--ood", "martian")
    assert "--data_path is needed for mnist" in refused("evaluate", run_copy, "--ood", "mnist")
    both = ("--inception", "x.keras", "--num_images", 0)
    assert "leave it" in refused("evaluate", run_copy, *both)
    for draw in (run_copy / "posterior").glob("draw_*"):
        draw.unlink()
    for command in (
        ["evaluate"],
        ["classify", _picture(tmp_path, 0)],
        ["generate", "--npz", "a.npz"],
    ):
        line = refused(command[0], run_copy, *command[1:])
        assert "0 samples collected; first at iteration 20" in line
    assert not (run_copy / "evaluation.json").exists()


def test_a_model_of_the_user_s_gives_features(
    run_copy: Path, tmp_path: Path, refused: Refuse
) -> None:
    images = keras.Input((16, 16, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.AveragePooling2D(4)(images))
    path = tmp_path / "pooled.keras"
    keras.Model(images, pooled).save(path)
    extractor = features.file_features(path)
    # Averages of the image are left by bilinear resizing by 2, but for the edges' share.
    constant = np.full((3, 8, 8, 1), 51, np.uint8)
    np.testing.assert_allclose(extractor(constant), np.full((3, 3), 51 / 127.5 - 1), atol=1e-6)

    def refuse(file: object) -> str:
        return refused("evaluate", run_copy, "--num_images", 80, "--inception", file)

    assert "no file NAME.keras" in refuse(tmp_path / "absent.keras")
    (tmp_path / "old.h5").write_bytes(b"x")
    assert "no file NAME.keras" in refuse(tmp_path / "old.h5")
    (tmp_path / "damaged.keras").write_bytes(path.read_bytes()[:200])
    assert "not a model from images" in refuse(tmp_path / "damaged.keras")
    keras.Model(images, keras.layers.Lambda(lambda x: x[:, 0, 0])(images)).save(
        tmp_path / "code.keras"
    )
    assert "not a model from images" in refuse(tmp_path / "code.keras")
    keras.Model(images, keras.layers.ReLU()(images)).save(tmp_path / "map.keras")
    assert "not a model from images" in refuse(tmp_path / "map.keras")


def test_the_classifier_is_kept_and_made_anew_where_damaged(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = digits.load()
    first = features.classifier_features(data)
    assert first.accuracy > 0.8  # Of 60 steps; chance is 0.1.
    activations = first(data.test_images)
    assert np.mean(activations**2) == pytest.approx(1.0, rel=1e-6)
    assert np.mean(first.classes(activations) == data.test_labels) == first.accuracy
    (path,) = (cache / "bayesian_gan").glob("classifier_digits-*.npz")
    assert "training" in capsys.readouterr().out
    second = features.classifier_features(data)
    assert "training" not in capsys.readouterr().out
    np.testing.assert_array_equal(second(data.test_images), activations)
    path.write_bytes(path.read_bytes()[:-100])
    third = features.classifier_features(data)
    assert "damaged" in capsys.readouterr().out
    np.testing.assert_allclose(third(data.test_images), activations, atol=1e-3)


def _picture(folder: Path, k: int, **changes: Any) -> Path:
    path = folder / f"digit_{k}.png"
    Image.fromarray(digits.load().test_images[k, ..., 0]).save(path)
    return path


def test_classify_without_the_data_set(
    elsewhere: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [str(_picture(tmp_path, k)) for k in range(3)]
    assert main(["classify", str(elsewhere), *paths, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    members = np.concatenate(
        list(Posterior(elsewhere / "posterior").member_probabilities(digits.load().test_images[:3]))
    )
    assert found["num_samples"] == 6
    for k, entry in enumerate(found["images"]):
        p = members[:, k].mean(0)
        assert list(entry["probabilities"].values()) == pytest.approx(p.tolist(), abs=1e-6)
        assert entry["image"] == paths[k]
        assert entry["class"] == str(p.argmax())
        assert entry["entropy"] == pytest.approx(-np.sum(p * np.log(p)), abs=1e-5)
        kl = np.sum(members[:, k] * np.log(members[:, k] / p), axis=-1).mean()
        assert entry["mutual_information"] == pytest.approx(kl, abs=1e-5)
    assert main(["classify", str(elsewhere), *paths]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_classify_refuses(
    run_folder: Path, unsupervised_run: Path, tmp_path: Path, refused: Refuse
) -> None:
    good = _picture(tmp_path, 0)
    large = tmp_path / "large.png"
    Image.new("RGB", (9, 8)).save(large)
    line = refused("classify", run_folder, good, large)
    assert "is 8x9x3 (height, width, channels), and the run's images are 8x8x1" in line
    assert main(["classify", str(run_folder), str(large), "--resize"]) == 0
    text = tmp_path / "text.png"
    text.write_text("no picture")
    assert "is no picture that can be read" in refused("classify", run_folder, text)
    assert "absent.png" in refused("classify", run_folder, tmp_path / "absent.png")
    assert "a run without labels" in refused("classify", unsupervised_run, good)


def test_generate_without_the_data_set(
    elsewhere: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    npz, grid = tmp_path / "out.npz", tmp_path / "grid.png"
    outputs = ["--npz", str(npz), "--grid", str(grid)]
    assert main(["generate", str(elsewhere), "--num", "7", "--generator", "2", *outputs]) == 0
    assert capsys.readouterr().out.splitlines() == [str(grid), str(npz)]
    posterior = Posterior(elsewhere / "posterior")
    expected = np.rint((posterior.generate(7, 2, 0) + 1) * 127.5)
    with np.load(npz) as arrays:
        np.testing.assert_array_equal(arrays["images"], expected)
        np.testing.assert_array_equal(arrays["generator"], [2] * 7)
    with Image.open(grid) as picture:  # 3 x 3 places of 8 pixels, 1 between, enlarged 11 times.
        pixels = np.asarray(picture)[::11, ::11]
    assert pixels.shape == (26, 26)
    np.testing.assert_array_equal(pixels[18:26, 0:8], expected[6, ..., 0])
    assert (pixels[18:26, 9:] == 255).all()
    assert main(["generate", str(elsewhere), "--num", "8", "--npz", str(npz)]) == 0
    with np.load(npz) as arrays:
        assert sorted(arrays["generator"]) == [0, 0, 1, 1, 2, 2, 3, 3]


def test_generate_alone_writes_a_grid_into_the_run(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["generate", str(elsewhere)]) == 0
    assert capsys.readouterr().out.splitlines() == [str(elsewhere / "generated.png")]
    with Image.open(elsewhere / "generated.png") as picture:
        grid = np.asarray(picture)
    side = 8 * 8 + 7  # 8 x 8 images of 8 pixels, 1 between.
    assert grid.shape[0] == grid.shape[1]
    assert grid.shape[0] % side == 0


def test_generate_refuses(run_folder: Path, tmp_path: Path, refused: Refuse) -> None:
    npz = ("--npz", tmp_path / "out.npz")
    assert "no generator 4; there are 4" in refused("generate", run_folder, "--generator", 4, *npz)
    assert "no generator -1" in refused("generate", run_folder, "--generator", -1, *npz)
    assert "--num 0" in refused("generate", run_folder, "--num", 0, *npz)
    assert "--seed" in refused("generate", run_folder, "--seed", 2**31, *npz)
    assert "no draw of iteration 7" in refused("generate", run_folder, "--iteration", 7, *npz)
    assert "ends in .png" in refused("generate", run_folder, "--grid", "grid.exe")
    absent = tmp_path / "absent" / "grid.png"
    assert "no such folder" in refused("generate", run_folder, "--grid", absent)
    assert not npz[1].exists()
