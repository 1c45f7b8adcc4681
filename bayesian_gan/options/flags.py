"""Command-line flags of the entry points.

Every flag of the authors' program keeps its name, default and meaning. Nothing here imports TensorFlow, so a
wrong flag is refused at once.
"""

from absl import flags

from bayesian_gan.options.config import AUTHORS_WARM_UP, MAY_DIFFER, WEIGHT_CLIP
from bayesian_gan.options.presets import PRESETS
from bayesian_gan.options.reading import CELEB_TRAIN, DOWNLOAD_SECONDS


def define(values: flags.FlagValues, semi: bool) -> None:
    """Defines all flags on `values`.

    Args:
        values: absl's `flags.FLAGS` in an entry point.
        semi: default of `--semi`: True for run_bgan_semi.py, False for run_bgan.py.
    """
    _define_data_flags(values)
    _define_network_flags(values)
    _define_sample_flags(values)
    _define_term_flags(values)
    _define_cost_flags(values)
    _define_training_flags(values)
    _define_sampler_flags(values)
    _define_output_flags(values)
    _define_reliability_flags(values)
    flags.DEFINE_enum(
        "preset",
        None,
        list(PRESETS),
        "Defaults of other flags: "
        + "; ".join(f"{name}, {preset.description}" for name, preset in PRESETS.items())
        + ". Every flag that is given overrides. The run prints them in full.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "semi",
        semi,
        "Learn from N labelled images as well (the classifier); without it, unsupervised.",
        flag_values=values,
    )


def _define_data_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_string(
        "data_path",
        None,
        "Folder of the data sets, in the authors' layout (DATA_PATH/mnist/*.gz) or a TensorFlow Datasets "
        "data_dir. Not needed for --dataset digits, folder:PATH and npz:PATH.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "dataset",
        "mnist",
        "Data set: mnist, fashion_mnist, kmnist, emnist, cifar, cifar100, svhn, celeb, imagenet_K, digits, or "
        "data of your own as folder:PATH, npz:PATH or tfds:NAME. `python -m bayesian_gan.data list` shows all.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "image_size",
        None,
        "Side of the images in pixels, in [8, 1024]. By default the data set's own: 32 for celeb (50 in the "
        "paper; 32, 50 and 64 are cropped), 64 for imagenet_K. Other data need --resize to have another.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "resize",
        False,
        "Resize images of another size or channel count than the network's; without it they are refused.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "celeb_train",
        CELEB_TRAIN,
        "Training images of celeb, >= 1: 75000 in the authors' program, 100000 in the paper.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "cache_dir",
        None,
        "Folder of decoded images, shared by runs. By default ~/.cache/bayesian_gan.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "download",
        True,
        "Have TensorFlow Datasets download into DATA_PATH what is not there.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "download_seconds",
        DOWNLOAD_SECONDS,
        "Time limit of a download in seconds, > 0.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "N",
        128,
        "Number of labelled examples, class-balanced, from the number of classes to the size of the training "
        "set. The whole training set serves as unlabelled.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "validation",
        0,
        "For tuning: the last so many training images, >= 0, leave the training set and stand for the test "
        "set, which is then not looked at.",
        lower_bound=0,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "label_seed",
        0,
        "Seed, >= 0, that chooses the labelled examples, apart from --random_seed.",
        lower_bound=0,
        flag_values=values,
    )


def _define_network_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_integer(
        "z_dim",
        100,
        "Dimension, >= 1, of the noise z ~ U(-1, 1).",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "gf_dim",
        64,
        "Generator width: channels, >= 1, next to the image. (The authors' program ignores it and takes "
        "df_dim: give both the same value to have its generator.)",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "df_dim",
        96,
        "Discriminator width: channels, >= 1, of the first layer; also the supervised CNN's.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "num_layers",
        4,
        "Convolutions, >= 1, of each network; the paper's networks have 5.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "generator_layers",
        None,
        "Convolutions, >= 1, of the generators, where they shall have another number than --num_layers.",
        lower_bound=1,
        flag_values=values,
    )


def _define_term_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_enum(
        "matching",
        "huber",
        ["huber", "mean"],
        "What --feature_matching weighs. huber: Huber distance of features, image by image, as in the "
        "authors' program. mean: squared distance of the minibatch means of features.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "entropy",
        0.0,
        "Weight, >= 0, of the mean entropy of unlabelled images' class probabilities in the discriminators' "
        "energies. Not in the paper's posterior.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "consistency",
        0.0,
        "Weight, >= 0, of the squared distance of unlabelled images' class probabilities from those of a "
        "noise-free discriminator of averaged weights. Not in the paper's posterior.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "consistency_ramp",
        1500,
        "Iterations, >= 0, over which that weight rises linearly from 0.",
        lower_bound=0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "class_frequencies",
        0.0,
        "Weight, >= 0, of KL(q || pi) in the discriminators' energies: q, the class frequencies that one "
        "predicts for unlabelled images; pi, those of the labels, so equal ones for labels that --N drew. Does "
        "harm where classes are not that frequent. Not in the paper's posterior.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "average_decay",
        0.999,
        "Decay, in [0, 1), of the averaged weights, a step.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "input_noise",
        0.0,
        "Standard deviation, >= 0, of noise on the discriminators' images in training, which lie in [-1, 1].",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "hidden_noise",
        0.0,
        "Standard deviation, >= 0, of noise on what the discriminators' convolutions give, in training.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "final_noise",
        1.0,
        "Share, in [0, 1], of --input_noise and --hidden_noise that is left at the end of the warm-up and "
        "while sampling; they fall to it in a straight line from --cosine_from of the warm-up on.",
        lower_bound=0.0,
        upper_bound=1.0,
        flag_values=values,
    )
    flags.DEFINE_enum(
        "init",
        "normal",
        ["normal", "he"],
        "Initial weights. normal: N(0, 0.02^2), as in the authors' program. he: He et al.'s, zero biases.",
        flag_values=values,
    )
    flags.DEFINE_enum(
        "pooling",
        "stride",
        ["stride", "average"],
        "How the discriminators and the supervised CNN halve their input. stride: convolutions of stride 2, as "
        "in the authors' program. average: of stride 1, and the mean of each 2 x 2: better from few labels, "
        "about four times the products.",
        flag_values=values,
    )


def _define_sample_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_integer(
        "num_gen", 1, "J_g, generators of a chain, >= 1.", lower_bound=1, flag_values=values
    )
    flags.DEFINE_alias("numz", "num_gen", flag_values=values)
    flags.DEFINE_integer(
        "num_disc", 1, "J_d, discriminators of a chain, >= 1.", lower_bound=1, flag_values=values
    )
    flags.DEFINE_integer("num_mcmc", 1, "M, SGHMC chains, >= 1.", lower_bound=1, flag_values=values)
    flags.DEFINE_integer(
        "chain_offset",
        None,
        "Number, >= 0, of the first chain: --num_mcmc 1 --chain_offset 3 is, to the last bit, the fourth chain "
        "of --num_mcmc 4 --chain_offset 0, on a machine of its own; `bayesian-gan merge` puts "
        "chains together (not with --objective authors). By default 0, of a run that is the whole.",
        lower_bound=0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "prior_std",
        1.0,
        "Standard deviation s, > 0, of the weight prior N(0, s^2 I). The paper has sqrt(10) = 3.16.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_bool(
        "ml",
        False,
        "Maximum likelihood, a DCGAN: no prior and no noise. Needs num_gen = num_disc = num_mcmc = 1.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "ml_ensemble",
        None,
        "K >= 1 DCGANs (see --ml), differently seeded, trained side by side and averaged: the paper's DCGAN-10 "
        "has 10. Member k is the same whatever K is. Excludes --num_mcmc, needs num_gen = num_disc = 1.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_bool(
        "wasserstein",
        False,
        "Wasserstein objective: a critic in place of the discriminator's D, its slope bounded by --weight_clip "
        "or --gradient_penalty; K class logits beside it with --semi. It is an --objective of its own.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "weight_clip",
        None,
        "c > 0: after every step the critic's weights are clipped to [-c, c]. With --wasserstein alone "
        f"{WEIGHT_CLIP} (Arjovsky et al. 2017).",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "gradient_penalty",
        None,
        "lambda > 0, weight of the penalty on the norm of the critic's gradient, in place of clipping, with "
        "layer normalisation in the critic: 10 in Gulrajani et al. 2017. Needs --wasserstein.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_enum(
        "objective",
        "paper",
        ["paper", "authors"],
        "paper: energies of the paper's posteriors, chains independent, SGHMC after the warm-up. authors: the "
        "released program's losses, all pairs, SGD with momentum 0.5 after the warm-up (it does not sample).",
        flag_values=values,
    )
    flags.DEFINE_float(
        "feature_matching",
        1.0,
        "Weight, >= 0, of the Huber distance of real and fake features in the generators' energies: 1 in the "
        "authors' program, 0 in the paper's text. With --wasserstein 0, and nothing else.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_enum(
        "pairing_reduction",
        "mean",
        ["mean", "sum"],
        "Over the networks of the other player: mean, or Algorithm 1's sum (not with --objective authors).",
        flag_values=values,
    )
    flags.DEFINE_float(
        "labelled_weight",
        1.0,
        "Weight w_s, >= 0, of the labelled term: 1 in the authors' program; the posterior as the paper writes "
        "it has N / (size of the training set) (not with --objective authors).",
        lower_bound=0.0,
        flag_values=values,
    )


def _define_cost_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_integer(
        "generators_per_step",
        None,
        "k, a divisor of num_gen: each iteration moves one block of k generators of every chain, drawn afresh, "
        "and the discriminators meet these alone. A random scan at about k / num_gen of the cost; expected "
        "gradients stay those of the full energies. By default all (not with --objective authors).",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "pairs_per_step",
        None,
        "q >= 1: how many of the generators that move one discriminator meets in one iteration, drawn afresh; "
        "energies stay unbiased. By default all (not with --objective authors).",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_string(
        "device",
        "auto",
        "auto: the first GPU, or the processor if TensorFlow sees none. cpu: the processor. gpu, gpu:NUMBER: "
        "one that must be there.",
        flag_values=values,
    )
    flags.DEFINE_enum(
        "strategy",
        "none",
        ["none", "mirrored", "multiworker"],
        "Devices that share each minibatch. mirrored: all GPUs of this machine. multiworker: the processes "
        "that TF_CONFIG names, started with the same flags; the first alone writes. Each takes a part of the "
        "--shards. See docs/scaling.md.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "shards",
        1,
        "S >= 1, a divisor of the batch sizes: a minibatch is S shards with batch statistics of their own, "
        "whose gradients are averaged. It decides the result; how many devices share them does not. With "
        "--strategy a multiple of the devices (not with --objective authors).",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_bool(
        "mixed_precision",
        False,
        "bfloat16 for activations and products inside of the networks; weights, statistics, outputs, energies "
        "and the samplers stay float32. Faster on GPUs and on processors that have it (AVX-512 BF16, AMX), "
        "slower elsewhere.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "jit",
        False,
        "Compile the whole step with XLA: worth trying on a GPU; slower on a CPU.",
        flag_values=values,
    )


def _define_training_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_integer(
        "batch_size",
        64,
        "Images, >= 2, in a minibatch: unlabelled, labelled (at most N), and of each generator.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "labelled_batch_size",
        None,
        "Labelled images, >= 1, in a minibatch. By default batch_size, or N if that is less.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "train_iter", 50000, "Iterations, >= 1.", lower_bound=1, flag_values=values
    )
    flags.DEFINE_integer(
        "random_seed",
        2222,
        "Seed, >= 0, of initial weights, minibatches, z and the samplers' noise.",
        lower_bound=0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "lr",
        0.005,
        "Learning rate, > 0, for the mean energy per example.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "lr_decay",
        3.0,
        "Decay, >= 0: lr * exp(-lr_decay * min(1, iteration * batch_size / training images)).",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "cosine_from",
        None,
        "Part, in [0, 1), of the warm-up after which its learning rate falls to 0 as a cosine (instead of "
        "--lr_decay).",
        lower_bound=0.0,
        upper_bound=1.0,
        flag_values=values,
    )
    flags.DEFINE_enum(
        "optimizer",
        "sgd",
        ["sgd", "adam"],
        "What follows the Adam warm-up. sgd: SGHMC under --objective paper (stochastic gradient descent with "
        "momentum 1 - friction, and noise), SGD with momentum 0.5 under --objective authors, --ml or "
        "--ml_ensemble. adam: Adam goes on; nothing is sampled, the posterior is then a trajectory of Adam.",
        flag_values=values,
    )


def _define_sampler_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_float(
        "friction",
        0.1,
        "SGHMC's friction alpha, in [0, 1].",
        lower_bound=0.0,
        upper_bound=1.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "temperature",
        1.0,
        "SGHMC's temperature, >= 0: 1 samples the posterior, 0 adds no noise.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_enum(
        "noise",
        "normal",
        ["normal", "rademacher"],
        "SGHMC's noise: normal, or random signs (rademacher), which have the same first three moments and cost "
        "next to nothing.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "sampler_lr",
        None,
        "Constant learning rate, > 0, of SGHMC (eta = sampler_lr / training images). By default --lr with its "
        "decay.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "warm_up",
        AUTHORS_WARM_UP,
        "Iterations, >= 0, of Adam (beta1 0.5) before sampling starts from zero velocity.",
        lower_bound=0,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "collect_every",
        1000,
        "Iterations, >= 1, between posterior draws after the warm-up.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "max_samples",
        None,
        "Posterior draws, >= 1, kept on disk (the most recent); each holds the weights of all networks. "
        "By default all.",
        lower_bound=1,
        flag_values=values,
    )


def _define_output_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_string(
        "out_dir",
        None,
        "Folder for results: a run writes OUT_DIR/bgan_DATASET_UNIXTIME/. Not needed with --resume RUN_DIR.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "n_save",
        100,
        "Iterations, >= 1, between evaluations, rows of the tables, and saved samples and weights.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_bool(
        "save_samples",
        False,
        "Save 5x5 PNG grids of every generator and of real images at every save.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "save_weights",
        False,
        "Save weights_ITER.npz with all current weights at every save.",
        flag_values=values,
    )


def _define_reliability_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_string(
        "resume",
        None,
        "Go on with a run, bit for bit as if it had not ended: its folder (its flags need not be given again), "
        "or auto, the newest run in OUT_DIR with these flags, or a new one where there is none. Only these may "
        f"differ from the run's: {', '.join(name for name in MAY_DIFFER if name != 'resume')}.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "checkpoint_every",
        1000,
        "Iterations, >= 1, between checkpoints; the last two are kept, and that of the warm-up's end.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_float(
        "checkpoint_minutes",
        10.0,
        "Minutes, > 0, after which a checkpoint is written in any case.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_enum(
        "on_nan",
        "stop",
        ["stop", "restart_member"],
        "When an energy, a gradient or a weight is NaN or infinite. stop: end with status 3; the last "
        "checkpoint is finite. restart_member: go back to it, and start that network again from its last "
        "collected sample.",
        flag_values=values,
    )
