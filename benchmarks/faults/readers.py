"""Processes that read a posterior while another writes into it."""

import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np

from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.posterior import Posterior


def read_again_and_again(path: Path, reads: int, results: Any) -> None:
    """A reader in a process of its own: whole draws, and predictions that are probabilities."""
    images, broken = np.zeros((2, 8, 8, 1), np.uint8), []
    posterior = Posterior(path)
    for k in range(reads):
        broken += [problem for problem in posterior.check().values() if problem]
        if k % 50 == 0:
            total = posterior.predict(images).sum(axis=-1)
            broken += [] if np.allclose(total, 1.0) else ["a prediction does not add up"]
    results.put(broken)


def readers(place: Path, reads: int) -> int:
    """Two processes read a posterior while a third collects into it, keeping four draws."""
    model = BayesianGAN(
        dcgan_generator((8, 8, 1), 5, width=4, num_layers=2),
        dcgan_discriminator((8, 8, 1), 10, width=4, num_layers=2),
        num_data=100,
        num_gen=2,
    )
    writer = Posterior.create(place / "posterior", model, max_samples=4)
    writer.collect(model)
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [
        context.Process(target=read_again_and_again, args=(writer.path, reads // 2, results))
        for _ in range(2)
    ]
    for process in processes:
        process.start()
    draws = 0
    while any(process.is_alive() for process in processes) and results.qsize() < 2:
        draws += 1
        model.iteration.assign(draws)
        writer.collect(model)
    broken = [problem for _ in processes for problem in results.get()]
    for process in processes:
        process.join()
    print(f"{reads} reads while {draws} draws were written: {len(broken)} broken {broken[:3]}")
    return len(broken)
