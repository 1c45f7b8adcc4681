"""`train`: a run, from its flags; `run_bgan.py` and `run_bgan_semi.py` are entry points of the same."""

import os
import time

from absl import flags

from bayesian_gan.commands.entry import run_program
from bayesian_gan.data.run_data import holds_vectors, load_run_data
from bayesian_gan.data.splits import label_split
from bayesian_gan.options.config import Config
from bayesian_gan.options.contradictions import check_kind
from bayesian_gan.options.own_data import meant
from bayesian_gan.options.own_preset import PRESETS_OF_KINDS, calibrated, may_choose, sized
from bayesian_gan.reliability.environment import check_versions
from bayesian_gan.runs.cluster import read_cluster
from bayesian_gan.runs.devices import use_device
from bayesian_gan.runs.finished import FinishedRun
from bayesian_gan.runs.folder import check_writable
from bayesian_gan.runs.kept_labels import with_kept_labels
from bayesian_gan.runs.resume import AUTO, resolve
from bayesian_gan.runs.threads import thread_environment
from bayesian_gan.runs.whole import check_links

OPTIONS = Config
STOPPED = "stopped before the training began"


def start(semi: bool = True) -> None:
    """Parses the command line, runs the experiment, and exits.

    A user's mistake is one line on the standard error and exit status 2. The others: 0 the run is finished, 3 a
    number was not finite, 4 something could not be written, 5 another process of TF_CONFIG was lost, 128 + n
    signal n ended it (129 SIGHUP, 130 Ctrl-C, 143 SIGTERM).

    Args:
        semi: whether `--semi` is on by default.
    """
    run_program(OPTIONS, begin, STOPPED, semi=semi)


def begin() -> None:
    """Checks all that can be checked, then runs.

    Raises:
        InputError: a user's mistake.
        RunStopped: see `bayesian_gan.runs.run.run`.
    """
    started = time.monotonic()
    check_versions()
    choose_preset(flags.FLAGS)
    config = Config.from_flags(flags.FLAGS)
    given = {name for name in config.to_json() if flags.FLAGS[name].present}
    if "data" in given:  # By now --dataset says what it said.
        given = given - {"data"} | {"dataset"}
    cluster = read_cluster(os.environ) if config.strategy == "multiworker" else None
    if cluster is not None and not cluster.is_chief and config.resume == AUTO:
        folder = None  # The chief finds the run and tells.
    else:
        config, folder = resolve(config, given)
        if folder is not None:
            check_links(folder)
    if config.start_from is not None and folder is None:
        FinishedRun(config.start_from).check_saved()
    data = load_run_data(config if folder is None else with_kept_labels(config, folder))
    if folder is None:
        config = sized(config, data.images.shape[1:], given)
    split = label_split(data, config.N, config.label_seed) if config.semi else None
    if folder is None and split is not None:
        config = calibrated(config, len(split.labels), given)
    check_kind(config, given, data.features is not None)
    if folder is None and not config.dry_run and (cluster is None or cluster.is_chief):
        check_writable(config.out_dir)
    # Those that this process may use: a batch system gives a job some of a machine's.
    threads = thread_environment(config.side_by_side, len(os.sched_getaffinity(0)))
    for name, value in threads.items():
        os.environ.setdefault(name, value)
    use_device(config.device, several=config.strategy != "none")
    # Imported here: TensorFlow takes seconds to load, and a wrong flag or file need not wait for it.
    from bayesian_gan.runs.plan import dry_run
    from bayesian_gan.runs.run import run
    from bayesian_gan.runs.strategy import make_strategy
    from bayesian_gan.runs.worker import work

    strategy = make_strategy(config.strategy)
    if config.dry_run:
        dry_run(config, data, split, strategy, given, started)
    elif cluster is None or cluster.is_chief:
        run(config, data, split, folder, strategy, given=given, started=started)
    else:
        assert strategy is not None
        work(config, data, split, strategy)


def choose_preset(values: flags.FlagValues) -> None:
    """Gives a new run on an .npz of vectors the preset of tables, where no other is asked for.

    Which a file holds is known only by its head; `own_preset.choose_preset` goes by names.

    Args:
        values: absl's `flags.FLAGS`, parsed.
    """
    dataset = meant(values["data"].value, values["dataset"].value)
    if may_choose(values) and holds_vectors(dataset):
        values["preset"].value = PRESETS_OF_KINDS["table"]
