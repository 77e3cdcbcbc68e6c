#!/bin/sh
# Install the load generators that `benchmarks.loadgen` measures ours beside, each in an environment
# of its own below .cache/peers; vllm bench comes with the real vLLM of scripts/vllm_cpu.sh.
# Run it from the project's folder: `scripts/loadgen_peers.sh`, or with the names of some.
set -eu

PEERS=.cache/peers
PYTHON="${PYTHON:-python3.11}"
AIPERF=0.13.0
GUIDELLM=0.8.1
LOCUST=2.47.0

mkdir -p "$PEERS"
if [ ! -e "$PEERS/uv/installed" ]; then
  "$PYTHON" -m venv "$PEERS/uv"
  "$PEERS/uv/bin/pip" install -qq uv
  touch "$PEERS/uv/installed"
fi

# Parts that only GPUs and pictures need.
for package in torch torchvision triton nvidia-nccl-cu12; do
  echo "$package; sys_platform == 'never'"
done > "$PEERS/overrides.txt"

install() {
  if [ ! -e "$PEERS/$1/installed" ]; then
    "$PYTHON" -m venv "$PEERS/$1"
    "$PEERS/uv/bin/uv" pip install -q --python "$PEERS/$1/bin/python" --compile-bytecode \
      --override "$PEERS/overrides.txt" "$1==$2"
    touch "$PEERS/$1/installed"
  fi
}

for peer in "${@:-all}"; do
  case "$peer" in
    all) install locust "$LOCUST"; install aiperf "$AIPERF"; install guidellm "$GUIDELLM" ;;
    locust) install locust "$LOCUST" ;;
    aiperf) install aiperf "$AIPERF" ;;
    guidellm) install guidellm "$GUIDELLM" ;;
    *) echo "unknown peer $peer; accepted: locust, aiperf, guidellm" >&2; exit 2 ;;
  esac
done
