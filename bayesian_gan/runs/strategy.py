"""The `tf.distribute` strategy of a run: which devices share its minibatches."""

import os
from collections.abc import Mapping

import tensorflow as tf

from bayesian_gan.errors import InputError
from bayesian_gan.runs.cluster import read_cluster


def make_strategy(
    name: str, environment: Mapping[str, str] = os.environ
) -> tf.distribute.Strategy | None:
    """The strategy of `--strategy`; for "multiworker" it waits for the other processes.

    Args:
        name: "none"; "mirrored", all devices of this process: the GPUs that it sees, else its logical CPUs; or
            "multiworker", the processes of TF_CONFIG.
        environment: where TF_CONFIG is.

    Returns:
        None for "none".

    Raises:
        InputError: there are not the devices that it needs, or TF_CONFIG is malformed.
    """
    if name == "none":
        return None
    if name == "mirrored":
        return tf.distribute.MirroredStrategy(_mirrored_devices())
    cluster = read_cluster(environment)
    if len(cluster.workers) < 2:
        raise InputError(
            "--strategy multiworker: TF_CONFIG names one process; add the others, or leave the flag out"
        )
    tf.get_logger().setLevel("ERROR")  # A line for each collective operation, else.
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except (tf.errors.OpError, RuntimeError, ValueError) as error:
        raise InputError(
            f"--strategy multiworker: process {cluster.number} at {cluster.workers[cluster.number]} did not "
            f"meet the others, {', '.join(cluster.workers)} ({_first_line(error)}); correct TF_CONFIG, and "
            "start all of them"
        ) from error


def _mirrored_devices() -> list[str]:
    gpus = tf.config.list_logical_devices("GPU")
    devices = gpus or tf.config.list_logical_devices("CPU")
    if len(devices) < 2:
        name = devices[0].name.rpartition("/")[2]
        raise InputError(
            f"--strategy mirrored needs two or more devices, and TensorFlow sees one ({name}): leave the flag "
            "out, or run chains apart (--chain_offset)"
        )
    return [device.name for device in devices]


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
