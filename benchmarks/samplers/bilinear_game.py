"""What two samplers draw that follow each other's conditionals: the bilinear game, in closed form.

    PYTHONPATH=. python benchmarks/samplers/bilinear_game.py --figures docs/figures

Two players of one number each, with

    U_g(g; d) = g^2 / 2 + b g d,    U_d(d; g) = d^2 / 2 - b g d,    b = 0.9.

The conditionals exp(-U_g) and exp(-U_d) are N(-b d, 1) and N(b g, 1). A joint density with both would make
U_d - U_g a function of g plus one of d, and it holds 2 b g d: there is none. So what is drawn is the stationary
distribution of the chain that the samplers make: N(0, S) with S = M S M' + Q, of the linear step M and the
covariance Q of its noise. Prints S for steps, frictions and orders, and draws it.
"""

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np
from scipy.linalg import solve_discrete_lyapunov

from bayesian_gan.gan.order import halves
from bayesian_gan.options.objective import Order

mpl.use("Agg")
import matplotlib.pyplot as plt

B = 0.9
STEP = 0.01
ORDERS: tuple[Order, ...] = ("simultaneous", "generators_first", "discriminators_first")
FRICTIONS = (0.1, 0.3, 1.0)
ARROW = {"arrowstyle": "-", "color": "0.6"}
# Rows of the state (g, v_g, d, v_d).
PLAYERS = {"generator": slice(0, 2), "discriminator": slice(2, 4)}


def half_step(players: tuple[str, ...], eta: float, friction: float) -> tuple[np.ndarray, ...]:
    """SGHMC's step of some players by gradients at one state: M and Q, [4, 4] each.

    v <- (1 - friction) v - eta dU/dtheta + sqrt(2 friction eta) xi, theta <- theta + v; friction 1 is SGLD.
    """
    velocities = {
        "generator": np.array([-eta, 1.0 - friction, -eta * B, 0.0]),
        "discriminator": np.array([eta * B, 0.0, -eta, 1.0 - friction]),
    }
    M, Q = np.eye(4), np.zeros((4, 4))
    for player in players:
        rows, velocity = PLAYERS[player], velocities[player]
        M[rows] = np.eye(4)[rows.start] + velocity, velocity
        Q[rows, rows] = 2.0 * friction * eta  # The velocity's noise, and the position's: the same.
    return M, Q


def stationary(
    order: Order, eta: float, friction: float, repeats: int = 1
) -> tuple[np.ndarray | None, float]:
    """The covariance of (g, v_g, d, v_d) after an iteration, and the spectral radius of M.

    Args:
        order: of an iteration.
        eta: step, learning_rate / N.
        friction: of both samplers, in (0, 1].
        repeats: steps that a player makes before the other one moves.

    Returns:
        S, [4, 4], or None where the chain has no stationary distribution (a radius of 1 or more); the radius.
    """
    M, Q = np.eye(4), np.zeros((4, 4))
    for half in halves(order):
        A, C = half_step(half.players, eta, friction)
        for _ in range(repeats):
            M, Q = A @ M, A @ Q @ A.T + C
    radius = float(np.abs(np.linalg.eigvals(M)).max())
    return (solve_discrete_lyapunov(M, Q) if radius < 1.0 else None), radius


def exact_alternation() -> float:
    """Variance of both players where each draws from its conditional in turn: 1 / (1 - b^2)."""
    return 1.0 / (1.0 - B**2)


def small_steps(eta: float, friction: float) -> float:
    """Variance for small steps and frictions, of any order: 1 / (1 - b^2 eta / friction^2); inf if unstable.

    It is that of theta'' = -gamma theta' - dU/dtheta + noise, in time sqrt(eta) a step, gamma = friction /
    sqrt(eta).
    """
    share = B**2 * eta / friction**2
    return 1.0 / (1.0 - share) if share < 1.0 else np.inf


def variance(order: Order, eta: float, friction: float, repeats: int = 1) -> float:
    """Variance of g, which is that of d; infinite where the chain diverges."""
    S, _ = stationary(order, eta, friction, repeats)
    return np.inf if S is None else float(S[0, 0])


def table() -> str:
    """Variances and covariances, a row for each step, friction and order."""
    lines = [
        "exact joint density: none; each conditional has variance 1",
        f"exact alternation of the conditionals: variance {exact_alternation():.2f}",
        "",
        f"{'step':>6} {'friction':>8} {'order':22} {'variance':>8} {'cov(g, d)':>9} {'radius':>8}",
    ]
    for eta in (0.001, STEP, 0.02):
        for friction in FRICTIONS:
            for order in ORDERS:
                S, radius = stationary(order, eta, friction)
                numbers = "diverges" if S is None else f"{S[0, 0]:8.3f} {S[0, 2]:9.3f}"
                lines.append(f"{eta:6g} {friction:8g} {order:22} {numbers:18} {radius:8.5f}")
    lines += ["", "SGLD at step 0.01, so many steps of one player before the other moves:"]
    for repeats in (1, 10, 100, 1000):
        lines.append(f"{repeats:6d} {variance('generators_first', STEP, 1.0, repeats):8.3f}")
    return "\n".join(lines)


def draw(path: Path) -> None:
    """Variance against friction at one step, and against the steps of a player before the other moves."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 4.0), sharey=True)
    figure.suptitle("The bilinear game: what is drawn depends on friction and order")
    frictions = np.geomspace(0.08, 1.0, 400)
    for order, style in zip(ORDERS, ("-", "--", ":"), strict=True):
        left.plot(frictions, [variance(order, STEP, f) for f in frictions], style)
    left.annotate(
        "simultaneous", (0.135, 1.83), (0.19, 2.6), fontsize=9, color="C0", arrowprops=ARROW
    )
    left.annotate(
        "generators first and\ndiscriminators first",
        (0.0945, 6.0),
        (0.13, 7.0),
        fontsize=9,
        color="C2",
        arrowprops=ARROW,
    )
    left.set(xscale="log", yscale="log", xlabel="friction", ylabel="variance of each player")
    left.set(
        ylim=(0.9, 12.0), title=f"Each player makes one step of {STEP:g}", yticks=(1, 2, 5, 10)
    )
    left.set_xticks((0.1, 0.2, 0.5, 1.0), ("0.1", "0.2", "0.5", "1 (SGLD)"))
    left.yaxis.set_major_formatter("{x:g}")
    left.minorticks_off()
    repeats = np.unique(np.geomspace(1, 1000, 300).astype(int))
    for friction, place in zip(FRICTIONS, ((1.1, 1.75), (6, 1.25), (330, 1.7)), strict=True):
        each = [variance("generators_first", STEP, friction, int(n)) for n in repeats]
        (line,) = right.plot(repeats, each)
        lost = repeats[np.isinf(each)]
        text = f"friction {friction:g}"
        if len(lost):
            text += f": diverges\nwith {lost.min()} to {lost.max()} steps"
        right.annotate(text, place, fontsize=9, color=line.get_color())
    right.set(xscale="log", xlabel="steps of a player before the other moves")
    right.set(title=f"Generators first, steps of {STEP:g}")
    right.set_xticks((1, 10, 100, 1000), ("1", "10", "100", "1000"))
    right.minorticks_off()
    for ax in (left, right):
        ax.axhline(exact_alternation(), color="0.6", linewidth=0.8)
        ax.axhline(1.0, color="0.6", linewidth=0.8)
    right.annotate(
        f"exact draws in turn: {exact_alternation():.2f}", (1.1, 5.5), fontsize=9, color="0.4"
    )
    left.annotate("each conditional: 1", (0.082, 1.04), fontsize=9, color="0.4")
    plt.tight_layout()
    plt.savefig(path, dpi=130)
    plt.close()


def main() -> None:
    """Prints the table and writes the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figures", type=Path, default=Path("docs/figures"))
    folder = parser.parse_args().figures
    folder.mkdir(parents=True, exist_ok=True)
    print(table())
    draw(folder / "bilinear_game.png")


if __name__ == "__main__":
    main()
