"""The words a garment is made of: categories, patterns, brands, and what goes with what; colours are in palette.py.

Pure tables; every weight is a small integer, so that sums of them are exact in float64 whatever order they are
taken in, and a world built from them is the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

from genrec.data.synthetic.dynamics import ALL_YEAR

STYLES = ("classic", "sporty", "boho", "street", "minimal", "romantic")
PATTERNS = ("solid", "stripes", "checks", "dots", "floral", "colour-block")
TIERS = 3  # price levels: 0 friendly, 1 middle, 2 dear


@dataclass(frozen=True)
class Category:
    slot: str  # upper, outer, lower, full, shoes, bag, hat
    share: int
    price: int
    silhouettes: tuple[str, ...]
    materials: tuple[str, ...]
    seasons: tuple[int, int, int, int, int]  # weights of SEASONS, then of all year
    complements: dict[str, int]  # what is bought after it, and how readily


CATEGORIES: dict[str, Category] = {
    "t-shirt": Category(
        "upper", 12, 24, ("slim", "regular", "oversized", "cropped"), ("cotton", "jersey", "linen"), (1, 3, 5, 1, 5),
        {"jeans": 8, "shorts": 5, "skirt": 4, "trousers": 3, "jacket": 4, "shoes": 3, "hoodie": 2, "hat": 2},
    ),
    "shirt": Category(
        "upper", 9, 48, ("slim", "regular", "oversized"), ("cotton", "linen", "silk", "denim"), (1, 3, 3, 2, 4),
        {"trousers": 8, "skirt": 5, "jeans": 4, "sweater": 4, "jacket": 4, "shoes": 3, "bag": 1},
    ),
    "sweater": Category(
        "upper", 9, 65, ("crew-neck", "roll-neck", "cardigan", "oversized"), ("wool", "cashmere", "cotton"),
        (6, 2, 0, 5, 1),
        {"trousers": 6, "jeans": 6, "coat": 5, "skirt": 4, "shirt": 3, "hat": 3},
    ),
    "hoodie": Category(
        "upper", 7, 52, ("pullover", "zip-up", "cropped"), ("cotton", "jersey", "fleece"), (2, 3, 1, 4, 4),
        {"jeans": 6, "shorts": 4, "t-shirt": 4, "shoes": 4, "hat": 4, "jacket": 3, "trousers": 2, "bag": 1},
    ),
    "jacket": Category(
        "outer", 8, 110, ("bomber", "blazer", "biker", "puffer"), ("leather", "wool", "nylon", "denim"),
        (2, 4, 0, 4, 2),
        {"jeans": 6, "t-shirt": 5, "shirt": 4, "shoes": 4, "dress": 3, "bag": 3},
    ),
    "coat": Category(
        "outer", 7, 165, ("trench", "overcoat", "parka", "cape"), ("wool", "cotton", "nylon"), (7, 2, 0, 4, 0),
        {"sweater": 6, "hat": 5, "trousers": 4, "bag": 4, "shoes": 4, "dress": 3},
    ),
    "trousers": Category(
        "lower", 8, 70, ("slim", "straight", "wide-leg", "tapered"), ("wool", "cotton", "linen", "corduroy"),
        (2, 3, 2, 3, 4),
        {"shirt": 8, "sweater": 5, "shoes": 5, "t-shirt": 3, "jacket": 3, "coat": 2},
    ),
    "jeans": Category(
        "lower", 8, 75, ("skinny", "straight", "flared", "baggy"), ("denim",), (1, 2, 1, 2, 6),
        {"t-shirt": 7, "hoodie": 5, "shoes": 5, "jacket": 5, "sweater": 4, "shirt": 3},
    ),
    "shorts": Category(
        "lower", 6, 38, ("tailored", "cargo", "running"), ("cotton", "linen", "jersey"), (0, 2, 8, 0, 1),
        {"t-shirt": 8, "shoes": 4, "hat": 4, "shirt": 3, "hoodie": 3, "bag": 2},
    ),
    "skirt": Category(
        "lower", 6, 55, ("pencil", "a-line", "pleated", "maxi"), ("cotton", "silk", "wool", "linen"), (1, 4, 4, 2, 2),
        {"shirt": 5, "sweater": 5, "shoes": 5, "t-shirt": 4, "bag": 3, "jacket": 3},
    ),
    "dress": Category(
        "full", 8, 89, ("sheath", "fit-and-flare", "slip", "maxi"), ("cotton", "silk", "linen", "jersey"),
        (1, 4, 6, 2, 1),
        {"shoes": 8, "bag": 7, "jacket": 5, "coat": 4, "hat": 3},
    ),
    "shoes": Category(
        "shoes", 9, 92, ("sneaker", "ankle boot", "loafer", "pump"), ("leather", "suede", "canvas"), (2, 3, 3, 3, 5),
        {"bag": 6, "trousers": 4, "jeans": 4, "dress": 4, "skirt": 3, "shorts": 3},
    ),
    "bag": Category(
        "bag", 7, 80, ("tote", "backpack", "crossbody"), ("leather", "canvas", "suede"), (1, 2, 2, 1, 8),
        {"shoes": 7, "dress": 5, "coat": 3, "hat": 3, "jacket": 2},
    ),
    "hat": Category(
        "hat", 5, 29, ("beanie", "cap", "wide-brim", "bucket"), ("wool", "cotton", "straw"), (4, 2, 5, 2, 1),
        {"coat": 5, "shorts": 4, "bag": 4, "hoodie": 3, "t-shirt": 3, "shoes": 2},
    ),
}  # fmt: skip

# A series is bought in the order in which one dresses: one category of each stage, stages in this order.
STAGES: tuple[tuple[str, ...], ...] = (
    ("t-shirt", "shirt", "dress"),
    ("trousers", "jeans", "shorts", "skirt"),
    ("sweater", "hoodie"),
    ("jacket", "coat"),
    ("shoes",),
    ("bag",),
    ("hat",),
)

# Where a material is worn; absent = any season.
WORN_IN: dict[str, tuple[str, ...]] = {
    "linen": ("spring", "summer"),
    "straw": ("summer", "spring"),
    "wool": ("winter", "autumn", ALL_YEAR),
    "cashmere": ("winter", "autumn", ALL_YEAR),
    "fleece": ("winter", "autumn", ALL_YEAR),
    "corduroy": ("winter", "autumn", ALL_YEAR),
    "suede": ("autumn", "winter", "spring", ALL_YEAR),
}
MATERIAL_PRICE = {"cashmere": 170, "silk": 145, "leather": 140, "suede": 125, "wool": 115, "jersey": 90, "canvas": 85}
# Wide-brims are of straw in summer, beanies of wool: what a silhouette allows where it does not allow all.
SILHOUETTE_MATERIALS: dict[str, tuple[str, ...]] = {
    "beanie": ("wool", "cotton"), "cap": ("cotton",), "wide-brim": ("straw", "wool"), "bucket": ("cotton", "straw"),
    "biker": ("leather",), "puffer": ("nylon",), "blazer": ("wool",), "bomber": ("nylon", "leather", "denim"),
    "parka": ("nylon", "cotton"), "cape": ("wool",), "overcoat": ("wool",), "trench": ("cotton",),
    "pump": ("leather", "suede"), "sneaker": ("canvas", "leather"), "slip": ("silk", "jersey"),
}  # fmt: skip


@dataclass(frozen=True)
class Brand:
    styles: tuple[str, str]  # the one it is known for, and its second
    tier: int


BRANDS: dict[str, Brand] = {
    "Alder & Finch": Brand(("classic", "minimal"), 1),
    "Barnaby Row": Brand(("classic", "street"), 0),
    "Whitcombe": Brand(("classic", "romantic"), 2),
    "Second Wind": Brand(("sporty", "street"), 0),
    "Northlap": Brand(("sporty", "minimal"), 1),
    "Velodrome": Brand(("sporty", "classic"), 2),
    "Saltmarsh": Brand(("boho", "romantic"), 1),
    "Wandering Teapot": Brand(("boho", "street"), 0),
    "Casa Ocaso": Brand(("boho", "classic"), 2),
    "Kerb": Brand(("street", "sporty"), 0),
    "Night Bus": Brand(("street", "minimal"), 1),
    "Parallel 52": Brand(("street", "boho"), 2),
    "Plain Sight": Brand(("minimal", "classic"), 0),
    "Halvt": Brand(("minimal", "sporty"), 1),
    "Ostra Studio": Brand(("minimal", "romantic"), 2),
    "Petit Orage": Brand(("romantic", "boho"), 1),
    "Mabel June": Brand(("romantic", "classic"), 0),
    "Rosamund": Brand(("romantic", "minimal"), 2),
}

# What a style leans to. Columns: FAMILIES; PATTERNS.
STYLE_FAMILIES: dict[str, tuple[int, ...]] = {
    "classic": (4, 4, 5, 2, 1), "sporty": (3, 1, 5, 5, 2), "boho": (1, 6, 2, 5, 2),
    "street": (6, 2, 3, 4, 2), "minimal": (7, 4, 3, 1, 2), "romantic": (2, 2, 2, 3, 7),
}  # fmt: skip
STYLE_PATTERNS: dict[str, tuple[int, ...]] = {
    "classic": (8, 5, 5, 1, 0, 1), "sporty": (6, 4, 0, 0, 0, 7), "boho": (4, 3, 2, 2, 7, 1),
    "street": (6, 2, 4, 1, 0, 6), "minimal": (14, 3, 1, 0, 0, 2), "romantic": (5, 1, 1, 5, 7, 0),
}  # fmt: skip

# A series is called by one of each.
SERIES_FIRST = (
    "Little", "Late", "Quiet", "Golden", "Wild", "Paper", "Northern", "Lost", "Second", "Open", "Slow", "Grand",
    "Secret", "Winding", "Sleepy", "Bright",
)  # fmt: skip
SERIES_LAST = (
    "Harbour", "Orchard", "Lighthouse", "Moon", "Ember", "Meadow", "Tide", "Observatory", "Clementine", "Switchback",
    "Almanac", "Garden", "Foxglove", "Commute", "Atlas", "Sunday", "Lantern", "Quarry", "Window", "Marzipan", "Ferry",
    "Postcard", "Thicket", "Overpass", "Duet", "Sparrow", "Matinee", "Parade", "Ballad", "Compass", "Picnic", "Rooftop",
    "Tango", "Courtyard", "Echo", "Library", "Magnolia", "Nomad", "Origami", "Pebble", "Quince",
)  # fmt: skip
