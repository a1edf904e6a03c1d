"""GenRec: a catalogue and people's histories go in; semantic IDs, a trained generator and the next items come out.

The names below are loaded when they are first used, so that `import genrec` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genrec.data.catalog import Catalog
    from genrec.data.interactions import Interactions
    from genrec.decode.requests import Request
    from genrec.recommender import Recommender

__version__ = "0.1.0"
__all__ = ["Catalog", "Interactions", "Recommender", "Request", "__version__"]

_HOMES = {
    "Catalog": "genrec.data.catalog",
    "Interactions": "genrec.data.interactions",
    "Recommender": "genrec.recommender",
    "Request": "genrec.decode.requests",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'genrec' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
