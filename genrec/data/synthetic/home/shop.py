"""What taste, complement and series mean for furniture, lamps and textiles."""

from __future__ import annotations

import numpy as np

from genrec.data.synthetic import dynamics
from genrec.data.synthetic.dynamics import Shop, Trait, near, same
from genrec.data.synthetic.home.attributes import CATEGORIES, STYLES, TIERS
from genrec.data.synthetic.home.furnishing import Piece
from genrec.data.synthetic.palette import COLOURS, FAMILIES, harmony

LIKED_STYLE, LIKED_FAMILY, NEAR_TIER = 14, 5, (6, 2, 1)  # factors of a taste; tiers by how far they are apart
SAME_STYLE, SAME_ROOM = 12, 4  # factors of a complement


def open_shop(pieces: list[Piece], popularity: np.ndarray) -> Shop:
    """The weights that follow from the pieces' attributes. A taste is a style, a colour family, a price level.

    A piece completes another if its category does, the better the better their colours harmonise; much better if it
    is of the same style, and better if it is for the same room.
    """
    categories, colours, rooms = list(CATEGORIES), list(COLOURS), sorted({one.room for one in pieces})
    styles = np.array([STYLES.index(one.style) for one in pieces])
    families = np.array([FAMILIES.index(COLOURS[one.colour].family) for one in pieces])
    follow = np.array([[CATEGORIES[a].complements.get(b, 0) for b in categories] for a in categories], np.float64)
    harmonies = np.array([[harmony(a, b) for b in colours] for a in colours], np.float64)
    return dynamics.open_shop(
        sides=[
            Trait(styles, same(len(STYLES), LIKED_STYLE)),
            Trait(families, same(len(FAMILIES), LIKED_FAMILY)),
            Trait(np.array([one.tier for one in pieces]), near(TIERS, NEAR_TIER)),
        ],
        priors=[(6, 4, 4, 3, 5, 5), [5 - f // 2 for f in range(len(FAMILIES))], (5, 4, 2)],
        matches=[
            Trait(np.array([categories.index(one.category) for one in pieces]), follow),
            Trait(np.array([colours.index(one.colour) for one in pieces]), harmonies),
            Trait(styles, same(len(STYLES), SAME_STYLE)),
            Trait(np.array([rooms.index(one.room) for one in pieces]), same(len(rooms), SAME_ROOM)),
        ],
        seasons=[one.season for one in pieces],
        popularity=popularity,
        series=[(one.series, one.piece) for one in pieces],
    )
