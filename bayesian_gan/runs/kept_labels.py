"""The file of labels that a run was trained with, kept in its folder: the user's is soon another.

Each round of labelling downloads a `labels.csv` over the last one, and the run of the round before
is still to be evaluated and resumed.
"""

import csv
import io
import os
from dataclasses import replace
from pathlib import Path

from bayesian_gan.data.label_table import LabelTable, read_label_table
from bayesian_gan.data.spreadsheets import neutral
from bayesian_gan.options.config import Config
from bayesian_gan.options.own_data import is_folder
from bayesian_gan.storage import write_atomically

LABELS_FILE = "labels.csv"


def keep_labels(folder: Path, config: Config) -> None:
    """Writes the rows of `--labels` into a run's folder; paths of pictures start from the data's.

    Raises:
        OSError: they cannot be written.
    """
    if config.labels is None:
        return
    table = read_label_table(Path(config.labels))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["path", "label", "split"])
    for row in table.rows:
        path = row.path
        if is_folder(config.dataset):
            path = _from_data(table, Path(config.dataset.partition(":")[2]), path)
        writer.writerow([neutral(path), neutral(row.label), row.split])
    data = text.getvalue().encode()
    write_atomically(folder / LABELS_FILE, lambda file: file.write(data))


def with_kept_labels(config: Config, folder: Path) -> Config:
    """The configuration by which the data of a run are read again.

    Args:
        config: of the run.
        folder: of the run.
    """
    kept = folder / LABELS_FILE
    if config.labels is None or not kept.exists():
        return config
    return replace(config, labels=str(kept.absolute()))


def _from_data(table: LabelTable, folder: Path, path: str) -> str:
    """A picture's path from the folder of the data, where it may have started from the file's."""
    for base in (folder, table.file.parent):
        place = Path(os.path.normpath((base / path).absolute()))
        if os.path.lexists(place) and place.is_relative_to(folder):
            return place.relative_to(folder).as_posix()
    return path
