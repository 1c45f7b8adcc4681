"""What TensorBoard shows: scores first, and a page HParams of a few columns, as its own backend has it."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import parse_flags
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.plugins.hparams import plugin_data_pb2

from bayesian_gan.monitoring import events

MOST_COLUMNS = 15


@pytest.fixture
def shown(tmp_path: Path) -> Any:
    """What TensorBoard reads of a run's folder."""
    file = events.EventFile(tmp_path / "run")
    config = parse_flags("--dataset", "digits", "--preset", "laptop", "--lr", "0.01")
    file.write(0, *events.configuration(config.to_json()))
    file.write(40, *events.posterior_scores(0.032, 0.25))
    found = EventMultiplexer().AddRunsFromDirectory(str(tmp_path))
    found.Reload()
    return found


def _data(shown: Any, tag: str) -> plugin_data_pb2.HParamsPluginData:
    content = shown.SummaryMetadata("run", tag).plugin_data.content
    return plugin_data_pb2.HParamsPluginData.FromString(content)


def test_hparams_has_few_columns_and_the_posterior_s_scores(shown: Any) -> None:
    experiment = _data(shown, "_hparams_/experiment").experiment
    names = [each.name for each in experiment.hparam_infos]
    metrics = [each.name.tag for each in experiment.metric_infos]
    assert metrics == ["accuracy/posterior_error", "accuracy/posterior_nll"]
    # And the name of the trial.
    assert 1 + len(names) + len(metrics) <= MOST_COLUMNS
    values = _data(shown, "_hparams_/session_start_info").session_start_info.hparams
    assert set(values) <= set(names)
    assert values["dataset"].string_value == "digits"
    assert values["num_mcmc"].number_value == 2.0
    for tag, expected in zip(metrics, (0.032, 0.25), strict=True):
        (point,) = shown.Tensors("run", tag)
        assert point.step == 40
        assert point.tensor_proto.float_val[0] == pytest.approx(expected)


def test_the_text_has_every_flag(shown: Any) -> None:
    (point,) = shown.Tensors("run", events.CONFIGURATION)
    said = point.tensor_proto.string_val[0].decode().strip("`\n")
    assert json.loads(said)["lr"] == 0.01
    assert len(json.loads(said)) > MOST_COLUMNS


def test_every_column_is_an_option() -> None:
    assert set(events.COLUMNS) <= parse_flags("--dataset", "digits").to_json().keys()
