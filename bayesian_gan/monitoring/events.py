"""TensorBoard's event file, written record by record, so that a run that resumes can go on in it.

TensorFlow's own writer buffers, leaves half a record behind when it is killed or the disk is full,
and begins a new file each time it is opened.
"""

import io
import json
import socket
import struct
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.plugins.histogram.summary_v2 import histogram_pb
from tensorboard.plugins.hparams.summary_v2 import HParam, Metric, hparams_config_pb, hparams_pb
from tensorboard.plugins.image.metadata import create_summary_metadata
from tensorboard.plugins.scalar.summary_v2 import scalar_pb
from tensorboard.plugins.text.summary_v2 import text_pb
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util.tensor_util import make_tensor_proto

from bayesian_gan.storage import append

CONFIGURATION = "configuration"
# TensorBoard sorts groups by their names, and this one comes first.
SCORES = "accuracy"
POSTERIOR_ERROR, POSTERIOR_NLL = f"{SCORES}/posterior_error", f"{SCORES}/posterior_nll"
# The page HParams: with the two scores and the run's name no more than fits beside each other.
COLUMNS = (
    *("dataset", "preset", "N", "label_seed", "num_gen", "num_mcmc"),
    *("objective", "prior", "temperature", "sampler_lr", "train_iter"),
)


class EventFile:
    """The one event file of a run, gone on with, or begun by the first `write`.

    Args:
        folder: made if it does not exist, with those above it.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        there = sorted(folder.glob("events.out.tfevents.*"))
        name = f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}"
        self.path = there[0] if there else folder / name

    def write(self, step: int, *summaries: Summary) -> None:
        """Appends summaries of an iteration: all of them, or none.

        Raises:
            OSError: they could not be written; the file is as it was.
        """
        append(self.path, self.records(step, *summaries))

    def records(self, step: int, *summaries: Summary) -> bytes:
        """The bytes that stand for summaries of an iteration, with the clock's time."""
        buffer = io.BytesIO()
        records = RecordWriter(buffer)
        if not self.path.exists() or not self.path.stat().st_size:
            first = Event(wall_time=time.time(), file_version="brain.Event:2")
            records.write(first.SerializeToString())
        for summary in summaries:
            event = Event(wall_time=time.time(), step=step, summary=summary)
            records.write(event.SerializeToString())
        return buffer.getvalue()


def read_events(data: bytes) -> list[Event]:
    """The events of a file's contents.

    Raises:
        ValueError: it ends in the midst of a record, or a record does not match its checksum.
    """
    found: list[Event] = []
    while data:
        if len(data) < 12:
            raise ValueError(f"record {len(found)} is broken")
        (length,) = struct.unpack("<Q", data[:8])
        body, crc = data[12 : 12 + length], data[12 + length : 16 + length]
        if len(crc) < 4 or struct.unpack("<I", crc)[0] != masked_crc32c(body):
            raise ValueError(f"record {len(found)} is broken")
        found.append(Event.FromString(body))
        data = data[16 + length :]
    return found


def copy_events(data: bytes, folder: Path, values: Mapping[str, Any]) -> Path:
    """Begins a run's event file with its own configuration and the events of another run's.

    Args:
        data: of the other file; its configuration is left out.
        folder: of the new file.
        values: flags of the new run.

    Returns:
        The new file.

    Raises:
        ValueError: `data` is damaged.
        OSError: the file could not be written.
    """
    file = EventFile(folder)
    file.write(0, *configuration(values))
    buffer = io.BytesIO()
    records = RecordWriter(buffer)
    for event in read_events(data):
        if any(not _is_configuration(value.tag) for value in event.summary.value):
            records.write(event.SerializeToString())
    append(file.path, buffer.getvalue())
    return file.path


def configuration(values: Mapping[str, Any]) -> tuple[Summary, ...]:
    """A run's flags, as a text, and those of `COLUMNS` for the page HParams, with what it compares."""
    flags = json.dumps(values, indent=2)
    shown = {name: values[name] for name in COLUMNS if name in values}
    return text(CONFIGURATION, f"```\n{flags}\n```"), columns(), hyper_parameters(shown)


def columns() -> Summary:
    """What the page HParams shows of every run. Without it all scalars would be columns."""
    metrics = [
        Metric(POSTERIOR_ERROR, display_name="posterior error"),
        Metric(POSTERIOR_NLL, display_name="posterior NLL"),
    ]
    return hparams_config_pb([HParam(name) for name in COLUMNS], metrics)


def posterior_scores(error_rate: float, nll: float) -> tuple[Summary, Summary]:
    """Scores of the average over everything collected, for the end of a run.

    Args:
        error_rate: in [0, 1].
        nll: nats.
    """
    return scalar(POSTERIOR_ERROR, error_rate), scalar(POSTERIOR_NLL, nll)


def _is_configuration(tag: str) -> bool:
    return tag == CONFIGURATION or tag.startswith("_hparams_/")


def scalar(tag: str, value: float) -> Summary:
    """A point of a curve."""
    return scalar_pb(tag, value)


def text(tag: str, value: str) -> Summary:
    """A text in Markdown."""
    return text_pb(tag, value)


def histogram(tag: str, values: np.ndarray) -> Summary:
    """A distribution of numbers."""
    return histogram_pb(tag, values)


def hyper_parameters(values: Mapping[str, Any]) -> Summary:
    """A run's configuration, for the page HParams. What is None is left out."""
    known = {
        name: value if isinstance(value, (bool, int, float, str)) else str(value)
        for name, value in values.items()
        if value is not None
    }
    return hparams_pb(known)


def image(tag: str, picture: np.ndarray) -> Summary:
    """A picture, uint8 [height, width, 1 or 3]."""
    height, width, channels = picture.shape
    buffer = io.BytesIO()
    Image.fromarray(picture[..., 0] if channels == 1 else picture).save(buffer, format="PNG")
    parts = [str(width).encode(), str(height).encode(), buffer.getvalue()]
    summary = Summary()
    summary.value.add(
        tag=tag,
        metadata=create_summary_metadata(display_name=None, description=None),
        tensor=make_tensor_proto(parts, dtype=np.object_),
    )
    return summary
