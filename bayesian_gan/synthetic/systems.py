"""The systems that the synthetic experiment compares, as compiled models."""

import keras
import numpy as np

from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives import Paper, Wasserstein
from bayesian_gan.gan.priors import named_prior
from bayesian_gan.gan.scan import RandomScan
from bayesian_gan.gan.terms import FeatureMatching, GradientPenalty
from bayesian_gan.networks.mlp import mlp_discriminator, mlp_generator
from bayesian_gan.samplers import SGHMC, WarmStart
from bayesian_gan.synthetic.options import SynthConfig

BETA_1 = 0.5
MAX_STEPS_PER_EXECUTION = 20


def build_system(name: str, config: SynthConfig, num_data: int) -> BayesianGAN:
    """A compiled model of two-layer networks.

    The maximum-likelihood GAN has one generator and one discriminator, no prior, and Adam all the way, with
    the learning rate of the Bayesian GAN's warm-up; all else is equal. "wasserstein" is that with a critic,
    whose gradient's norm is penalised; `config.wasserstein` puts one into the Bayesian GAN.

    Args:
        name: a key of `SYSTEMS`.
        config: resolved flags.
        num_data: N.
    """
    bayesian = name == "bayesgan"
    critic = name == "wasserstein" or (bayesian and config.wasserstein)
    matching = [FeatureMatching(config.feature_matching)] if config.feature_matching > 0 else []
    model = BayesianGAN(
        mlp_generator(config.x_dim, config.z_dim, config.hidden),
        mlp_discriminator(config.x_dim, 1, config.hidden),
        num_data=num_data,
        num_gen=config.num_gen if bayesian else 1,
        num_mcmc=config.num_mcmc if bayesian else 1,
        scan=RandomScan(config.generators_per_step) if bayesian else None,
        prior=named_prior(config.prior, config.prior_std, config.prior_df) if bayesian else None,
        objective=Wasserstein() if critic else Paper(),
        terms=[GradientPenalty(config.gradient_penalty)] if critic else matching,
        seed=config.random_seed,
    )
    optimizers = [_optimizer(config, num_data, bayesian) for _ in range(2)]
    steps = max(k for k in range(1, MAX_STEPS_PER_EXECUTION + 1) if config.n_save % k == 0)
    model.compile(*optimizers, steps_per_execution=steps)
    return model


def _optimizer(config: SynthConfig, num_data: int, bayesian: bool) -> keras.optimizers.Optimizer:
    adam = keras.optimizers.Adam(config.lr, beta_1=BETA_1)
    if not bayesian:
        return adam
    sampler = SGHMC(
        config.sampler_lr,
        num_data,
        friction=config.friction,
        temperature=config.temperature,
        seed=config.random_seed,
    )
    return WarmStart(adam, sampler, config.warm_up)


def iterations(name: str, config: SynthConfig) -> int:
    """Iterations that a system makes: "ml_equal_cost" as many times more as the Bayesian GAN's step costs.

    The cost counted is generated batches: M * k a step against 1.
    """
    if name != "ml_equal_cost":
        return config.train_iter
    return config.train_iter * config.num_mcmc * (config.generators_per_step or config.num_gen)


def draw_each(model: BayesianGAN, num: int, seed: int) -> list[np.ndarray]:
    """Samples of every current generator, about `num` in all and equally many of each, at least 10.

    Args:
        model: of G generators.
        num: points in all.
        seed: at least 0; each generator has its own z.
    """
    count = len(model.generators)
    seeds = np.random.SeedSequence((seed, 11)).generate_state(count) >> 1
    each = max(10, num // count)
    return [model.generate(each, i, int(seeds[i])) for i in range(count)]
