"""Under whose licence a checkpoint's weights stand: what the recipe names, else what its model card says.

Weights whose card forbids commercial use are used only where a recipe names that licence: somebody has read it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from genrec import progress
from genrec.errors import UserError

UNKNOWN = "unknown"
_RESTRICTED = re.compile(r"(^|[^a-z])(nc|non-?commercial|noncommercial|research(-only)?)([^a-z]|$)")


def licence_of(model: str, named: str | None, what: str = "the checkpoint") -> str:
    """named: what the recipe says, which goes first. Raises UserError for non-commercial weights no recipe names."""
    card = card_licence(model)
    if named:
        if card and card.lower() != named.lower():
            progress.say(f"{model}: the recipe says licence {named}, its model card {card}")
        return named
    if card is None:
        progress.say(f"{model}: no model card names a licence; find it out, and write it into the recipe as `licence`")
        return UNKNOWN
    if restricted(card):
        raise UserError(
            f"{what} {model} stands under {card}, which forbids commercial use: if that suits you, say so in the "
            f"recipe with `licence: {card}`"
        )
    return card


def restricted(licence: str) -> bool:
    """Whether the licence's name says that commercial use is not allowed."""
    return _RESTRICTED.search(licence.lower().replace("_", "-")) is not None


def card_licence(model: str) -> str | None:
    """`license_name` or `license` of the model card's front matter: of the folder's README.md, or of the hub's."""
    text = _card(model)
    found = re.match(r"\ufeff?---\s*\n(.*?)\n---", text, re.DOTALL) if text else None
    if found is None:
        return None
    try:
        said: Any = yaml.safe_load(found[1])
    except yaml.YAMLError:
        return None
    if not isinstance(said, dict):
        return None
    # «license: other» comes with a license_name of its own.
    licence = said.get("license_name") or said.get("license")
    return str(licence) if licence and not isinstance(licence, list) else None


def _card(model: str) -> str | None:
    folder = Path(model)
    try:
        if folder.is_dir():
            return (folder / "README.md").read_text(encoding="utf-8")
        from huggingface_hub import hf_hub_download

        return Path(hf_hub_download(model, "README.md")).read_text(encoding="utf-8")
    except Exception:  # no card, no network, no such repository: the pipeline itself says what is wrong with it
        return None
