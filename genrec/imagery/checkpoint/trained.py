"""What training leaves behind in a folder: LoRA weights as diffusers has them, the image prompt, `training.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ABOUT = "training.json"


def trained_about(folder: Path) -> dict[str, Any]:
    """What training said of what it made; empty for weights that came from elsewhere."""
    try:
        said = json.loads((folder / ABOUT).read_text())
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}
