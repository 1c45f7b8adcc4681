"""An exported SavedModel: what it takes, and what it answers."""

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from instances import RequestError, to_array

SIGNATURES = ("serving_default", "classify", "classify_float")


class Model:
    """The classifier of an export; its methods may run in several threads.

    Args:
        path: of `bayesian-gan export --format savedmodel`, or of `BayesianGAN.export`.

    Attributes:
        class_names: in the order of the probabilities; empty where the export has none.
        image_shape: (H, W, C), or (D,) of vectors.

    Raises:
        OSError, ValueError: there is no such export, or it has no classifier.
    """

    def __init__(self, path: Path) -> None:
        described = json.loads((path / "export.json").read_text(encoding="utf-8"))
        if described["format"] != "savedmodel" or not described["classifier"]:
            raise ValueError("the export is no SavedModel with a classifier")
        self.class_names: list[str] = described["class_names"]
        self.image_shape = tuple(described["image_shape"])
        # Imported here: TensorFlow takes seconds to load, and a wrong path need not wait for it.
        import tensorflow as tf

        self._out_of_range = tf.errors.InvalidArgumentError
        # A model that was exported from Python says nothing of pictures of other sizes.
        self._pictures = described.get("pictures", {"fit": "stretch", "background": "white"})
        self._loaded = tf.saved_model.load(str(path))  # Whose variables the signatures need.
        self._functions = {
            name: self._loaded.signatures[name]
            for name in SIGNATURES
            if name in self._loaded.signatures
        }
        blank = np.zeros(self.image_shape, int).tolist()
        self.predict("serving_default", [blank])  # The first call takes longer than others.

    def predict(self, signature: str, instances: Sequence[Any]) -> list[dict[str, Any]]:
        """A row for each instance: the signature's outputs, and what they say in words and bits.

        Raises:
            RequestError: there is no such signature, or an instance is not what it takes.
        """
        if signature not in self._functions:
            known = ", ".join(self._functions)
            raise RequestError(400, f"no signature {signature[:50]!r}; give one of {known}")
        function = self._functions[signature]
        (spec,) = function.structured_input_signature[1].values()
        images = to_array(instances, self.image_shape, spec.dtype.as_numpy_dtype, **self._pictures)
        try:
            outputs = {key: value.numpy() for key, value in function(images=images).items()}
        except self._out_of_range as error:
            # The model's own check of its floats, whose words stand in the middle of TensorFlow's.
            why = re.search(r"assertion failed: \[(.*?)\] \[Condition", str(error.message))
            if why is None:
                raise
            raise RequestError(400, why[1]) from error
        return [
            self._row({key: value[k].tolist() for key, value in outputs.items()})
            for k in range(len(images))
        ]

    def _row(self, outputs: dict[str, Any]) -> dict[str, Any]:
        if "probabilities" not in outputs:  # A run without labels has P(real) alone.
            return outputs
        p = outputs["probabilities"]
        best = max(range(len(p)), key=p.__getitem__)
        return {
            "class": self.class_names[best] if self.class_names else best,
            "probability": p[best],
            "entropy_bits": outputs["entropy"] / math.log(2),
            "mutual_information_bits": outputs["mutual_information"] / math.log(2),
            **outputs,
        }
