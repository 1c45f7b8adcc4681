"""A Bayesian GAN on an array of your own, without the entry points: `python examples/own_data.py`.

Here the array is scikit-learn's digits, 8x8 pixels; any uint8 array [N, height, width, channels] will do.
"""

import keras
import numpy as np
from sklearn.datasets import load_digits

from bayesian_gan import BayesianGAN
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.samplers import SGHMC, WarmStart


def main(iterations: int = 1500) -> float:
    """Trains on 100 labelled and 1,197 unlabelled digits; returns the accuracy on 500 others."""
    digits = load_digits()
    images = np.round(digits.images * 255 / 16).astype(np.uint8)[..., None]
    order = np.random.default_rng(0).permutation(len(images))
    images, labels = images[order], digits.target[order]
    test_images, test_labels = images[1297:], labels[1297:]
    images, labels = images[:1297], labels[:1297]
    labels[100:] = -1  # Only 100 images keep their label; -1 stands for none.

    gan = BayesianGAN(
        dcgan_generator(image_shape=(8, 8, 1), z_dim=32, width=32, num_layers=2),
        dcgan_discriminator(image_shape=(8, 8, 1), num_classes=10, width=32, num_layers=2),
        num_data=len(images),
        num_gen=2,
        num_mcmc=2,
        seed=1,
    )

    def sampler() -> keras.optimizers.Optimizer:
        adam = keras.optimizers.Adam(2e-3, beta_1=0.5)
        sghmc = SGHMC(1e-3, num_data=len(images), friction=0.1, temperature=0.1, seed=1)
        return WarmStart(adam, sghmc, iterations=2 * iterations // 3)

    gan.compile(generator_optimizer=sampler(), discriminator_optimizer=sampler())
    gan.fit(images, labels, batch_size=64, steps_per_epoch=iterations // 5, epochs=5, verbose=2)

    probabilities = gan.predict(test_images)  # The average over the discriminators of both chains.
    accuracy = float(np.mean(probabilities.argmax(axis=1) == test_labels))
    print(f"accuracy on {len(test_labels)} test images: {accuracy:.3f}")
    fakes = gan.generate(16, sample=0, seed=0)
    print(f"{len(fakes)} images of the first generator, in [{fakes.min():.2f}, {fakes.max():.2f}]")
    return accuracy


if __name__ == "__main__":
    main()
