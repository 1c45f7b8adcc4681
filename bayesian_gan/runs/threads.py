"""How TensorFlow's threads are shared between networks side by side and the inside of an operation."""

INTER, INTRA = "TF_NUM_INTEROP_THREADS", "TF_NUM_INTRAOP_THREADS"

# Operations of one discriminator that can always run at once: passes of real and of generated images; and on
# the way back the gradients of a layer's inputs and of its kernel.
AT_ONCE = 2


def thread_environment(side_by_side: int | None, cores: int) -> dict[str, str]:
    """Environment variables, which TensorFlow reads when it starts.

    Operations that do not depend on each other run side by side. A core for each of them, without splitting
    any, is faster than operations that all split over all cores and wait for each other at every end
    (docs/research/step_cost.md).

    Args:
        side_by_side: discriminators of one step, M * J_d, at least 1; None never splits an operation, so that
            its last digits do not depend on their number.
        cores: processor cores, at least 1.

    Returns:
        Operations that may run at once (`cores`), and threads inside of one (`cores` over those that always
        do).
    """
    always = cores if side_by_side is None else AT_ONCE * side_by_side
    return {INTER: str(cores), INTRA: str(max(1, cores // always))}
