"""Pictures of an item for one person: cover art, a garment worn, a piece of furniture in a room.

`commission` says what is wanted; a `Painter` draws it: `small` (our own latent pipeline) or `checkpoint` (any
diffusers checkpoint). `artist` makes commissions of a run's ids. `import genrec.imagery` is cheap: torch and diffusers
are imported when something is drawn.
"""

import logging

from genrec.imagery.commission import KINDS, Commission, Kind, Scene, Subject, Taste
from genrec.imagery.painter import Painter

# Diffusers looks for bitsandbytes, which says at every start that its optional faster kernel is missing.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)

__all__ = ["KINDS", "Commission", "Kind", "Painter", "Scene", "Subject", "Taste"]
