#!/bin/bash
# Everything that a person with a GPU should run once, in about 15 minutes; the table at the end is to paste
# into a report. From the root of a checkout:  bash examples/gpu_check.sh [DEVICE] [MINUTES]
#
# DEVICE is a value of --device: gpu by default; cpu shows what the script does without one.
# MINUTES are those of each of the four runs; 2 by default.
set -euo pipefail

device=${1:-gpu}
minutes=${2:-2}
python=${PYTHON:-.venv/bin/python}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
rows=()

# step NAME COMMAND...: runs it, and keeps a row of the table: name, ok or the exit status, seconds, last line.
step() {
    local name=$1 status=0 start=$SECONDS
    shift
    echo "== $name: $*"
    "$@" >"$out/log" 2>&1 || status=$?
    tail -n 25 "$out/log"
    local last
    last=$(grep -v '^ *$' "$out/log" | tail -n 1 | tr -d '|' | cut -c1-100)
    rows+=("| $name | $([[ $status == 0 ]] && echo ok || echo "exit $status") | $((SECONDS - start)) | $last |")
}

# train NAME FLAGS...: a run on scikit-learn's digits, which need no download.
train() {
    local name=$1
    shift
    step "$name" "$python" -m bayesian_gan train --flagfile examples/digits.flags --device "$device" \
        --minutes "$minutes" --out_dir "$out/$name" "$@"
}

step doctor "$python" -m bayesian_gan doctor
cp "$out/log" "$out/doctor"
train float32
train bfloat16 --mixed_precision
train jit --jit
train laptop --preset laptop
step kernels "$python" -m pytest -q -m "not slow" tests/gan/test_gpu_kernels.py
step noise "$python" -m pytest -q -m "not slow" tests/samplers/test_injected_noise.py
step networks "$python" -m pytest -q -m "not slow" tests/networks

echo
echo "Paste from here on:"
echo
cat "$out/doctor"
echo
echo "| step | status | seconds | last line |"
echo "| --- | --- | --- | --- |"
printf '%s\n' "${rows[@]}"
if command -v nvidia-smi >/dev/null; then
    echo
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv
fi
