# Training: docs/how-to/gpu.md says how it is built and run.
# What TensorFlow is installed as: "tensorflow", or "tensorflow[and-cuda]" with CUDA's libraries.
ARG TENSORFLOW=tensorflow

FROM python:3.13.9-slim-bookworm AS build
ARG TENSORFLOW
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements.lock setup.py ./
COPY tools/lock.py tools/
# Of the lock what the package needs to run. What builds from source does so with build.lock.
RUN python tools/lock.py setuptools wheel >build.lock && python tools/lock.py >run.lock \
    && pip install --no-deps --require-hashes -r build.lock \
    && pip install --no-deps --require-hashes --no-build-isolation -r run.lock
# CUDA's libraries are in no lock; "tensorflow" alone is there already.
RUN pip install "$TENSORFLOW"
# The package last: it changes more often than what it needs.
COPY pyproject.toml README.md LICENSE ./
COPY bayesian_gan bayesian_gan
RUN pip install --no-deps --no-build-isolation .

FROM python:3.13.9-slim-bookworm
COPY --from=build /venv /venv
# A user that `docker run --user` names may have no home of its own.
ENV PATH=/venv/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1
WORKDIR /work
USER 10001
ENTRYPOINT ["bayesian-gan"]
CMD ["--help"]
