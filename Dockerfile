# Training: docs/how-to/gpu.md says how it is built and run.
# What TensorFlow is installed as: "tensorflow", or "tensorflow[and-cuda]" with CUDA's libraries.
ARG TENSORFLOW=tensorflow

FROM python:3.13.9-slim-bookworm AS build
ARG TENSORFLOW
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements.lock setup.py pyproject.toml README.md LICENSE ./
COPY bayesian_gan/VERSION bayesian_gan/
# The package without its modules: they change more often than what they need.
RUN pip install --constraint requirements.lock setuptools wheel \
    && pip install --constraint requirements.lock --no-build-isolation . "$TENSORFLOW"
COPY bayesian_gan bayesian_gan
RUN pip install --no-deps --no-build-isolation --force-reinstall .

FROM python:3.13.9-slim-bookworm
COPY --from=build /venv /venv
# A user that `docker run --user` names may have no home of its own.
ENV PATH=/venv/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1
WORKDIR /work
USER 10001
ENTRYPOINT ["bayesian-gan"]
CMD ["--help"]
