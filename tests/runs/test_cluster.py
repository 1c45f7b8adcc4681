"""TF_CONFIG: who takes part, and what is said of one that is malformed."""

import json
from typing import Any

import pytest
from command_line import CommandLine

from bayesian_gan.errors import InputError
from bayesian_gan.runs.cluster import EXAMPLE, Cluster, read_cluster

WORKERS = ["a:1", "b:2"]


def _config(cluster: Any, kind: Any = "worker", index: Any = 0) -> dict[str, str]:
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})}


def test_the_first_worker_is_the_chief_unless_there_is_one() -> None:
    assert read_cluster({"TF_CONFIG": EXAMPLE}).is_chief
    first, second = (read_cluster(_config({"worker": WORKERS}, index=i)) for i in range(2))
    assert first == Cluster(("a:1", "b:2"), 0)
    assert second == Cluster(("a:1", "b:2"), 1)
    assert [first.is_chief, second.is_chief] == [True, False]
    own = {"worker": WORKERS, "chief": ["c:3"]}
    assert read_cluster(_config(own, "chief")) == Cluster(("c:3", "a:1", "b:2"), 0)
    assert read_cluster(_config(own)) == Cluster(("c:3", "a:1", "b:2"), 1)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "is not set"),
        ({"TF_CONFIG": ""}, "is not set"),
        ({"TF_CONFIG": "{"}, "is no JSON"),
        ({"TF_CONFIG": "[1]"}, "is no JSON object"),
        ({"TF_CONFIG": "[" * 100_000}, "is no JSON"),
        ({"TF_CONFIG": '{"cluster": {"worker": ["a:1"]}}'}, '"cluster" and "task"'),
        (_config({"worker": WORKERS, "ps": ["p:1"]}), "has a job 'ps'"),
        (_config({"worker": []}), "no list of addresses for worker"),
        (_config({"worker": "a:1"}), "no list of addresses for worker"),
        (_config({"worker": ["a"]}), "'a' for worker, which is not HOST:PORT"),
        (_config({"worker": [":1"]}), "':1' for worker"),
        (_config({"worker": ["a:0"]}), "'a:0' for worker"),
        (_config({"worker": ["a:65536"]}), "'a:65536' for worker"),
        (_config({"worker": [1]}), "1 for worker"),
        (_config({"worker": ["a:1", "a:1"]}), "has an address twice"),
        (_config({"worker": WORKERS, "chief": ["c:1", "d:1"]}, "chief"), "has 2 chiefs"),
        (_config({"worker": WORKERS}, "chief"), "a task of type 'chief'"),
        (_config({"worker": WORKERS}, index=2), "has task index 2, and worker has 2"),
        (_config({"worker": WORKERS}, index=-1), "has task index -1"),
        (_config({"worker": WORKERS}, index="0"), "task index '0', which is no integer"),
        (_config({"worker": WORKERS}, index=True), "task index True"),
    ],
)
def test_what_is_malformed_is_named(environment: dict[str, str], said: str) -> None:
    with pytest.raises(InputError) as error:
        read_cluster(environment)
    assert str(error.value).startswith("TF_CONFIG ")
    assert said in str(error.value)


def test_the_command_line_refuses_in_one_line(
    command_line: CommandLine, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["--dataset", "digits", "--N", "20", "--out_dir", str(tmp_path), "--shards", "2"]
    monkeypatch.setenv("TF_CONFIG", '{"cluster": {"worker": ["a:1"]}}')
    result = command_line([*arguments, "--strategy", "multiworker"])
    assert result.status == 2
    assert "TF_CONFIG has no objects" in result.stderr.splitlines()[0]
    monkeypatch.setenv("TF_CONFIG", _config({"worker": ["a:1"]})["TF_CONFIG"])
    result = command_line([*arguments, "--strategy", "multiworker"])
    assert result.status == 2
    assert "TF_CONFIG names one process" in result.stderr.splitlines()[0]
    # One device is no company either.
    monkeypatch.delenv("TF_CONFIG")
    refused = command_line([*arguments, "--strategy", "mirrored"])
    refused.refused("--strategy mirrored needs two or more devices, and TensorFlow sees one")
    assert not list(tmp_path.iterdir())
