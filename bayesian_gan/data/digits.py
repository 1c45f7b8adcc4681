"""The 1,797 handwritten digits of scikit-learn, 8 x 8: real data that need no download."""

import numpy as np

from bayesian_gan.data.content import digests
from bayesian_gan.data.image_data import ImageData

NUM_TEST = 500
# scikit-learn has no test set. This key draws the one used here; no flag changes it.
TEST_KEY = "digits test"
LARGEST_VALUE = 16


def load(data_path: str | None = None) -> ImageData:
    """Reads the digits: 1,297 to train and 500 to test, with the class proportions of the whole.

    Of each class the images whose keyed content hash is smallest are the test set, so the split is
    the same wherever the data are the same. The values 0..16 become round(v * 255 / 16).

    Args:
        data_path: not used.
    """
    # A second or more; the catalogue has to refuse a wrong name at once.
    import sklearn
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = np.rint(bunch.images * (255 / LARGEST_VALUE)).astype(np.uint8)[..., np.newaxis]
    labels = bunch.target.astype(np.int32)
    is_test = _is_test(images, labels)
    return ImageData(
        images=images[~is_test],
        labels=labels[~is_test],
        test_images=images[is_test],
        test_labels=labels[is_test],
        class_names=tuple(str(name) for name in bunch.target_names),
        name="digits",
        provenance=f"digits from scikit-learn {sklearn.__version__}",
    )


def _is_test(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Which images are the test set, bool [N]; class shares are rounded by largest remainder."""
    shares = np.bincount(labels) * NUM_TEST / len(labels)
    quotas = shares.astype(int)
    largest = np.argsort(quotas - shares, kind="stable")[: NUM_TEST - quotas.sum()]
    quotas[largest] += 1
    hashes = digests(images, TEST_KEY)
    is_test = np.zeros(len(labels), bool)
    for k, quota in enumerate(quotas):
        members = sorted(np.flatnonzero(labels == k), key=hashes.__getitem__)
        is_test[members[:quota]] = True
    return is_test
