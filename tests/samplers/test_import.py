"""What `import bayesian_gan.samplers` loads beside Keras: little, for it shall be quick."""

import os
import subprocess
import sys

SLOW = ("tensorflow_probability", "scipy", "sklearn", "matplotlib", "arviz", "tensorflow_datasets")


def test_slow_libraries_are_not_loaded_before_they_are_needed() -> None:
    program = (
        "import sys, keras\n"
        f"before = {{name for name in {SLOW} if name in sys.modules}}\n"
        "import bayesian_gan.samplers\n"
        f"print([name for name in {SLOW} if name in sys.modules and name not in before])\n"
        "print(sorted(n for n in sys.modules if n.startswith('bayesian_gan.') and '.samplers' not in n))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    # What the package's own `__init__` chooses Keras's backend and TensorFlow's silence with.
    own = ["bayesian_gan.backend", "bayesian_gan.errors", "bayesian_gan.quiet"]
    assert done.stdout.splitlines() == ["[]", str(own)]


def test_another_backend_is_told_in_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import bayesian_gan.samplers"],
        capture_output=True,
        text=True,
        env=os.environ | {"KERAS_BACKEND": "jax"},
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "ImportError: Keras's backend is jax, and bayesian_gan.samplers need TensorFlow: set "
        "KERAS_BACKEND=tensorflow in the environment, before keras is imported"
    )
