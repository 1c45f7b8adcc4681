"""The environment variable TF_CONFIG: which processes train together, and which of them this one is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from bayesian_gan.errors import InputError

VARIABLE = "TF_CONFIG"
EXAMPLE = (
    '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": {"type": "worker", "index": 0}}'
)


@dataclass(frozen=True)
class Cluster:
    """Processes that train together.

    Attributes:
        workers: addresses HOST:PORT, the chief's first.
        number: of this process among them; 0 is the chief, which alone writes.
    """

    workers: tuple[str, ...]
    number: int

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the run's files."""
        return self.number == 0


def read_cluster(environment: Mapping[str, str]) -> Cluster:
    """The cluster that TF_CONFIG describes: jobs `worker` and, if it is there, `chief`.

    Raises:
        InputError: the variable is missing or malformed.
    """
    text = environment.get(VARIABLE)
    if not text:
        raise _malformed("is not set")
    try:
        described = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _malformed(f"is no JSON ({error})") from error
    if not isinstance(described, dict):
        raise _malformed("is no JSON object")
    cluster, task = described.get("cluster"), described.get("task")
    if not isinstance(cluster, dict) or not isinstance(task, dict):
        raise _malformed('has no objects "cluster" and "task"')
    for job, addresses in cluster.items():
        if job not in ("chief", "worker"):
            raise _malformed(f"has a job {job!r}, and only chief and worker take part")
        _check_addresses(job, addresses)
    chiefs, workers = cluster.get("chief", []), cluster.get("worker", [])
    if len(chiefs) > 1:
        raise _malformed(f"has {len(chiefs)} chiefs, and there can be one")
    if len({*chiefs, *workers}) != len(chiefs) + len(workers):
        raise _malformed("has an address twice")
    kind, index = task.get("type"), task.get("index")
    if kind not in cluster:
        raise _malformed(f"is for a task of type {kind!r}, which is not in its cluster")
    if isinstance(index, bool) or not isinstance(index, int):
        raise _malformed(f"has a task index {index!r}, which is no integer")
    if not 0 <= index < len(cluster[kind]):
        raise _malformed(
            f"has task index {index}, and {kind} has {len(cluster[kind])}, counted from 0"
        )
    return Cluster((*chiefs, *workers), index + (len(chiefs) if kind == "worker" else 0))


def _check_addresses(job: str, addresses: object) -> None:
    if not isinstance(addresses, list) or not addresses:
        raise _malformed(f"has no list of addresses for {job}")
    for address in addresses:
        port = address.rpartition(":")[2] if isinstance(address, str) else ""
        if not (port.isdigit() and 0 < int(port) < 65536 and len(address) > len(port) + 1):
            raise _malformed(f"has {address!r} for {job}, which is not HOST:PORT")


def _malformed(what: str) -> InputError:
    return InputError(f"{VARIABLE} {what}; --strategy multiworker needs one such as {EXAMPLE}")
