"""The SavedModel: its numbers against the posterior's, and a process that lacks the package."""

import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from conftest import files_of_at_most
from disagreeing import collected

from bayesian_gan.export.savedmodel import write_saved_model
from bayesian_gan.posterior import Posterior
from bayesian_gan.runs.samples import read

NAMES = ("a", "zwei", "三")
# The bound; sums are in another order, and in float32.
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def posterior(tmp_path_factory: pytest.TempPathFactory) -> Posterior:
    return collected(tmp_path_factory.mktemp("collected") / "posterior", 3)


@pytest.fixture(scope="module")
def folder(posterior: Posterior, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    write_saved_model(
        folder, read(posterior, "classifier", "all"), read(posterior, "generator", "all"), NAMES
    )
    return folder


@pytest.fixture(scope="module")
def saved(folder: Path) -> Any:
    return tf.saved_model.load(str(folder))


def test_a_disk_that_is_full_is_an_error_of_the_system(
    posterior: Posterior, tmp_path: Path
) -> None:
    networks = read(posterior, "classifier", "last")
    with files_of_at_most(30_000), pytest.raises(OSError, match=r"^[A-Z][a-z ]+$"):
        write_saved_model(tmp_path, networks, None, NAMES)


def _members(posterior: Posterior, images: np.ndarray) -> np.ndarray:
    return np.concatenate(list(posterior.member_probabilities(images)))


def test_classify_is_the_posterior_s_prediction(
    saved: Any, posterior: Posterior, images: np.ndarray
) -> None:
    members = _members(posterior, images)
    assert members.std(0).max() > 0.1
    mean = members.mean(0)

    def entropy(p: np.ndarray) -> np.ndarray:
        return -np.sum(p * np.log(np.maximum(p, 1e-300)), -1)

    expected = {
        "probabilities": posterior.predict(images),
        "entropy": entropy(mean),
        "mutual_information": entropy(mean) - entropy(members).mean(0),
    }
    floats = (images / 127.5 - 1.0).astype(np.float32)
    for signature, batch in (("classify", images), ("classify_float", floats)):
        found = saved.signatures[signature](images=tf.constant(batch))
        assert set(found) == {*expected, "real"}
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, atol=TOLERANCE, err_msg=name)
    assert expected["mutual_information"].max() > 0.05
    # The method takes both types; any number of images.
    np.testing.assert_allclose(
        saved.classify(tf.constant(floats[:3]))["probabilities"], mean[:3], atol=TOLERANCE
    )
    np.testing.assert_array_equal(
        saved.signatures["serving_default"](images=tf.constant(images))["probabilities"],
        saved.signatures["classify"](images=tf.constant(images))["probabilities"],
    )


def test_real_is_the_mean_of_each_member_s(
    saved: Any, posterior: Posterior, images: np.ndarray
) -> None:
    networks = read(posterior, "classifier", "all")
    real, features = [], []
    for member in range(len(networks)):
        outputs = networks.load(member)(images / 127.5 - 1.0)
        z = np.exp(outputs["logits"].numpy().astype(np.float64)).sum(-1)
        real.append(z / (1 + z))
        features.append(outputs["features"].numpy())
    assert np.std(real, 0).max() > 0.05
    found = saved.classify(tf.constant(images))["real"]
    np.testing.assert_allclose(found, np.mean(real, 0), atol=TOLERANCE)
    embedded = saved.signatures["embed"](images=tf.constant(images))["features"]
    np.testing.assert_allclose(embedded, np.stack(features, 1), rtol=1e-4, atol=1e-4)


def test_real_of_a_critic_with_classes_is_the_critic_s(images: np.ndarray, tmp_path: Path) -> None:
    critics = collected(tmp_path / "posterior", 3, critic=True)
    folder = tmp_path / "saved"
    folder.mkdir()
    write_saved_model(folder, read(critics, "classifier", "all"), None, NAMES)
    loaded = tf.saved_model.load(str(folder))
    found = loaded.classify(tf.constant(images))["real"].numpy()
    networks = read(critics, "classifier", "all")
    outputs = [networks.load(k)(images / 127.5 - 1.0) for k in range(len(networks))]
    c = np.stack([o["critic"].numpy()[:, 0].astype(np.float64) for o in outputs])
    np.testing.assert_allclose(found, (1.0 / (1.0 + np.exp(-c))).mean(0), atol=TOLERANCE)
    # The class logits would have said something else.
    Z = np.stack([np.exp(o["logits"].numpy().astype(np.float64)).sum(-1) for o in outputs])
    assert np.abs(found - (Z / (1.0 + Z)).mean(0)).max() > 0.05


def test_a_posterior_without_classes_answers_real_alone(images: np.ndarray, tmp_path: Path) -> None:
    unsupervised = collected(tmp_path / "posterior", 1)
    folder = tmp_path / "saved"
    folder.mkdir()
    write_saved_model(folder, read(unsupervised, "classifier", "all"), None, ())
    loaded = tf.saved_model.load(str(folder))
    found = loaded.signatures["classify"](images=tf.constant(images))
    assert set(found) == {"real"}
    np.testing.assert_allclose(found["real"], unsupervised.predict(images)[:, 0], atol=TOLERANCE)
    assert "generate" not in loaded.signatures


def test_generate_is_the_posterior_s(saved: Any, posterior: Posterior) -> None:
    samples = [(iteration, member) for iteration in (100, 200, 300) for member in range(4)]
    for k in (0, 5, 11):
        iteration, member = samples[k]
        found = saved.signatures["generate"](
            num=tf.constant(6), seed=tf.constant(9), generator=tf.constant(k)
        )
        expected = posterior.generate(6, member, seed=9, iteration=iteration)
        np.testing.assert_allclose(found["images"], expected, atol=1e-5)
        np.testing.assert_array_equal(found["generator"], [k] * 6)


def test_a_mixture_names_its_generators_and_is_reproducible(saved: Any) -> None:
    mixture = saved.generate(tf.constant(200), tf.constant(3), tf.constant(-1))
    again = saved.generate(tf.constant(200), tf.constant(3), tf.constant(-1))
    other = saved.generate(tf.constant(200), tf.constant(4), tf.constant(-1))
    for name in ("images", "generator"):
        np.testing.assert_array_equal(mixture[name], again[name])
        assert np.any(mixture[name] != other[name])
    chosen = mixture["generator"].numpy()
    # 200 draws of 12 generators: each is missed with a probability of 3e-8.
    assert set(chosen) == set(range(12))
    # Every image is of the z of its row and of the generator that is named for it.
    for k in (0, 7):
        alone = saved.generate(tf.constant(200), tf.constant(3), tf.constant(k))["images"].numpy()
        np.testing.assert_allclose(
            mixture["images"].numpy()[chosen == k], alone[chosen == k], atol=1e-5
        )
    assert saved.generate(tf.constant(0), tf.constant(3), tf.constant(-1))["images"].shape == (
        0,
        8,
        8,
        1,
    )


def test_generate_from_z(saved: Any, posterior: Posterior) -> None:
    z = np.random.default_rng(0).uniform(-1, 1, (5, 5)).astype(np.float32)
    rows = np.array([11, 0, 3, 11, 3], np.int32)
    found = saved.signatures["generate_from_z"](z=tf.constant(z), generator=tf.constant(rows))
    networks = read(posterior, "generator", "all")
    expected = [networks.load(k)(z[i : i + 1])[0] for i, k in enumerate(rows)]
    np.testing.assert_allclose(found["images"], np.stack(expected), atol=1e-5)


def test_what_cannot_be_answered_fails(saved: Any, images: np.ndarray) -> None:
    for bad in (images[:2] / 255.0 * 2, images[:2].astype(float), np.full((1, 8, 8, 1), np.nan)):
        with pytest.raises(tf.errors.InvalidArgumentError, match="must lie in"):
            saved.signatures["classify_float"](images=tf.constant(bad.astype(np.float32)))
    for generator in (-2, 12):
        with pytest.raises(tf.errors.InvalidArgumentError, match="there are 12 generators"):
            saved.generate(tf.constant(1), tf.constant(1), tf.constant(generator))
    with pytest.raises(tf.errors.InvalidArgumentError, match="there are 12 generators"):
        saved.generate_from_z(tf.zeros((1, 5)), tf.constant([-1]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="one generator for each row"):
        saved.generate_from_z(tf.zeros((2, 5)), tf.constant([1]))


# -I leaves out the current folder and PYTHONPATH, -S what an editable install adds; a plain one is
# blocked.
WITHOUT_PACKAGE = """
import json, sys
sys.path.extend(sys.argv[3:])
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("bayesian_gan"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocked())
import numpy as np
import tensorflow as tf
loaded = tf.saved_model.load(sys.argv[1])
images = np.load(sys.argv[2])
found = loaded.signatures["classify"](images=tf.constant(images))
floats = (images / 127.5 - 1.0).astype(np.float32)
refused = []
for scale in (1.0, 1.0000002, 1.0009, 1.002, 255.0, np.nan):
    for name in ("classify_float", "embed_float"):
        try:
            loaded.signatures[name](images=tf.constant((floats * scale).astype(np.float32)))
        except tf.errors.InvalidArgumentError as error:
            assert "must lie in [-1, 1]" in str(error), error
            refused.append([name, str(scale)])
made = loaded.signatures["generate"](num=tf.constant(3), seed=tf.constant(1), generator=tf.constant(2))
names = open(loaded.class_names.asset_path.numpy(), encoding="utf-8").read().split()
assert not [name for name in sys.modules if name.startswith("bayesian_gan")]
print(json.dumps({"probabilities": found["probabilities"].numpy().tolist(),
                  "images": made["images"].numpy().tolist(), "names": names, "refused": refused}))
"""


def test_a_process_without_this_package_gets_the_same(
    folder: Path, posterior: Posterior, images: np.ndarray, tmp_path: Path
) -> None:
    # A copy under another name: no path is baked in.
    moved = Path(shutil.copytree(folder, tmp_path / "moved"))
    np.save(tmp_path / "images.npy", images)
    paths = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", WITHOUT_PACKAGE, moved, tmp_path / "images.npy", *paths],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "custom gradients" not in result.stderr
    found = json.loads(result.stdout)
    np.testing.assert_allclose(found["probabilities"], posterior.predict(images), atol=TOLERANCE)
    expected = posterior.generate(3, sample=2, seed=1, iteration=100)
    np.testing.assert_allclose(found["images"], expected, atol=1e-5)
    assert found["names"] == list(NAMES)
    assert images.min() == 0
    assert images.max() == 255
    refused = [
        [name, scale]
        for scale in ("1.002", "255.0", "nan")
        for name in ("classify_float", "embed_float")
    ]
    assert found["refused"] == refused


def test_a_serving_request_over_grpc(
    folder: Path, posterior: Posterior, images: np.ndarray
) -> None:
    """What a server does with a PredictRequest: TensorProtos by name, in a session."""
    requests: dict[str, dict[str, Any]] = {
        "classify": {"images": images[:4]},
        "generate": {"num": np.int32(2), "seed": np.int32(1), "generator": np.int32(0)},
    }
    answers = {}
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        meta = tf.compat.v1.saved_model.load(session, ["serve"], str(folder))
        for name, request in requests.items():
            signature = meta.signature_def[name]
            assert signature.method_name == "tensorflow/serving/predict"
            assert set(signature.inputs) == set(request)
            feed = {}
            for key, value in request.items():
                sent = tf.make_tensor_proto(value)
                assert sent.dtype == signature.inputs[key].dtype
                received = type(sent).FromString(sent.SerializeToString())
                feed[signature.inputs[key].name] = tf.make_ndarray(received)
            fetch = {key: tensor.name for key, tensor in signature.outputs.items()}
            answers[name] = session.run(fetch, feed)
    assert set(answers["classify"]) == {"probabilities", "entropy", "mutual_information", "real"}
    np.testing.assert_allclose(
        answers["classify"]["probabilities"], posterior.predict(images[:4]), atol=TOLERANCE
    )
    np.testing.assert_allclose(
        answers["generate"]["images"], posterior.generate(2, 0, seed=1, iteration=100), atol=1e-5
    )


def test_a_serving_request_in_json(saved: Any, posterior: Posterior, images: np.ndarray) -> None:
    """TensorFlow Serving's REST formats, on the signatures: the server itself is not run here."""
    # Row format: {"instances": [...]} with one input stands for a tensor of that input's type.
    body = json.loads(json.dumps({"signature_name": "classify", "instances": images[:4].tolist()}))
    function = saved.signatures[body["signature_name"]]
    (name, spec), *rest = function.structured_input_signature[1].items()
    assert (name, rest, spec.dtype, spec.shape.as_list()) == (
        "images",
        [],
        tf.uint8,
        [None, 8, 8, 1],
    )
    outputs = function(images=tf.constant(body["instances"], spec.dtype))
    # The answer is a row for each instance, so every output's first dimension must be the batch.
    assert {value.shape[0] for value in outputs.values()} == {4}
    predictions = [
        {key: value.numpy()[row].tolist() for key, value in outputs.items()} for row in range(4)
    ]
    answer = json.loads(json.dumps({"predictions": predictions}))["predictions"]
    np.testing.assert_allclose(
        [row["probabilities"] for row in answer], posterior.predict(images[:4]), atol=TOLERANCE
    )
    # Column format: named tensors, which may be scalars.
    body = json.loads(
        '{"signature_name": "generate", "inputs": {"num": 2, "seed": 1, "generator": 0}}'
    )
    function = saved.signatures["generate"]
    specs = function.structured_input_signature[1]
    assert set(specs) == set(body["inputs"])
    inputs = {key: tf.constant(value, specs[key].dtype) for key, value in body["inputs"].items()}
    assert all(specs[key].shape == value.shape for key, value in inputs.items())
    np.testing.assert_allclose(
        function(**inputs)["images"], posterior.generate(2, 0, seed=1, iteration=100), atol=1e-5
    )
