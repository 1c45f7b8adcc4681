"""Which values of a run's options do not go together, where no single option's declaration can say it."""

from collections.abc import Collection

from bayesian_gan.errors import InputError
from bayesian_gan.options.groups import AllOptions
from bayesian_gan.options.option import options_of


def check_length(config: AllOptions, given: Collection[str]) -> None:
    """Raises InputError where the length of a run is asked for in two ways.

    Args:
        config: of the flags.
        given: names of those that stand on the command line.
    """
    if config.dry_run and config.resume is not None:
        raise InputError(
            "--dry_run is of a new run, and --resume of one that is there: leave one out"
        )
    for name in ("dry_run", "minutes"):
        if getattr(config, name) and config.strategy == "multiworker":
            raise InputError(
                f"--{name} does not go with --strategy multiworker, whose processes would each time "
                "steps for itself: leave one out"
            )
    if config.start_from is not None and config.resume not in (None, "auto"):
        raise InputError(
            "--start_from is of a new run, and --resume of one that is there: leave one out"
        )
    if config.minutes is None:
        return
    for name in ("train_iter", "warm_up"):
        if name in given:
            raise InputError(
                f"--minutes chooses --{name}: leave out --{name} {getattr(config, name)}, or --minutes"
            )
    if config.resume not in (None, "auto"):
        raise InputError(
            "--minutes is of a new run, and --resume of one whose length is chosen: leave it out, or give "
            "--train_iter to go on for longer"
        )


def check_kind(config: AllOptions, given: Collection[str], vectors: bool) -> None:
    """Raises InputError where an option is given that is for data of the other kind.

    Args:
        config: of the flags.
        given: names of those that stand on the command line.
        vectors: whether the data are vectors, rather than pictures.
    """
    kinds = ("pictures", "vectors") if vectors else ("vectors", "pictures")
    for name, declared in options_of(type(config)).items():
        if name in given and declared.option.kind == kinds[0]:
            width = "; --hidden is the width of their networks" * (name in ("gf_dim", "df_dim"))
            raise InputError(
                f"--{name} is for {kinds[0]}, and {config.dataset} holds {kinds[1]}: leave it out{width}"
            )


def check_wasserstein(config: AllOptions) -> None:
    """Raises InputError where options contradict a Wasserstein critic."""
    if not config.wasserstein:
        return
    if config.weight_clip is not None and config.gradient_penalty is not None:
        raise InputError(
            "--weight_clip and --gradient_penalty both bound the critic's slope: leave one of them out"
        )
    if config.feature_matching > 0:
        raise InputError(
            "--wasserstein does not go with --feature_matching: the generators follow the critic alone; "
            f"leave out --feature_matching {config.feature_matching:g}"
        )


def check_maximum_likelihood(config: AllOptions) -> None:
    """Raises InputError where other options contradict a single DCGAN, or an ensemble of such."""
    if config.ml_ensemble is not None:
        needed = {"num_gen": 1, "num_disc": 1, "num_mcmc": config.ml_ensemble, "ml": False}
        for name, value in needed.items():
            if getattr(config, name) != value:
                raise InputError(
                    f"--ml_ensemble {config.ml_ensemble} is {config.ml_ensemble} DCGANs of one generator and "
                    f"one discriminator each: leave out --{name} {getattr(config, name)}"
                )
    if config.ml and (config.num_gen, config.num_disc, config.num_mcmc) != (1, 1, 1):
        raise InputError(
            "--ml is a single DCGAN: it needs --num_gen 1 --num_disc 1 --num_mcmc 1, not "
            f"{config.num_gen}, {config.num_disc} and {config.num_mcmc}"
        )


def check_swag(config: AllOptions) -> None:
    """Raises InputError where too few draws are collected for the columns of a covariance."""
    if config.swag is None:
        return
    if config.max_samples is not None:
        raise InputError(
            f"--max_samples {config.max_samples} does not go with --swag, which takes all draws of the "
            "path: leave it out"
        )
    draws = max(0, config.train_iter - config.warm_up) // config.collect_every
    if draws < config.swag:
        raise InputError(
            f"--swag {config.swag} needs as many draws of the path, and --train_iter {config.train_iter}, "
            f"--warm_up {config.warm_up} and --collect_every {config.collect_every} make {draws}: give a "
            "smaller --collect_every"
        )


def check_strategy(config: AllOptions) -> None:
    """Raises InputError where a step cannot be divided between devices."""
    if config.strategy == "none":
        return
    for name, value, why in (
        ("jit", config.jit, "XLA compiles a step of one device"),
        ("generators_per_step", config.generators_per_step, "the block is chosen in the step"),
    ):
        if value:
            raise InputError(f"--strategy does not go with --{name}: {why}; leave one out")
    if config.strategy == "multiworker" and config.on_nan != "stop":
        raise InputError(
            "--strategy multiworker does not go with --on_nan restart_member: leave one of the two out"
        )


def check_shards(config: AllOptions) -> None:
    """Raises InputError where a minibatch cannot be divided."""
    if config.shards == 1 and config.strategy == "none":
        return
    if config.objective == "authors":
        raise InputError(
            "--shards and --strategy need --objective paper: the authors' logsumexp of minibatch means is "
            "no mean over shards; choose one device, or the paper's objective"
        )
    most = config.N if isinstance(config.N, int) else config.batch_size
    labelled = config.labelled_batch_size or min(config.batch_size, most)
    for name, size, least in (
        ("batch_size", config.batch_size, 2),
        ("labelled_batch_size", labelled if config.semi else config.shards, 1),
    ):
        if size % config.shards or size < least * config.shards:
            raise InputError(
                f"--{name} {size} does not make {config.shards} equal shards of {least} or more: give a "
                f"multiple of {config.shards}"
            )


def check_batches(config: AllOptions) -> None:
    """Raises InputError where a pass of labelled images is no multiple of a minibatch."""
    labelled, batch = config.labelled_batch_size, config.batch_size
    if config.semi and labelled is not None and labelled > batch and labelled % batch:
        raise InputError(
            f"--labelled_batch_size {labelled} must be at most --batch_size, which is {batch}, or a "
            "multiple of it: give another of the two"
        )


def check_folds(config: AllOptions) -> None:
    """Raises InputError where folds of labels would be empty, or hold what chains have learnt already."""
    if config.label_folds > 1 and config.start_from is not None:
        raise InputError(
            f"--label_folds {config.label_folds} does not go with --start_from: the earlier run may have "
            "learnt the labels that would be withheld; leave one out"
        )
    if isinstance(config.N, int) and config.semi and config.label_folds > config.N:
        raise InputError(
            f"--label_folds {config.label_folds}: there are --N {config.N} labels; give at most that, or 1"
        )


def check_scan(config: AllOptions) -> None:
    """Raises InputError where the parts of one step do not fit the numbers of samples."""
    moved = config.generators_per_step or config.num_gen
    if moved > config.num_gen or config.num_gen % moved:
        raise InputError(
            f"--generators_per_step must divide --num_gen, which is {config.num_gen}, into equal "
            f"blocks; {moved} does not"
        )
    if (config.pairs_per_step or 1) > moved:
        raise InputError(
            f"--pairs_per_step must be at most {moved}, the generators that move in a step, not "
            f"{config.pairs_per_step}"
        )
