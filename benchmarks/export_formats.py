"""Sizes, agreement and latency of a run's exports: the tables of docs/how-to/export.md.

    python benchmarks/export_formats.py RUN_DIR [--data_path D]

Needs the extras `litert` and `onnx`, and onnxruntime. Latencies are medians of alternating calls.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bayesian_gan.runs.export import Request, export
from bayesian_gan.runs.finished import FinishedRun

Classify = Callable[[np.ndarray], np.ndarray]
BATCH = 500
CALLS = 15


def main() -> None:
    """Exports, compares, and prints a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--data_path")
    arguments = parser.parse_args()
    run = FinishedRun(arguments.run)
    data = run.load_data(arguments.data_path)
    expected = run.posterior.predict(data.test_images)
    with tempfile.TemporaryDirectory() as folder:
        forms: dict[str, tuple[int, Classify]] = {}
        for name in ("savedmodel", "litert", "onnx"):
            output = Path(folder) / name
            request = Request(arguments.run, name, output, what="classifier")
            export(request, say=lambda line: None)
            forms |= _open(name, output)
        print(
            "| format | bytes | largest difference | same class % | 1 image, ms | 500 images, ms |"
        )
        print("| --- | --- | --- | --- | --- | --- |")
        latencies = _latencies({k: f for k, (_, f) in forms.items()}, data.test_images)
        for name, (size, classify) in forms.items():
            found = np.concatenate(
                [
                    classify(data.test_images[k : k + BATCH])
                    for k in range(0, len(data.test_images), BATCH)
                ]
            )
            difference = np.abs(found - expected).max()
            same = 100 * np.mean(found.argmax(1) == expected.argmax(1))
            one, many = latencies[name]
            print(f"| {name} | {size:,} | {difference:.1e} | {same:.2f} | {one:.1f} | {many:.0f} |")


def _open(name: str, output: Path) -> dict[str, tuple[int, Classify]]:
    if name == "savedmodel":
        import tensorflow as tf

        loaded = tf.saved_model.load(str(output))
        size = sum(path.stat().st_size for path in output.rglob("*") if path.is_file())
        function = loaded.signatures["classify"]
        return {name: (size, lambda x: function(images=tf.constant(x))["probabilities"].numpy())}
    if name == "litert":
        from ai_edge_litert.interpreter import Interpreter

        found: dict[str, tuple[int, Classify]] = {}
        for kind in ("float32", "int8"):
            file = output / f"classifier_{kind}.tflite"
            runner = Interpreter(str(file), num_threads=2).get_signature_runner("serving_default")
            found[f"litert {kind}"] = (
                file.stat().st_size,
                partial(_litert, runner),
            )
        return found
    import onnxruntime

    file = output / "classifier.onnx"
    session = onnxruntime.InferenceSession(str(file))
    return {name: (file.stat().st_size, lambda x: session.run(["probabilities"], {"images": x})[0])}


def _litert(runner: Any, images: np.ndarray) -> np.ndarray:
    return runner(images=images)["probabilities"]


def _latencies(forms: dict[str, Classify], images: np.ndarray) -> dict[str, tuple[float, float]]:
    """Median milliseconds of one image and of a batch, the forms in turn."""
    medians: dict[str, list[float]] = {name: [] for name in forms}
    for n in (1, BATCH):
        times: dict[str, list[float]] = {name: [] for name in forms}
        for k in range(CALLS + 1):
            for name, classify in forms.items():
                begin = time.perf_counter()
                classify(images[:n])
                if k:
                    times[name].append(time.perf_counter() - begin)
        for name, seconds in times.items():
            medians[name].append(1000 * float(np.median(seconds)))
    return {name: (one, many) for name, (one, many) in medians.items()}


if __name__ == "__main__":
    main()
