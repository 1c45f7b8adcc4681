"""Package metadata. Exact versions that `make` installs are in `requirements.lock`."""

from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent

setup(
    name="bayesian-gan",
    version=(ROOT / "bayesian_gan" / "VERSION").read_text(encoding="utf-8").strip(),
    description="Bayesian GAN (Saatci & Wilson, NIPS 2017) for TensorFlow 2 and Keras 3.",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11,<3.14",
    packages=find_packages(include=["bayesian_gan", "bayesian_gan.*"]),
    package_data={
        "bayesian_gan": [
            "VERSION",
            "py.typed",
            "evaluation/evaluation.schema.json",
            "report/page.html",
            "report/label_page.html",
            "report/label_page.js",
        ]
    },
    install_requires=[
        "absl-py>=2.1,<3",
        "importlib_resources>=6.4",  # tensorflow-datasets needs it and does not say so
        "keras>=3.12,<4",
        "matplotlib>=3.9,<4",
        "numpy>=1.26,<3",
        "packaging>=24",
        "pillow>=11",
        "psutil>=6",
        "rich>=13,<16",
        "scikit-learn>=1.6,<2",
        "scipy>=1.13,<2",
        "tensorboard>=2.20,<2.22",
        "tensorflow>=2.21,<2.22",
        "tensorflow-datasets>=4.9.10,<5",
        "tensorflow-probability[tf]>=0.25,<0.26",
        "tqdm>=4.66,<5",
    ],
    entry_points={"console_scripts": ["bayesian-gan = bayesian_gan.commands:console"]},
    extras_require={
        "arviz": ["arviz>=0.20,<2"],
        "docs": [
            "mkdocs>=1.6,<2",
            "mkdocs-material>=9.6,<10",  # the theme that mkdocs.yml names
            "pdoc>=15,<17",
        ],
        "litert": ["ai-edge-litert>=2,<3"],
        "onnx": ["onnx>=1.18,<2", "onnxruntime>=1.22,<2", "tf2onnx>=1.17,<2"],
        "dev": [
            "coverage>=7.6",  # tools/covering_tests.py
            "ipykernel>=6.29",  # runs the notebooks of examples
            "ipython>=9",
            "joblib>=1.4",
            "jsonschema>=4.23",
            "kubernetes-validate>=1.33",
            "mypy>=1.15",  # make types
            "nbclient>=0.10",
            "nbformat>=5.10",
            "pandas>=2",
            "pexpect>=4.9",
            "pytest>=8.3,<10",
            "pytest-xdist>=3.6",  # make test: the files side by side
            "pyyaml>=6",
            "ruff>=0.12",  # make lint
            "tornado>=6.4",  # examples/serve
        ],
    },
)
