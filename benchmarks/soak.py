"""Faults by the hundred: kills a small run again and again; it must end as one left alone.

    python benchmarks/soak.py kill --trials 10 [--kind all|KIND]
    python benchmarks/soak.py signals --trials 20 [--kind all|KIND]
    python benchmarks/soak.py steady
    python benchmarks/soak.py runs --trials 1000
    python benchmarks/soak.py readers --trials 1000
    python benchmarks/soak.py full
    python benchmarks/soak.py check_cost
    python benchmarks/soak.py fuzz --trials 2000 [--seed S] [--only READER]
    python benchmarks/soak.py writes [--only COMMAND]
    python benchmarks/soak.py serving --trials 1000 [--clients 50] [--connections 10000]

Each prints a line for a trial and a total. `kill` kills a run five times before its end, so that
what one kill spoils is seen there: a state that is wrong once stays so. `runs` starts and ends that
many runs in one process. The runs are on scikit-learn's digits with networks of width 4, under a
temporary folder. docs/research/reliability.md has the figures.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

# Read when TensorFlow is imported, which is done here once for all runs.
os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_NUM_INTRAOP_THREADS": "1"}

from benchmarks.faults.fuzz import fuzz
from benchmarks.faults.many_runs import many_runs
from benchmarks.faults.readers import readers
from benchmarks.faults.resources import check_cost, full, steady
from benchmarks.faults.serving import serving
from benchmarks.faults.small_runs import ITERATIONS, KINDS, Setup
from benchmarks.faults.stops import kill, signals
from benchmarks.faults.writes import writes


def main() -> None:
    """Runs one kind of fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    faults = ["kill", "signals", "steady", "runs", "readers", "full", "check_cost"]
    faults += ["fuzz", "serving", "writes"]
    parser.add_argument("fault", choices=faults)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--iterations", type=int, help="of each run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", choices=["all", *KINDS], default="memory")
    parser.add_argument("--only", default="", help="of fuzz and writes: a part of the names")
    parser.add_argument("--clients", type=int, default=50, help="of serving: that ask at once")
    parser.add_argument("--connections", type=int, default=10_000, help="of serving: idle ones")
    parser.add_argument("--run", type=Path, help="of fuzz: a run that it made before")
    parser.add_argument(
        "--place", type=Path, help="folder for the runs; a temporary one by default"
    )
    arguments = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="soak_", dir=arguments.place))
    print(f"in {place}", flush=True)
    usual = {"steady": 10_000, "signals": 600}.get(arguments.fault, ITERATIONS)
    kinds = list(KINDS) if arguments.kind == "all" else [arguments.kind]
    setups = [Setup(kind, place / kind, arguments.iterations or usual) for kind in kinds]
    setup, many = setups[0], (arguments.trials, arguments.seed)
    bad = {
        "kill": lambda: sum(kill(each, *many) for each in setups),
        "signals": lambda: sum(signals(each, *many) for each in setups),
        "steady": lambda: steady(setup),
        "runs": lambda: many_runs(place, arguments.trials),
        "readers": lambda: readers(place, arguments.trials),
        "full": lambda: full(setup),
        "check_cost": check_cost,
        "fuzz": lambda: fuzz(
            place, arguments.trials, arguments.seed, arguments.only, arguments.run
        ),
        "writes": lambda: writes(place, arguments.only),
        "serving": lambda: serving(
            place, arguments.trials, arguments.clients, arguments.connections, arguments.seed
        ),
    }[arguments.fault]()
    if not bad:
        shutil.rmtree(place)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
