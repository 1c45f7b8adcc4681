"""What a step costs beside the networks: input, Python, sampler; and whether memory stays flat.

    python benchmarks/overheads.py
    python benchmarks/overheads.py --iterations 10000     # for the memory, on the digits' size

The shares are of one step of `paper` at MNIST's size, J_g 10, M 2, width 24: each part is timed as
a compiled function of its own, in turn with the step.
"""

# ruff: noqa: E402
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[0] = str(ROOT)  # not this folder, whose profile.py would stand in for the standard module

from bayesian_gan.runs.threads import thread_environment
from benchmarks.command_line import parser_of
from benchmarks.memory import peak_memory


def rounds_of(functions: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each, called in turn."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for i in range(rounds + 1):
        for name, function in functions.items():
            begin = time.perf_counter()
            function()
            if i:
                times[name].append(time.perf_counter() - begin)
    return {name: sorted(values)[len(values) // 2] for name, values in times.items()}


def shares() -> None:
    """Prints the parts of a step beside the whole."""
    import tensorflow as tf

    from bayesian_gan.gan.chains import variables
    from bayesian_gan.gan.priors import Normal
    from benchmarks.step_systems.systems import Setting, all_minibatches, build_model

    model = build_model(Setting("paper"))
    networks = (*model.generators, *model.discriminators)
    weights = [v.value for network in networks for v in network.trainable_variables]
    zeros = [
        [tf.zeros(v.shape) for v in variables(getattr(chain, player))]
        for player in ("generators", "discriminators")
        for chain in model.chains
    ]
    optimizers = [*model.generator_optimizers, *model.discriminator_optimizers]

    def update() -> None:
        for optimizer, gradients in zip(optimizers, zeros, strict=True):
            optimizer.apply(gradients)

    def prior() -> list[tf.Tensor]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            energy = Normal(1.0).energy(weights, model.game.num_data)
        return [g[..., 0] for g in tape.gradient(energy, weights)]

    times = rounds_of(
        {
            "whole step": tf.function(lambda: model.train_step(None)),
            "input: indices, images, z": tf.function(
                lambda: [b.real[0, 0, 0] + tf.reduce_sum(b.z) for b in all_minibatches(model)]
            ),
            "sampler with normal noise": tf.function(update),
            "prior and its gradient": tf.function(prior),
        },
        15,
    )
    whole = times["whole step"]
    print("| part | ms | share of the step |\n| --- | --- | --- |")
    for name, seconds in times.items():
        print(f"| {name} | {1e3 * seconds:.1f} | {100 * seconds / whole:.1f}% |")


def python_and_memory(iterations: int) -> None:
    """Prints Python's share with several steps in a call, and memory as iterations pass."""
    import keras
    import numpy as np
    import tensorflow as tf

    from benchmarks.step_systems.systems import Setting, build_model

    model = build_model(Setting("paper", "digits", 2, 2, 16))
    model.steps_per_execution = 20
    assert model.step is not None
    data = model.step.data
    images = data.images.gather(tf.range(data.images.shape[0])).numpy()
    labels = np.full(len(images), -1)
    labels[:100] = np.arange(100) % 10

    @tf.function
    def twenty() -> None:
        for _ in tf.range(20):
            model.train_step(None)

    peaks: list[int] = []
    in_fit: list[float] = []
    in_graph: list[float] = []

    def end_of_epoch(epoch: int, logs: object = None) -> None:
        in_fit.append((time.perf_counter() - clock.pop()) / each)
        peaks.append(peak_memory())
        in_graph.append(rounds_of({"twenty": twenty}, 15)["twenty"] / 20)
        clock.append(time.perf_counter())

    each = iterations // 10
    clock = [time.perf_counter()]
    watch = keras.callbacks.LambdaCallback(on_epoch_end=end_of_epoch)
    model.fit(images, labels, steps_per_epoch=each, epochs=11, callbacks=[watch], verbose=0)
    # The first epoch traced the step.
    before, after = peaks[0], peaks[-1]
    fitted, graph = np.median(in_fit[1:]), np.median(in_graph[1:])
    print("digits, J_g 2, M 2, width 16, 20 steps in a call:")
    print(f"{1e3 * fitted:.3f} ms an iteration in fit, {1e3 * graph:.3f} in the graph alone")
    print(
        f"peak memory {before >> 20} MiB after {each} iterations, {after >> 20} after {iterations} more"
    )


def main() -> None:
    """Prints both."""
    parser = parser_of(__doc__)
    parser.add_argument("--iterations", type=int, default=2000)
    given = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for name, value in thread_environment(2, os.cpu_count() or 1).items():
        os.environ.setdefault(name, value)
    shares()
    python_and_memory(given.iterations)


if __name__ == "__main__":
    main()
