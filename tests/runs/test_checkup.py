"""What a machine is found to be."""

import pytest

from bayesian_gan.runs import checkup


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("1", "on"),
        ("0", "off (TF_ENABLE_ONEDNN_OPTS=0)"),
        (None, "off (TF_ENABLE_ONEDNN_OPTS=None)"),
    ],
)
def test_onednn_is_on_where_it_is_asked_for(
    asked: str | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if asked is None:
        monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    else:
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", asked)
    assert checkup._onednn().text == said


def test_xla_is_asked_to_compile_a_product() -> None:
    found = checkup._xla("CPU:0")
    assert (found.ok, found.text) == (True, "compiles")
