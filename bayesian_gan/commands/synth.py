"""`synth`: the synthetic experiment, from its flags; `run_bgan_synth.py` is an entry point of the same."""

from absl import flags

from bayesian_gan.commands.entry import run_program
from bayesian_gan.runs.folder import check_writable
from bayesian_gan.synthetic.options import SynthConfig

OPTIONS = SynthConfig
STOPPED = "stopped"


def start() -> None:
    """Parses the command line, runs the experiment, and exits.

    A user's mistake is one line on the standard error and exit status 2. The others: 0 the run is finished, 3 a
    number was not finite, 4 something could not be written, 130 Ctrl-C.
    """
    run_program(OPTIONS, begin, STOPPED)


def begin() -> None:
    """Checks the flags and the folder, then runs.

    Raises:
        InputError: a user's mistake.
        RunStopped: see `bayesian_gan.synthetic.experiment.run`.
    """
    config = SynthConfig.from_flags(flags.FLAGS)
    check_writable(config.out_dir)
    # Imported here: TensorFlow takes seconds to load, and a wrong flag need not wait for it.
    from bayesian_gan.synthetic.experiment import run

    run(config)
