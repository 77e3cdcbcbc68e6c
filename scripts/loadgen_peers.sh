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
TORCH=2.13.0

mkdir -p "$PEERS"
if [ ! -e "$PEERS/uv/installed" ]; then
  "$PYTHON" -m venv "$PEERS/uv"
  "$PEERS/uv/bin/pip" install -qq uv
  touch "$PEERS/uv/installed"
fi
UV="$PEERS/uv/bin/uv"

# Parts that only pictures and GPUs need.
for package in torchvision triton nvidia-nccl-cu12; do
  echo "$package; sys_platform == 'never'"
done > "$PEERS/overrides.txt"

# install NAME VERSION [MORE]: one peer, and what else its environment needs in a certain version
install() {
  name="$1"; version="$2"; shift 2
  [ ! -e "$PEERS/$name/installed" ] || return 0
  [ -e "$PEERS/$name" ] || "$PYTHON" -m venv "$PEERS/$name"
  "$UV" pip install -q --python "$PEERS/$name/bin/python" --compile-bytecode \
    --override "$PEERS/overrides.txt" "$name==$version" "$@"
  touch "$PEERS/$name/installed"
}

# guidellm loads its data through PyTorch; pip finds the CPU build where an index offers it.
install_guidellm() {
  [ ! -e "$PEERS/guidellm/installed" ] || return 0
  "$PYTHON" -m venv "$PEERS/guidellm"
  "$PEERS/guidellm/bin/pip" install -qq --no-deps "torch==$TORCH+cpu" 2>/dev/null \
    || "$UV" pip install -q --python "$PEERS/guidellm/bin/python" --torch-backend cpu --no-deps "torch==$TORCH"
  install guidellm "$GUIDELLM" "torch==$TORCH+cpu"
}

for peer in "${@:-all}"; do
  case "$peer" in
    all) install locust "$LOCUST"; install aiperf "$AIPERF"; install_guidellm ;;
    locust) install locust "$LOCUST" ;;
    aiperf) install aiperf "$AIPERF" ;;
    guidellm) install_guidellm ;;
    *) echo "unknown peer $peer; accepted: locust, aiperf, guidellm" >&2; exit 2 ;;
  esac
done
