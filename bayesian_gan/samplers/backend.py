"""Refuses another backend of Keras before it is imported: the samplers are written for TensorFlow."""

import os
import sys
from typing import Any

NEEDED = "tensorflow"
VARIABLE = "KERAS_BACKEND"

_imported: Any = sys.modules.get("keras")
_chosen = _imported.config.backend() if _imported else os.environ.get(VARIABLE) or NEEDED
if _chosen != NEEDED:
    raise ImportError(
        f"Keras's backend is {_chosen}, and bayesian_gan.samplers need TensorFlow: set {VARIABLE}="
        f"{NEEDED} in the environment, before keras is imported"
    )
