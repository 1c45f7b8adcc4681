"""`MODEL_CARD.md` of made-up runs: its front matter, its numbers, and the words of strangers in it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import parse_flags

from bayesian_gan.evaluation.draws import Verdict
from bayesian_gan.runs.card import card, write_card
from bayesian_gan.runs.command import typed
from bayesian_gan.runs.escaping import fenced, words
from bayesian_gan.runs.escaping import yaml as to_yaml
from bayesian_gan.runs.finished import FinishedRun

HOSTILE = (
    "quotes \"' and `ticks`",
    "two\nlines\r\n---\nlicense: mit",
    "---",
    "<script>alert(1)</script>",
    "a | b || \\| c",
    "right\u202eto left\u200f \u2028 \u0085 \x7f \ufeff",
    "half \udcff of a pair, \U0001f600 whole, \U000e0001",
    "# head * _under_ [link](http://x) www.x.org $x$ @you ~~no~~",
    ": {a: 1} & *b !c %d",
    "",
)
FLAGS = "--dataset digits --N 20 --num_gen 2 --num_mcmc 2 --train_iter 40 --warm_up 10 --n_save 10"
SCORE = {"errors": 16, "n": 500, "error_rate": 0.032, "nll": 0.25, "ece": 0.0125}
SUMMARY: dict[str, Any] = {
    "iteration": 40,
    "num_labelled": 20,
    "seconds": 90.0,
    "supervised": SCORE | {"errors": 46, "error_rate": 0.092},
    "single": SCORE | {"errors": 19, "error_rate": 0.038},
    "calibrated": None,
    "posterior": SCORE
    | {"num_samples": 6, "mixing": {"nll": {"rhat": None, "ess_bulk": 26.0, "ess_tail": 20.4}}},
    "convergence": {
        **{"rhat_max": 1.87, "rhat_median": 1.37, "ess_min": 3.2, "ess_median": 5.2},
        "ess_tail_min": 15.4,
    },
    "draws": "The draws are an ensemble of local posteriors.",
}
OWN: dict[str, Any] = {"name": "own.all", "label_seed": 0}
# What Hugging Face documents for a result; a task, a data set and a metric need these.
REQUIRED = {"task": {"type"}, "dataset": {"type", "name"}}
ALLOWED = {
    "task": {"type", "name"},
    "dataset": {"type", "name", "config", "split", "revision", "args"},
}
PIPELINES = {"image-classification", "tabular-classification", "unconditional-image-generation"}


def made_up(
    folder: Path,
    flags: str = FLAGS,
    names: tuple[str, ...] = HOSTILE,
    shape: tuple[int, ...] = (8, 8, 1),
    **files: Any,
) -> FinishedRun:
    """The folder of a run that never was; `files` by name without ".json", None leaves one out."""
    folder.mkdir(exist_ok=True)
    config = parse_flags(*flags.split(), "--out_dir", str(folder)).to_json()
    described: dict[str, Any] = {
        "config": {
            "format": 1,
            "flags": config,
            "command": ["run_bgan_semi.py", "--out_dir", HOSTILE[1], "```"],
            "versions": {"python": "3.11", "numpy": HOSTILE[3]},
        },
        "data": {
            **{"name": HOSTILE[3], "provenance": HOSTILE[4], "image_shape": list(shape)},
            **{"class_names": list(names), "num_train": 1297, "num_test": 500},
            "checksum": "ab" * 32,
        },
        "labelled": {
            "name": "digits.0@20",
            "label_seed": 0,
            "indices": [0] * 20,
            "labels": [0, *range(10)] + [9] * 9,
        },
        "summary": SUMMARY,
        **files,
    }
    for name, value in described.items():
        if value is not None:
            (folder / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
    return FinishedRun(folder)


def parts(text: str) -> tuple[dict[str, Any], str]:
    """The front matter, as a YAML 1.1 reader has it and the Hub's is one, and the rest."""
    match = re.match(r"---\n(.*?)\n---\n(.*)", text, re.DOTALL)
    assert match is not None
    return yaml.safe_load(match[1]), match[2]


def check_front(front: dict[str, Any]) -> None:
    """What Hugging Face's page on the metadata says of each key."""
    known = {
        "license",
        "library_name",
        "tags",
        "datasets",
        "metrics",
        "pipeline_tag",
        "model-index",
    }
    assert front.keys() <= known
    assert front["license"] == "unknown"
    assert front["library_name"] == "keras"
    for name in {"tags", "datasets", "metrics"} & front.keys():
        assert all(isinstance(each, str) for each in front[name])
    assert front.get("pipeline_tag") in {None, *PIPELINES}
    for model in front.get("model-index", []):
        assert model.keys() == {"name", "results"}
        assert isinstance(model["name"], str)
        for result in model["results"]:
            for name, required in REQUIRED.items():
                assert required <= result[name].keys() <= ALLOWED[name]
            for metric in result["metrics"]:
                assert {"type", "value"} <= metric.keys() <= {"type", "value", "name"}
                assert isinstance(metric["value"], float)


def test_words_of_strangers_stay_words(tmp_path: Path) -> None:
    run = made_up(tmp_path / '"run: [1]\n---\n<b>')
    text = card(run)
    text.encode("utf-8")  # Halves of pairs cannot be.
    front, body = parts(text)
    check_front(front)
    (model,) = front["model-index"]
    assert model["name"] == run.path.name
    assert model["results"][0]["dataset"] == {
        "type": "_script_alert_1___script_",
        "name": HOSTILE[3],
        "split": "test",
    }
    assert "<" not in body.replace("<br>", "")
    assert not re.search("[\u202e\u200f\u2028\u0085\x7f\ufeff]", body)
    assert "\n---\n" not in body
    assert "license: mit" not in [line.strip() for line in body.splitlines()]
    # The table of labels has a row for each class and two cells in each, whatever the name.
    table = body[body.index("| class | labels |") :].split("\n\n")[0].splitlines()[2:]
    assert [len(re.split(r"(?<!\\)\|", row)) for row in table] == [4] * len(HOSTILE)
    assert [row.rsplit("|", 2)[1].strip() for row in table] == ["2", *"11111111", "10"]
    assert "``````"[:4] in body  # A longer fence than the command's own.


def test_its_numbers_are_the_run_s(tmp_path: Path) -> None:
    run = made_up(tmp_path, f"{FLAGS} --preset laptop --lr 0.01", tuple("0123456789"))
    verdict = Verdict(
        "note", "Calibration", "expected calibration error 1.2% of 500: overconfident."
    )
    text = card(run, verdict)
    front, body = parts(text)
    metrics = front["model-index"][0]["results"][0]["metrics"]
    assert [(m["type"], m["value"]) for m in metrics] == [
        ("accuracy", 0.968),
        ("nll", 0.25),
        ("ece", 0.0125),
    ]
    assert front["pipeline_tag"] == "image-classification"
    assert "| posterior average | 16 | 500 | 3.20 | 0.2500 | 1.25 |" in body
    assert "| last single sample | 19 | 500 | 3.80 |" in body
    assert "| supervised network, same labels | 46 | 500 | 9.20 |" in body
    assert (
        "Of the posterior average: expected calibration error 1.2% of 500: overconfident." in body
    )
    assert "| predictions on fixed examples, worst | 1.87 | 3 | 15 |" in body
    assert "| NLL of a draw | infinite | 26 | 20 |" in body
    assert "an ensemble of local posteriors" in body
    assert f"| content, SHA-256 | {'ab' * 32} |" in body
    assert "| to train on | 1,297 |" in body
    assert "CC BY 4.0" in body
    assert "Preset laptop. Flags that differ from it:" in body
    assert r"| \--lr | 0.01 | 0.003 |" in body
    assert "--gf\\_dim" not in body
    assert "of the class 1 from 1" in body


def test_what_evaluate_found_goes_before_the_end_of_the_run(tmp_path: Path) -> None:
    average = SCORE | {"errors": 7, "error_rate": 0.014}
    evaluation = {
        "classification": {
            "average": average,
            "calibrated": average | {"nll": 0.125},
            "verdict": {"level": "good", "text": "they can be believed"},
        },
        "baselines": {"label_spreading": {"title": "label spreading", **SCORE}},
        "samples": {
            "features": {
                "random": {"memorisation": {"share_nearer_than_1_percent_of_test_images": 0.25}}
            }
        },
    }
    body = parts(card(made_up(tmp_path, evaluation=evaluation)))[1]
    assert "| posterior average | 7 | 500 | 1.40 |" in body
    assert "| the same, calibrated | 7 | 500 | 1.40 | 0.1250 |" in body
    assert "| label spreading | 16 |" in body
    assert "they can be believed" in body
    assert "25.0% of the generated pictures" in body


def test_a_run_without_a_test_set_claims_nothing(tmp_path: Path) -> None:
    data = {"name": "own", "image_shape": [8, 8, 1], "class_names": ["a", "b"], "num_test": 0}
    summary = SUMMARY | dict.fromkeys(("single", "supervised")) | {"posterior": {"num_samples": 6}}
    run = made_up(
        tmp_path,
        data=data,
        summary=summary,
        labelled=OWN | {"indices": [0, 1, 2], "labels": [0, 0, 1]},
    )
    front, body = parts(card(run))
    check_front(front)
    assert not {"model-index", "metrics"} & front.keys()
    assert "No error is known: it has no test set." in body
    assert "Its error is not known." in body
    assert "there are no test examples" in body


def test_an_unsupervised_run(tmp_path: Path) -> None:
    summary = SUMMARY | dict.fromkeys(("single", "supervised")) | {"posterior": {"num_samples": 6}}
    flags = "--dataset mnist --data_path x --nosemi --num_gen 2"
    front, body = parts(card(made_up(tmp_path, flags, summary=summary, labelled=None)))
    check_front(front)
    assert front["pipeline_tag"] == "unconditional-image-generation"
    assert front["datasets"] == ["ylecun/mnist"]
    assert "model-index" not in front
    assert "No error is known: it learnt from no labels." in body
    assert "| licence | CC BY-SA 3.0 |" in body


def test_a_run_on_a_table_that_has_not_ended(tmp_path: Path) -> None:
    columns = [{"name": HOSTILE[4], "kind": "number", "mean": 0.0, "scale": 1.0}]
    run = made_up(
        tmp_path,
        f"--data {tmp_path / 'own.csv'} --label_column y",
        ("a", "b"),
        (1,),
        table={"columns": columns, "label_column": "y", "ignored": []},
        labelled=OWN | {"indices": [0, 1], "labels": [0, 1]},
        summary=None,
    )
    front, body = parts(card(run))
    check_front(front)
    assert front["pipeline_tag"] == "tabular-classification"
    assert "it has not ended" in body
    assert "| licence | not known |" in body
    assert "1 numbers" in body


def test_an_export_says_what_it_holds(tmp_path: Path) -> None:
    exported = {
        **{"format": "keras", "classifier": ["a", "b"], "generator": ["c"]},
        "distillation": {"average": SCORE, "student": SCORE | {"errors": 21}},
    }
    path = write_card(tmp_path, made_up(tmp_path / "run"), exported=exported)
    body = parts(path.read_text(encoding="utf-8"))[1]
    assert path.name == "MODEL_CARD.md"
    assert "2 classifiers and 1 generator of the run as keras" in body
    assert "| student of the average | 21 |" in body
    assert "scores of all samples" in body


@pytest.mark.parametrize("text", HOSTILE)
def test_yaml_reads_back_what_was_written(text: str) -> None:
    value = {"key": text, "list": [{"inner": text, "more": [text, 1.5, None, True]}, text]}
    expected = json.loads(json.dumps(value).replace(r"\udcff", r"\ufffd"))
    assert yaml.safe_load(to_yaml(value)) == expected


def test_words_show_as_they_are() -> None:
    assert words("a_b*c|d") == r"a\_b\*c\|d"
    assert words("3.20") == "3.20"
    assert words("1. one") == r"1\. one"
    assert words("- one") == r"\- one"
    assert words("---") == r"\---"
    assert words("&lt; <b>") == "&amp;lt; &lt;b&gt;"
    assert words("http://x www.y") == r"http:\//x www\.y"
    assert words("\u202e\n") == r"\\u202e\\n"
    assert fenced("a ``` b").splitlines()[0] == "````"


def test_commands_can_be_typed_again() -> None:
    assert typed(["run.py", "a b"]) == "python run.py 'a b'"
    assert (
        typed(["python -m bayesian_gan train", "--N", "5"]) == "python -m bayesian_gan train --N 5"
    )
    assert typed(["bayesian-gan train", "x"]) == "bayesian-gan train x"
    assert typed(["/opt/a b/own", "x"]) == "'/opt/a b/own' x"


def test_examples_held_out_of_the_training_set_are_called_that(tmp_path: Path) -> None:
    told = "examples held out of the training set (`--validation`)"
    front, body = parts(card(made_up(tmp_path / "a", f"{FLAGS} --validation 100")))
    assert told in body
    assert front["model-index"][0]["results"][0]["dataset"]["split"] == "validation"
    body = parts(card(made_up(tmp_path / "b")))[1]
    assert told not in body
    assert "examples of the test set" in body


def test_a_run_that_does_not_sample_says_so(tmp_path: Path) -> None:
    flags = "--dataset digits --N 20 --ml --train_iter 40 --warm_up 10 --n_save 10"
    body = parts(card(made_up(tmp_path / "a", flags)))[1]
    assert "A GAN, no Bayesian one: it does not sample" in body
    assert "The draws are no samples of a posterior: " in body
    assert "trains by maximum likelihood" in body
    body = parts(card(made_up(tmp_path / "b")))[1]
    assert "A Bayesian GAN (Saatci" in body
    assert "no samples of a posterior" not in body
    assert "No joint posterior stands behind the two" in body


def test_how_long_and_how_well_known(tmp_path: Path) -> None:
    temperature = {"log_t": [0.0], "weights": [1.0], "n": 16}
    front, body = parts(card(made_up(tmp_path, temperature=temperature)))
    assert "40 iterations in 1.5 minutes of training." in body
    # (16 + 2) / (500 + 4), and twice its standard error.
    assert "is known to within 1.7 points" in body
    assert "temperature of the predictions 1.00 (1.00 to 1.00), by 16 labels" in body
    assert "predict applies it" in body
    assert "semi-supervised-learning" in front["tags"]


def test_of_many_classes_some_are_shown(tmp_path: Path) -> None:
    names = tuple(f"class {k}" for k in range(203))
    labelled = OWN | {"indices": [0] * 20, "labels": [0] * 20}
    body = parts(card(made_up(tmp_path, names=names, labelled=labelled)))[1]
    assert "| class 199 | 0 |" in body
    assert "| class 200 |" not in body
    assert "3 classes more are not shown." in body


def test_a_number_that_is_not_finite_is_no_result(tmp_path: Path) -> None:
    summary = SUMMARY | {"posterior": SUMMARY["posterior"] | {"nll": float("inf")}}
    front, body = parts(card(made_up(tmp_path, summary=summary)))
    metrics = front["model-index"][0]["results"][0]["metrics"]
    assert [metric["type"] for metric in metrics] == ["accuracy", "ece"]
    assert "| posterior average | 16 | 500 | 3.20 | inf | 1.25 |" in body


def test_rows_without_labels_have_no_task_of_the_hub(tmp_path: Path) -> None:
    columns = [{"name": "a", "kind": "number", "mean": 0.0, "scale": 1.0}]
    run = made_up(
        tmp_path,
        f"--data {tmp_path / 'own.csv'} --nosemi",
        (),
        (1,),
        table={"columns": columns, "label_column": None, "ignored": []},
        labelled=None,
        summary=None,
    )
    front = parts(card(run))[0]
    check_front(front)
    assert "pipeline_tag" not in front
    assert "semi-supervised-learning" not in front["tags"]
