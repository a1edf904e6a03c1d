"""What is said where vLLM is missing or cannot be imported. The packages stand in a folder before all others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ASK = """
import sys
from genrec.errors import UserError
from genrec.decode.vllm.install import require_vllm
{before}
try:
    print("found", require_vllm().__version__)
except UserError as error:
    print(error)
"""
WHOLE = "__version__ = '9.9'\nLLM = SamplingParams = object\n"
BROKEN = "raise RuntimeError('operator torchvision::nms does not exist')\n"


def said(folder: Path, packages: dict[str, str], before: str = "") -> str:
    for name, source in packages.items():
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(source)
    path = os.pathsep.join([str(folder), str(Path(__file__).parents[4])])
    done = subprocess.run(
        [sys.executable, "-c", ASK.format(before=before)],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_missing(tmp_path: Path) -> None:
    text = said(tmp_path, {}, "sys.modules['vllm'] = None")
    assert text.startswith("vLLM is not installed: `make vllm`")


@pytest.mark.parametrize("name", ["torchvision", "torchaudio", "torchcodec"])
def test_one_of_the_three_is_broken(tmp_path: Path, name: str) -> None:
    """Torchvision is tried at once, since transformers would; the others where vLLM fails with them."""
    vllm = WHOLE if name == "torchvision" else f"import {name}\n"
    text = said(tmp_path, {"vllm": vllm, name: BROKEN})
    assert f"vLLM cannot start: {name} does not fit this build of torch" in text
    assert text.endswith(f"{sys.executable} -m pip uninstall -y torchvision torchaudio torchcodec")


def test_broken_by_itself(tmp_path: Path) -> None:
    text = said(tmp_path, {"vllm": "raise ImportError('libcuda.so.1 is missing\\nsecond line')\n"})
    assert "cannot be imported (ImportError: libcuda.so.1 is missing): `make clean vllm`" in text


def test_whole(tmp_path: Path) -> None:
    assert said(tmp_path, {"vllm": WHOLE}) == "found 9.9"
