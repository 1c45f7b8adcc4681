"""The worker of `torch_step.py`: one iteration of a Bayesian GAN in PyTorch, timed when told.

The objective is that of `--objective paper` with the default terms: in chain m each of J_g
generators meets the discriminator, both move from the gradients at one state, by SGHMC with its
noise; with "terms", that of the preset `laptop`: entropy, consistency with a teacher of averaged
weights, mean features. It imports PyTorch and nothing of this project.

    port      as ports are written: pair by pair, a pass of the real and of the labelled images for
              every pair, the discriminators' step before the generators', Python loops over weights
    merged    as an expert would: one pass of the real, of the labelled and of all generated images,
              ghost batches by one kernel, one backward pass for both players, and the sampler by
              PyTorch's operations on lists of tensors (`torch._foreach_*`)
"""

import copy
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch._functorch import config as functorch
from torch.nn import functional
from torch_networks import Discriminator, Generator

LEARNING_RATE, FRICTION = 1e-3, 0.1

Pair = tuple[Tensor, Tensor]


def real_energy(logits: Tensor) -> Tensor:
    """-log D(x), D = Z / (1 + Z)."""
    return functional.softplus(-torch.logsumexp(logits, -1))


def fake_energy(logits: Tensor) -> Tensor:
    """-log(1 - D(x))."""
    return functional.softplus(torch.logsumexp(logits, -1))


def matching(real: Tensor, fake: Tensor) -> Tensor:
    """Feature matching: Huber's loss of the differences of mean features."""
    return functional.huber_loss(fake, real.detach(), reduction="sum")


def entropy(logits: Tensor) -> Tensor:
    """Mean entropy of the class probabilities."""
    log_p = functional.log_softmax(logits, -1)
    return -(log_p.exp() * log_p).sum(-1).mean()


def inconsistency(logits: Tensor, taught: Tensor) -> Tensor:
    """Squared distance of the class probabilities from the teacher's."""
    return (functional.softmax(logits, -1) - functional.softmax(taught, -1)).square().sum(-1).mean()


class Sampler:
    """SGHMC on a list of weights: v <- (1 - alpha) v - lr (g + n), theta <- theta + v."""

    def __init__(self, weights: list[Tensor], num_data: int, on_lists: bool) -> None:
        self.weights, self.on_lists = weights, on_lists
        self.velocities = [torch.zeros_like(w) for w in weights]
        self.scale = (2.0 * FRICTION / (LEARNING_RATE * num_data)) ** 0.5
        self.decay = 1.0 / num_data  # Of the prior N(0, 1).

    @torch.no_grad()
    def step(self, gradients: list[Tensor]) -> None:
        """One iteration."""
        if not self.on_lists:
            for w, v, g in zip(self.weights, self.velocities, gradients, strict=True):
                force = g + self.decay * w + self.scale * torch.randn_like(w)
                v.mul_(1.0 - FRICTION).sub_(LEARNING_RATE * force)
                w.add_(v)
            return
        force = torch._foreach_add(gradients, self.weights, alpha=self.decay)
        noise = torch.randn(sum(w.numel() for w in self.weights))
        parts = noise.split([w.numel() for w in self.weights])
        shaped = [part.view_as(w) for part, w in zip(parts, self.weights, strict=True)]
        torch._foreach_add_(force, shaped, alpha=self.scale)
        torch._foreach_mul_(self.velocities, 1.0 - FRICTION)
        torch._foreach_add_(self.velocities, force, alpha=-LEARNING_RATE)
        torch._foreach_add_(self.weights, self.velocities)


class Chain:
    """J_g generators and one discriminator."""

    def __init__(self, setting: dict[str, Any]) -> None:
        merged = setting["form"] == "merged"
        shape, self.terms = setting["shape"], setting["terms"]
        self.batch, self.merged = setting["batch"], merged
        self.z_dim, self.shape = setting["z_dim"], shape
        self.generators = [
            Generator(setting["generator_plan"], shape[2], setting["z_dim"])
            for _ in range(setting["num_gen"])
        ]
        self.discriminator = Discriminator(
            setting["plan"], shape[2], setting["classes"], setting["average"], setting["noise"]
        )
        if setting["channels_last"]:
            for network in (*self.generators, self.discriminator):
                network.to(memory_format=torch.channels_last)
        self.g = [list(g.parameters()) for g in self.generators]
        self.d = list(self.discriminator.parameters())
        num_data = setting["num_data"]
        self.samplers_g = [Sampler(weights, num_data, merged) for weights in self.g]
        self.sampler_d = Sampler(self.d, num_data, merged)
        self.teacher = copy.deepcopy(self.discriminator)
        self.teacher.noise = 0.0
        self.averages = list(self.teacher.parameters())
        if setting["compile"]:
            # `_merged` goes backward through the discriminator twice, once for each player.
            functorch.donated_buffer = False
            self.generators = [torch.compile(g) for g in self.generators]
            self.discriminator = torch.compile(self.discriminator)
            self.teacher = torch.compile(self.teacher)

    def step(self, real: Tensor, labelled: Tensor, labels: Tensor) -> None:
        """One iteration of all networks."""
        if self.merged:
            self._merged(real, labelled, labels)
        else:
            self._port(real, labelled, labels)
        if self.terms is not None:
            with torch.no_grad():
                torch._foreach_lerp_(self.averages, self.d, 1.0 - self.terms["decay"])

    def _of_unlabelled(self, real: Tensor, logits: Tensor) -> Tensor | float:
        """Of the terms that the preset adds."""
        if self.terms is None:
            return 0.0
        with torch.no_grad():
            taught, _ = self.teacher(real, self.batch)
        weighted = self.terms["entropy"] * entropy(logits)
        return weighted + self.terms["consistency"] * inconsistency(logits, taught)

    def _matching(self, real: Tensor, fake: Tensor) -> Tensor:
        if self.terms is None:
            return matching(real, fake)
        return functional.mse_loss(fake, real.detach())

    def _noise(self) -> list[Tensor]:
        return [2.0 * torch.rand(self.batch, self.z_dim) - 1.0 for _ in self.generators]

    def _merged(self, real: Tensor, labelled: Tensor, labels: Tensor) -> None:
        count = len(self.generators)
        fakes = torch.cat([g(z) for g, z in zip(self.generators, self._noise(), strict=True)])
        of_real, features = self.discriminator(real, self.batch)
        of_labelled, _ = self.discriminator(labelled, self.batch)
        of_fakes, fake_features = self.discriminator(fakes, self.batch)
        energy_d = (
            real_energy(of_real).mean()
            + functional.cross_entropy(of_labelled, labels)
            + fake_energy(of_fakes).mean()
            + self._of_unlabelled(real, of_real)
        )
        means = fake_features.view(count, self.batch, -1).mean(1)
        target = features.mean(0)
        energies_g = real_energy(of_fakes).view(count, -1).mean(1).sum()
        energies_g = energies_g + sum(self._matching(target, mean) for mean in means)
        gradients_d = torch.autograd.grad(energy_d, self.d, retain_graph=True)
        flat = [w for weights in self.g for w in weights]
        gradients_g = list(torch.autograd.grad(energies_g, flat))
        self.sampler_d.step(list(gradients_d))
        size = len(self.g[0])
        for k, sampler in enumerate(self.samplers_g):
            sampler.step(gradients_g[k * size : (k + 1) * size])

    def _port(self, real: Tensor, labelled: Tensor, labels: Tensor) -> None:
        energy_d = torch.zeros(())
        noise = self._noise()
        for generator, z in zip(self.generators, noise, strict=True):
            of_real, _ = self.discriminator(real, self.batch)
            of_labelled, _ = self.discriminator(labelled, self.batch)
            of_fakes, _ = self.discriminator(generator(z).detach(), self.batch)
            energy_d = energy_d + (
                real_energy(of_real).mean()
                + functional.cross_entropy(of_labelled, labels)
                + fake_energy(of_fakes).mean()
                + self._of_unlabelled(real, of_real)
            )
        self.sampler_d.step(list(torch.autograd.grad(energy_d / len(noise), self.d)))
        for generator, z, weights, sampler in zip(
            self.generators, noise, self.g, self.samplers_g, strict=True
        ):
            of_fakes, fake_features = self.discriminator(generator(z), self.batch)
            with torch.no_grad():
                _, features = self.discriminator(real, self.batch)
            energy = real_energy(of_fakes).mean()
            energy = energy + self._matching(features.mean(0), fake_features.mean(0))
            sampler.step(list(torch.autograd.grad(energy, weights)))


def main() -> None:
    """Builds, makes the first iteration, then obeys: seconds in, the median of an iteration out."""
    setting = json.loads(sys.argv[1])
    torch.manual_seed(0)
    torch.set_num_threads(setting["threads"])
    if setting["precision"] == "mixed_bfloat16":
        torch.set_autocast_enabled("cpu", True)
        torch.set_autocast_dtype("cpu", torch.bfloat16)
    height, width, channels = setting["shape"]
    images = torch.randint(
        0, 256, (setting["num_data"], channels, height, width), dtype=torch.uint8
    )
    classes = torch.arange(100) % setting["classes"]
    chains = [Chain(setting) for _ in range(setting["num_mcmc"])]
    memory = torch.channels_last if setting["channels_last"] else torch.contiguous_format

    def step() -> None:
        for chain in chains:
            real = images[torch.randint(len(images), (setting["batch"],))]
            chosen = torch.randint(100, (setting["labelled"],))
            unit, labelled = (
                (x.float() / 127.5 - 1.0).contiguous(memory_format=memory)
                for x in (real, images[chosen])
            )
            chain.step(unit, labelled, classes[chosen])

    step()
    print(torch.__version__, flush=True)
    for line in sys.stdin:
        if line.strip() == "end":
            break
        end = time.perf_counter() + float(line)
        times: list[float] = []
        while len(times) < 3 or time.perf_counter() < end:
            begin = time.perf_counter()
            step()
            times.append(time.perf_counter() - begin)
        print(statistics.median(times), flush=True)
    print(peak_memory(), flush=True)


def peak_memory() -> int:
    """Bytes. Of Linux's file, because `getrusage` counts what the parent held when it began this process."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
