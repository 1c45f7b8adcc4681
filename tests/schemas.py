"""The schema of `evaluation.json` that the package carries, and files against it."""

import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator


@cache
def evaluation_schema() -> dict[str, Any]:
    file = resources.files("bayesian_gan.evaluation") / "evaluation.schema.json"
    schema: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return schema


def check_evaluation(folder: Path) -> None:
    """What `evaluate` wrote into a run's folder has the fields of the schema, and no other."""
    found = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    Draft202012Validator(evaluation_schema()).validate(found)
