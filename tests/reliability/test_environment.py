"""Versions, memory and disk, before the long work."""

from dataclasses import replace
from pathlib import Path

import pytest
from absl import flags

from bayesian_gan.errors import InputError
from bayesian_gan.options.config import Config
from bayesian_gan.options.flags import define
from bayesian_gan.reliability import environment
from bayesian_gan.reliability.environment import (
    Needs,
    NetworkSize,
    check_resources,
    device_memory,
    needs,
)

G, D = NetworkSize(weights=1000, outputs=50), NetworkSize(weights=3000, outputs=70)


def _config(**changes: object) -> Config:
    values = flags.FlagValues()
    define(values, semi=True)
    values(["program", "--out_dir", "o"])
    return replace(Config.from_flags(values), **changes)  # type: ignore[arg-type]


def test_needs_follow_from_the_numbers_of_networks() -> None:
    config = _config(num_gen=2, num_disc=1, num_mcmc=3, batch_size=10, train_iter=9500)
    found = needs(config, G, D, image_bytes=500, num_labelled=4)
    weights = 3 * (2 * 1000 + 3000)
    process = environment.PROCESS_BYTES + 3 * 3 * environment.BYTES_OF_A_NETWORK
    assert found.memory == process + 4 * 5 * weights + 1000
    # Rows of a discriminator: 10 real, 4 labelled, 2 x 10 generated.
    assert found.working_memory == found.memory + 4 * 3 * 3 * (2 * 10 * 50 + 34 * 70)
    assert device_memory(config, G, D, 250, 4) == found.working_memory - process - 1000 + 250
    critic = replace(config, wasserstein=True, objective="wasserstein", gradient_penalty=10.0)
    penalised = needs(critic, G, D, 500, 4).working_memory
    assert penalised == found.memory + 4 * 3 * 3 * (2 * 10 * 50 + (34 + 2 * 20) * 70)
    # Draws at 6000, 7000, 8000, 9000; four checkpoints of four numbers for each weight.
    assert found.disk == 4 * weights * 4 + 4 * 4 * 4 * weights
    scanned = needs(replace(config, generators_per_step=1), G, D, 500, 4)
    # One generator moves, and is met.
    assert scanned.working_memory == found.memory + 4 * 3 * 3 * (10 * 50 + 24 * 70)
    # Shards come in turn: one of five is there at a time.
    shards = needs(replace(config, shards=5), G, D, 500, 4)
    assert shards.memory == found.memory
    assert shards.working_memory - found.memory == 4 * 3 * (3 * (2 * 10 * 50 + 34 * 70) // 5)
    authors = needs(replace(config, objective="authors"), G, D, 500, 4)
    assert authors.working_memory == found.memory + 4 * 3 * 3 * (2 * 10 * 50 + 74 * 70)
    bounded = needs(replace(config, max_samples=1), G, D, 500, 4)
    assert bounded.disk == 4 * weights * 2 + 4 * 4 * 4 * weights
    saved = needs(replace(config, save_weights=True, n_save=1000), G, D, 500, 4)
    assert saved.disk == found.disk + 4 * weights * 10


def test_too_little_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What this process has counts as available: it is part of what a run needs.
    monkeypatch.setattr(environment, "available_memory", lambda: 2**30 - 2**28)
    monkeypatch.setattr(environment, "resident_memory", lambda: 2**28)
    assert check_resources(Needs(2**20, 2**21, 2**20), tmp_path) is None
    with pytest.raises(InputError, match=r"will write about 1048576\.00 GiB .*--max_samples"):
        check_resources(Needs(0, 0, 2**50), tmp_path)
    assert check_resources(Needs(0, 0, 2**50), tmp_path, there=2**50) is None
    with pytest.raises(InputError, match=r"need 2\.00 GiB of memory, and 1\.00 GiB are available"):
        check_resources(Needs(2**31, 2**31, 0), tmp_path)
    warning = check_resources(Needs(2**29, 2**32, 0), tmp_path)
    assert warning is not None
    assert "4.00 GiB" in warning


def test_versions_are_compared_with_the_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "metadata", lambda _: {"Requires-Python": ">=3.11"})
    monkeypatch.setattr(environment, "requires", lambda _: ["numpy>=1", 'nothing>=1; extra=="dev"'])
    environment.check_versions()
    monkeypatch.setattr(environment, "requires", lambda _: ["numpy<1"])
    with pytest.raises(InputError, match=r"numpy .* is installed, and <1 is needed"):
        environment.check_versions()
    monkeypatch.setattr(environment, "requires", lambda _: ["no-such-package-here>=1"])
    with pytest.raises(InputError, match="no-such-package-here>=1 is not installed"):
        environment.check_versions()
    monkeypatch.setattr(environment, "metadata", lambda _: {"Requires-Python": ">=4"})
    with pytest.raises(InputError, match=r"Python .* is here, and >=4 is needed"):
        environment.check_versions()


def test_a_control_group_limits_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit, usage = tmp_path / "memory.max", tmp_path / "memory.current"
    monkeypatch.setattr(environment, "CONTROL_GROUPS", ((str(limit), str(usage)),))
    unlimited = environment.available_memory()  # No such files.
    assert unlimited > 2**20
    usage.write_text("1000\n")
    limit.write_text("5096\n")
    assert environment.available_memory() == 4096
    limit.write_text("999\n")
    assert environment.available_memory() == 0
    limit.write_text("max\n")
    assert environment.available_memory() > 2**20
