"""Which devices TensorFlow computes on, and how it starts; to be decided before its first operation."""

import os

from bayesian_gan.errors import InputError
from bayesian_gan.options.device import parse_device


def set_environment() -> None:
    """Sets what TensorFlow reads when it loads, for a program; what the user has set stays.

    Without memory growth a process takes all memory of every GPU that it sees. `import bayesian_gan`
    sets the rest.
    """
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")


def use_device(device: str, several: bool = False) -> None:
    """Shows TensorFlow the devices that it shall use.

    Args:
        device: "auto", a GPU if there is one; "cpu"; "gpu", which must be there; or "gpu:NUMBER".
        several: whether all GPUs are to be used where no number is given, else the first.

    Raises:
        InputError: the GPU is not there.
    """
    # Here, so that a flag can be checked without the seconds that TensorFlow takes to load.
    import tensorflow as tf

    kind, number = parse_device(device)
    gpus = [] if kind == "cpu" else tf.config.list_physical_devices("GPU")
    if kind == "gpu" and not gpus:
        built = "with" if tf.test.is_built_with_cuda() else "without"
        raise InputError(
            f"--device {device}: TensorFlow sees no GPU here (it is built {built} CUDA); give --device cpu, or "
            "install a driver and CUDA's libraries (docs/how-to/gpu.md)"
        )
    if number is not None and number >= len(gpus):
        raise InputError(
            f"--device {device}: TensorFlow sees {len(gpus)} GPU{'s' * (len(gpus) > 1)} here; give a number "
            f"from 0 to {len(gpus) - 1}"
        )
    if number is not None:
        gpus = gpus[number : number + 1]
    elif not several:
        gpus = gpus[:1]
    tf.config.set_visible_devices(gpus, "GPU")
