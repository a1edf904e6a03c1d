"""What taste, complement and series mean for garments."""

from __future__ import annotations

import numpy as np

from genrec.data.synthetic import dynamics
from genrec.data.synthetic.attributes import CATEGORIES, STYLES, TIERS
from genrec.data.synthetic.dynamics import Shop, Trait, near, same
from genrec.data.synthetic.palette import COLOURS, FAMILIES, harmony
from genrec.data.synthetic.wardrobe import Garment

LIKED_STYLE, LIKED_FAMILY, NEAR_TIER = 12, 6, (6, 2, 1)  # factors of a taste; tiers by how far they are apart
SAME_STYLE, CONTRAST = 16, 3  # factors of a complement


def open_shop(garments: list[Garment], popularity: np.ndarray) -> Shop:
    """The weights that follow from the garments' attributes. A taste is a style, a colour family, a price level.

    A thing completes another if its category does, the better the better their colours harmonise; much better if it
    is of the same style, and better if not both or neither of the two are plain.
    """
    categories, colours = list(CATEGORIES), list(COLOURS)
    styles = np.array([STYLES.index(g.style) for g in garments])
    families = np.array([FAMILIES.index(COLOURS[g.colour].family) for g in garments])
    tiers = np.array([g.tier for g in garments])
    follow = np.array([[CATEGORIES[a].complements.get(b, 0) for b in categories] for a in categories], np.float64)
    harmonies = np.array([[harmony(a, b) for b in colours] for a in colours], np.float64)
    return dynamics.open_shop(
        sides=[
            Trait(styles, same(len(STYLES), LIKED_STYLE)),
            Trait(families, same(len(FAMILIES), LIKED_FAMILY)),
            Trait(tiers, near(TIERS, NEAR_TIER)),
        ],
        priors=[[6 - s // 2 for s in range(len(STYLES))], [5 - f // 2 for f in range(len(FAMILIES))], (4, 4, 3)],
        matches=[
            Trait(np.array([categories.index(g.category) for g in garments]), follow),
            Trait(np.array([colours.index(g.colour) for g in garments]), harmonies),
            Trait(styles, same(len(STYLES), SAME_STYLE)),
            Trait(
                np.array([int(g.pattern == "solid") for g in garments]), np.array([[1.0, CONTRAST], [CONTRAST, 1.0]])
            ),
        ],
        seasons=[g.season for g in garments],
        popularity=popularity,
        series=[(g.series, g.piece) for g in garments],
    )
