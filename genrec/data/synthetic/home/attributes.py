"""The words a home is furnished with: categories, materials, brands, and what goes with what. Pure tables.

Weights are small integers, as in fashion's tables; colours are those of palette.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from genrec.data.synthetic.dynamics import ALL_YEAR

STYLES = ("scandinavian", "industrial", "rustic", "art deco", "mid-century", "bohemian")
PATTERNS = ("solid", "stripes", "checks", "dots", "floral", "colour-block")
ROOMS = ("living room", "bedroom", "study", "dining room", "hallway")
TIERS = 3  # price levels: 0 friendly, 1 middle, 2 dear

WOODS = ("painted wood", "oak", "walnut", "cherry")
CLOTHS = ("linen", "velvet", "wool", "cotton")
METALS = ("steel", "brass")
# Materials that have a colour of their own; the others are dyed, painted or lacquered.
NATURAL: dict[str, tuple[str, ...]] = {
    "oak": ("beige", "mustard"), "walnut": ("chocolate",), "cherry": ("rust",), "rattan": ("beige", "mustard"),
    "brass": ("mustard",), "jute": ("beige", "olive"), "paper": ("white", "beige", "blush"),
}  # fmt: skip
MATERIAL_PRICE = {
    "walnut": 140, "oak": 120, "cherry": 125, "velvet": 120, "leather": 150, "wool": 115, "brass": 120, "marble": 160,
    "paper": 70, "jute": 80, "painted wood": 85, "cotton": 85,
}  # fmt: skip


@dataclass(frozen=True)
class Category:
    place: str  # where it stands or hangs: floor, wall, ceiling, window
    share: int
    price: int
    silhouettes: tuple[str, ...]
    materials: tuple[str, ...]
    patterned: int  # percent of its items that may carry their look's pattern; the rest is plain
    rooms: tuple[int, ...]  # weights of ROOMS
    complements: dict[str, int]  # what is bought after it, and how readily


CATEGORIES: dict[str, Category] = {
    "sofa": Category(
        "floor", 8, 890, ("track-arm", "rolled-arm", "slender", "chaise"), ("linen", "velvet", "leather", "wool"), 60,
        (9, 0, 1, 0, 0), {"coffee table": 8, "rug": 6, "floor lamp": 5, "armchair": 5, "picture": 3},
    ),
    "armchair": Category(
        "floor", 8, 420, ("wingback", "tub", "lounge"), ("velvet", "linen", "leather", "wool"), 60,
        (6, 2, 3, 0, 0), {"floor lamp": 7, "pouf": 6, "coffee table": 5, "rug": 3, "shelf": 3},
    ),
    "chair": Category(
        "floor", 8, 130, ("spindle-back", "shell", "cross-back"), (*WOODS, "steel"), 0,
        (0, 1, 3, 8, 1), {"dining table": 9, "desk": 7, "pendant": 4, "rug": 2},
    ),
    "pouf": Category(
        "floor", 5, 95, ("round", "square"), ("wool", "cotton", "leather"), 80,
        (6, 4, 0, 0, 1), {"rug": 6, "armchair": 4, "wall hanging": 4, "curtain": 2},
    ),
    "bed": Category(
        "floor", 7, 760, ("platform", "padded", "four-poster"), ("linen", "velvet", "cotton"), 70,
        (0, 9, 0, 0, 0), {"cabinet": 7, "wall lamp": 6, "curtain": 6, "rug": 4, "mirror": 3},
    ),
    "dining table": Category(
        "floor", 6, 480, ("round", "trestle", "four-leg"), (*WOODS, "marble"), 0,
        (0, 0, 0, 9, 0), {"chair": 10, "pendant": 8, "rug": 4, "cabinet": 4},
    ),
    "coffee table": Category(
        "floor", 6, 210, ("round", "slatted", "drum"), (*WOODS, "marble", "rattan"), 0,
        (9, 0, 1, 0, 0), {"rug": 7, "sofa": 4, "pouf": 5, "floor lamp": 4},
    ),
    "desk": Category(
        "floor", 5, 340, ("writing", "drawer"), WOODS, 25,
        (0, 2, 9, 0, 0), {"chair": 9, "shelf": 6, "floor lamp": 4, "picture": 3},
    ),
    "shelf": Category(
        "floor", 6, 230, ("ladder", "bookcase", "cube"), (*WOODS, "steel"), 25,
        (4, 2, 6, 1, 2), {"desk": 4, "armchair": 4, "picture": 5, "floor lamp": 3},
    ),
    "cabinet": Category(
        "floor", 7, 520, ("sideboard", "chest", "wardrobe"), (*WOODS, "rattan"), 30,
        (3, 5, 1, 4, 3), {"mirror": 7, "picture": 5, "wall lamp": 4, "bed": 3},
    ),
    "floor lamp": Category(
        "floor", 6, 160, ("arc", "tripod", "torchiere"), ("steel", "brass", "linen", "paper"), 0,
        (7, 3, 5, 1, 1), {"armchair": 5, "wall lamp": 4, "shelf": 3, "pouf": 3, "picture": 3},
    ),
    "pendant": Category(
        "ceiling", 6, 120, ("dome", "globe", "lantern"), ("steel", "brass", "paper", "rattan"), 0,
        (3, 2, 1, 8, 3), {"wall lamp": 6, "dining table": 5, "chair": 4, "mirror": 3},
    ),
    "wall lamp": Category(
        "wall", 5, 85, ("shade", "swing-arm", "twin globe"), ("steel", "brass", "linen"), 0,
        (3, 6, 3, 1, 5), {"mirror": 6, "picture": 5, "bed": 3, "pendant": 4},
    ),
    "rug": Category(
        "floor", 8, 240, ("rectangular", "round", "runner"), ("wool", "cotton", "jute"), 90,
        (8, 5, 2, 3, 4), {"pouf": 5, "curtain": 6, "sofa": 4, "wall hanging": 4},
    ),
    "curtain": Category(
        "window", 5, 75, ("straight", "tied-back"), ("linen", "velvet", "cotton"), 80,
        (6, 7, 2, 3, 0), {"rug": 5, "pouf": 4, "bed": 4, "wall hanging": 3},
    ),
    "wall hanging": Category(
        "wall", 4, 65, ("pennant", "fringed"), ("cotton", "wool", "jute"), 85,
        (5, 5, 2, 1, 3), {"pouf": 5, "rug": 5, "curtain": 3, "mirror": 2},
    ),
    "mirror": Category(
        "wall", 5, 140, ("round", "arched", "framed"), ("brass", "oak", "walnut", "painted wood", "steel", "rattan"), 0,
        (3, 4, 0, 1, 8), {"cabinet": 6, "wall lamp": 6, "picture": 3, "rug": 2},
    ),
    "picture": Category(
        "wall", 6, 55, ("portrait", "landscape", "trio"), ("paper", "cotton", "painted wood"), 0,
        (7, 4, 5, 3, 4), {"mirror": 3, "shelf": 4, "wall lamp": 5, "sofa": 2},
    ),
}  # fmt: skip

# A series is bought in the order in which one moves in: one category of each stage, stages in this order.
STAGES: tuple[tuple[str, ...], ...] = (
    ("sofa", "bed", "dining table", "desk"),
    ("armchair", "chair"),
    ("shelf", "cabinet", "coffee table"),
    ("rug", "curtain", "pouf"),
    ("floor lamp", "pendant", "wall lamp"),
    ("mirror", "picture", "wall hanging"),
)

# When a material is bought; absent = all the year.
SEASONAL: dict[str, tuple[str, ...]] = {
    "wool": ("winter", "autumn"), "velvet": ("winter", "autumn"), "linen": ("spring", "summer"),
    "rattan": ("summer", "spring"), "jute": ("summer", "spring"), "paper": ("winter", ALL_YEAR),
}  # fmt: skip


@dataclass(frozen=True)
class Brand:
    styles: tuple[str, str]  # the one it is known for, and its second
    tier: int


BRANDS: dict[str, Brand] = {
    "Birk & Bo": Brand(("scandinavian", "mid-century"), 0),
    "Fjellstue": Brand(("scandinavian", "rustic"), 1),
    "Lysning": Brand(("scandinavian", "art deco"), 2),
    "Rivet House": Brand(("industrial", "mid-century"), 0),
    "Foundry Lane": Brand(("industrial", "rustic"), 1),
    "Girder & Sons": Brand(("industrial", "art deco"), 2),
    "Hayloft": Brand(("rustic", "bohemian"), 0),
    "Old Orchard": Brand(("rustic", "scandinavian"), 1),
    "Thornfield": Brand(("rustic", "art deco"), 2),
    "Ziggurat": Brand(("art deco", "mid-century"), 0),
    "Grand Foyer": Brand(("art deco", "industrial"), 1),
    "Maison Éventail": Brand(("art deco", "bohemian"), 2),
    "Atomic Teak": Brand(("mid-century", "scandinavian"), 0),
    "Sunda Works": Brand(("mid-century", "industrial"), 1),
    "Palm Springs Supply": Brand(("mid-century", "art deco"), 2),
    "Magpie Tent": Brand(("bohemian", "rustic"), 0),
    "Caravan Nine": Brand(("bohemian", "mid-century"), 1),
    "Casa Almendra": Brand(("bohemian", "scandinavian"), 2),
}

# What a style leans to. Columns: FAMILIES of palette.py; PATTERNS.
STYLE_FAMILIES: dict[str, tuple[int, ...]] = {
    "scandinavian": (5, 4, 3, 1, 5), "industrial": (7, 4, 3, 2, 0), "rustic": (2, 7, 2, 4, 1),
    "art deco": (4, 1, 6, 3, 4), "mid-century": (1, 4, 4, 7, 1), "bohemian": (1, 4, 3, 6, 4),
}  # fmt: skip
STYLE_PATTERNS: dict[str, tuple[int, ...]] = {
    "scandinavian": (7, 4, 3, 3, 0, 1), "industrial": (9, 3, 2, 0, 0, 4), "rustic": (5, 3, 7, 0, 4, 0),
    "art deco": (6, 4, 0, 3, 2, 4), "mid-century": (5, 2, 1, 4, 1, 6), "bohemian": (3, 4, 1, 2, 7, 2),
}  # fmt: skip

# A series is called by one of each.
SERIES_FIRST = (
    "Corner", "Morning", "Harbour", "North", "Second", "Tall", "Little", "Low", "Open", "Evening", "Copper", "Linden",
    "Upstairs", "Amber", "Winter", "Sunny",
)  # fmt: skip
SERIES_LAST = (
    "Loft", "Bay", "Gable", "Veranda", "Pantry", "Alcove", "Terrace", "Attic", "Parlour", "Cabin", "Atrium", "Nook",
    "Porch", "Hearth", "Stair", "Balcony", "Cottage", "Arcade", "Pavilion", "Mill", "Cellar", "Turret", "Boathouse",
    "Chapel", "Glasshouse", "Barn", "Gallery", "Landing", "Shed", "Cloister", "Villa", "Bridge", "Quarters", "Wharf",
    "Shutter", "Beacon", "Orangery", "Inn", "Tower", "Lodge", "Skylight",
)  # fmt: skip
