"""All groups of a run's options as one class."""

from dataclasses import dataclass

from bayesian_gan.options.cost import CostOptions
from bayesian_gan.options.data import DataOptions
from bayesian_gan.options.networks import NetworkOptions
from bayesian_gan.options.objective import ObjectiveOptions
from bayesian_gan.options.output import OutputOptions
from bayesian_gan.options.reading import ReadingOptions
from bayesian_gan.options.reliability import ReliabilityOptions
from bayesian_gan.options.sampler import SamplerOptions
from bayesian_gan.options.start import StartOptions
from bayesian_gan.options.terms import TermOptions


@dataclass(frozen=True)
class AllOptions(
    StartOptions,
    ReadingOptions,
    DataOptions,
    NetworkOptions,
    ObjectiveOptions,
    TermOptions,
    SamplerOptions,
    CostOptions,
    OutputOptions,
    ReliabilityOptions,
):
    """Every option of a run, as its group declares it."""
