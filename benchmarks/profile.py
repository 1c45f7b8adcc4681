"""Where the time of one step goes: by phase, kind of operation and layer, by TensorFlow's profiler.

    python benchmarks/profile.py --logdir /tmp/profile      # then: tensorboard --logdir /tmp/profile
    python benchmarks/profile.py --dataset cifar --num_gen 5 --df_dim 24

Prints three tables for the system `paper`. Milliseconds are processor time of one step, added up
over threads; a convolution's GFLOP/s are those of one thread. TensorBoard shows the trace with the
package tensorboard-plugin-profile. Beside every convolution stands what the same kernel reaches
alone, one on every core: the machine's limit.
"""

# ruff: noqa: E402
import os
import re
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[0] = str(ROOT)  # this file must not stand in for the standard module `profile`

from bayesian_gan.runs.threads import thread_environment
from benchmarks.command_line import parser_of

STEPS = 3
CONVOLUTIONS = {
    "Conv2D": "forwards",
    "Conv2DBackpropInput": "backwards, inputs",
    "Conv2DBackpropFilter": "backwards, kernels",
}
KINDS = {
    "convolutions": r"Conv2D",
    "matrix products": r"MatMul",
    "ghost normalisation and activation": r"fusion|wrapped_|bitcast|Relu",
    "sampler: noise": r"StatelessRandom|Log1p|Sqrt$|^Cos$|^Sin$|Bitcast$",
    "sampler: update": r"ResourceApply|IsFinite",
    "prior": r"L2Loss",
    "biases": r"BiasAdd",
}


def events(folder: str) -> dict[str, float]:
    """Milliseconds in one step of every operation of the trace, by `name:type`."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    (path,) = Path(folder).rglob("*.xplane.pb")
    space = xplane_pb2.XSpace.FromString(path.read_bytes())
    total: dict[str, float] = defaultdict(float)
    for plane in space.planes:
        if not plane.name.startswith("/host:CPU"):
            continue
        for line in plane.lines:
            for event in line.events:
                total[plane.event_metadata[event.metadata_id].name] += event.duration_ps / 1e9
    return {name: ms / STEPS for name, ms in total.items()}


def kind_of(name: str) -> str | None:
    """The row of `KINDS` that an event belongs to; None for what only contains other events."""
    if "::" in name or ": " in name:
        return None
    op = name.rsplit(":", 1)[-1]
    for kind, pattern in KINDS.items():
        if re.search(pattern, op):
            return kind
    return "other operations" if ":" in name else None


def by_kind(times: dict[str, float]) -> list[str]:
    """Rows: kind, milliseconds, share."""
    total: dict[str, float] = defaultdict(float)
    for name, ms in times.items():
        kind = kind_of(name)
        if kind:
            total[kind] += ms
    everything = sum(total.values())
    ordered = sorted(total.items(), key=lambda item: -item[1])
    return [f"| {kind} | {ms:.1f} | {100 * ms / everything:.1f}% |" for kind, ms in ordered]


def convolutions(times: dict[str, float], counted: list) -> tuple[list[str], list[str]]:
    """Rows by layer (kind and shapes), and by phase over layers, each with the kernel alone."""
    from benchmarks.step_systems.systems import group_kernels, kernel_timer

    by_name = {name.rsplit(":", 1)[0]: ms for name, ms in times.items() if ":" in name}
    layers: list[tuple[float, str]] = []
    phases: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for key, group in group_kernels(counted).items():
        ms = sum(by_name.get(c.name, 0.0) for c in group)
        if not ms:
            continue
        gigaflops = sum(c.flops for c in group) / 1e9
        # Of one thread, like the events.
        alone = 1e3 * kernel_timer(group[0])() * len(group) * (os.cpu_count() or 1)
        shapes = " x ".join(str(list(s)) for s in key[1] if len(s) == 4)
        layers.append(
            (
                ms,
                f"| {CONVOLUTIONS[key[0]]} | {shapes} | {len(group)} | {ms:.1f} "
                f"| {1e3 * gigaflops / ms:.0f} | {1e3 * gigaflops / alone:.0f} | {100 * alone / ms:.0f}% |",
            )
        )
        phase = phases["forwards" if key[0] == "Conv2D" else "backwards"]
        for i, value in enumerate((gigaflops, ms, alone)):
            phase[i] += value
    rows = [row for _, row in sorted(layers, reverse=True)]
    return rows, [
        f"| {phase} | {g:.1f} | {ms:.1f} | {1e3 * g / ms:.0f} | {1e3 * g / alone:.0f} "
        f"| {100 * alone / ms:.0f}% |"
        for phase, (g, ms, alone) in phases.items()
    ]


def main() -> None:
    """Profiles and prints."""
    parser = parser_of(__doc__)
    parser.add_argument("--dataset", choices=("digits", "mnist", "cifar", "celeb"), default="mnist")
    parser.add_argument("--num_gen", type=int, default=10, help="J_g")
    parser.add_argument("--num_mcmc", type=int, default=2, help="M")
    parser.add_argument("--df_dim", type=int, default=24, help="width of both networks")
    parser.add_argument("--generators_per_step", type=int, help="k")
    parser.add_argument("--precision", choices=("float32", "mixed_bfloat16"), default="float32")
    parser.add_argument("--noise", choices=("normal", "rademacher"), default="normal")
    parser.add_argument("--logdir", help="keep TensorFlow's trace there, for TensorBoard")
    given = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for name, value in thread_environment(given.num_mcmc, os.cpu_count() or 1).items():
        os.environ.setdefault(name, value)
    import tensorflow as tf

    from benchmarks.step_systems.systems import Setting, build

    setting = {k: v for k, v in vars(given).items() if k != "logdir"}
    system = build(Setting("paper", **setting))
    system.step()
    system.step()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.logdir or temporary
        tf.profiler.experimental.start(folder)
        for i in range(STEPS):
            with tf.profiler.experimental.Trace("step", step_num=i, _r=1):  # TensorBoard's steps.
                system.step()
        tf.profiler.experimental.stop()
        times = events(folder)
    layers, phases = convolutions(times, system.counted)
    print("| kind of operation | ms a step | share |\n| --- | --- | --- |")
    print("\n".join(by_kind(times)))
    print("\n| convolutions | GFLOP | ms | GFLOP/s | alone, GFLOP/s | of the limit |")
    print("| --- | --- | --- | --- | --- | --- |")
    print("\n".join(phases))
    print("\n| phase | shapes | number | ms | GFLOP/s | alone, GFLOP/s | of the limit |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    print("\n".join(layers))


if __name__ == "__main__":
    main()
