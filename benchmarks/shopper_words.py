"""What people call the fashion world's values: held out, written from the columns' values and from how people talk.

Neither the list of synonyms that the package has nor the words that a parser knows were looked at. Some of these words
stand in the catalogue's titles, some only a list of synonyms could know, and some, «blue», mean several values; how
often which kind is heard is told apart in the table. The first word of every list is the plainest.
"""

from __future__ import annotations

COLOURS: dict[str, tuple[str, ...]] = {
    "black": ("black", "jet black", "pitch black", "deep black"),
    "white": ("white", "off-white", "ivory", "snow white", "bright white"),
    "grey": ("grey", "gray", "stone grey", "light gray", "melange grey"),
    "navy": ("navy", "navy blue", "dark blue", "midnight blue", "deep blue", "blue"),
    "sky blue": ("sky blue", "light blue", "baby blue", "pale blue", "powder blue", "blue"),
    "teal": ("teal", "petrol", "blue-green", "dark turquoise", "peacock"),
    "mint": ("mint", "mint green", "pale green", "light green", "seafoam", "green"),
    "olive": ("olive", "olive green", "khaki", "army green", "moss green", "green"),
    "beige": ("beige", "sand", "oatmeal", "camel", "tan", "sand-coloured"),
    "chocolate": ("chocolate", "dark brown", "brown", "chocolate brown", "coffee brown"),
    "rust": ("rust", "rusty orange", "burnt orange", "terracotta", "orange", "copper"),
    "mustard": ("mustard", "mustard yellow", "yellow", "ochre", "dark yellow"),
    "red": ("red", "bright red", "scarlet", "cherry red", "fire-engine red"),
    "blush": ("blush", "blush pink", "pale pink", "pink", "rose", "baby pink"),
    "lilac": ("lilac", "lavender", "purple", "light purple", "mauve"),
}
BROAD: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "blue": (("navy", "sky blue"), ("navy", "sky blue", "teal")),
    "green": (("olive", "mint"), ("olive", "mint", "teal")),
    "brown": (("chocolate",), ("chocolate", "rust", "beige")),
    "orange": (("rust",), ("rust", "mustard")),
}
"""Words for several colours: what they surely mean, and all that it is no fault to understand by them."""

MATERIALS: dict[str, tuple[str, ...]] = {
    "wool": ("wool", "pure wool", "woollen fabric", "warm wool"),
    "cotton": ("cotton", "100% cotton", "soft cotton"),
    "leather": ("leather", "real leather", "genuine leather"),
    "jersey": ("jersey", "stretchy jersey", "soft jersey"),
    "canvas": ("canvas", "sturdy canvas", "sailcloth"),
    "denim": ("denim", "jean fabric", "proper denim"),
    "linen": ("linen", "pure linen", "flax"),
    "suede": ("suede", "soft suede", "suede leather"),
    "silk": ("silk", "real silk", "pure silk"),
    "nylon": ("nylon", "polyamide", "light nylon"),
    "cashmere": ("cashmere", "soft cashmere", "real cashmere"),
    "corduroy": ("corduroy", "cord", "ribbed velvet"),
    "straw": ("straw", "raffia", "woven straw"),
    "fleece": ("fleece", "cosy fleece", "polar fleece"),
}
MADE_OF: dict[str, tuple[str, ...]] = {
    "wool": ("woollen", "woolly", "woolen"),
    "silk": ("silky",),
    "fleece": ("fleecy",),
}
"""Adjectives beside the bare word («wool coat»)."""

PATTERNS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "solid": (
        ("plain", "solid", "one-colour", "unpatterned", "single-coloured"),
        ("without a pattern", "in one plain colour", "with no print on it", "in a solid colour"),
        ("plain ones", "plain stuff", "solids"),
    ),
    "stripes": (
        ("striped", "stripy", "stripey", "pinstriped"),
        ("with stripes", "with lines on it", "with pinstripes"),
        ("stripes", "lines", "stripy ones"),
    ),
    "checks": (
        ("checked", "plaid", "tartan", "checkered", "chequered"),
        ("with checks", "with a check pattern", "in plaid", "in tartan"),
        ("checks", "plaid", "tartan", "checked ones"),
    ),
    "floral": (
        ("floral", "flowery", "flowered", "flower-print"),
        ("with flowers", "with a flower print", "with a floral pattern", "with blossoms on it"),
        ("flowers", "florals", "flowery things"),
    ),
    "dots": (
        ("dotted", "polka-dot", "spotted", "spotty"),
        ("with polka dots", "with dots", "with spots"),
        ("polka dots", "dots", "spots"),
    ),
    "colour-block": (
        ("colour-block", "two-tone", "color block", "two-coloured", "bicolour"),
        ("with colour blocks", "in two colours", "with blocks of colour", "with contrasting panels"),
        ("colour blocking", "two-tone ones", "those panels"),
    ),
}
"""Adjectives; with what («with stripes»); things («no stripes»)."""

SEASONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "winter": (
        ("for winter", "for the winter", "for cold weather", "for the cold months", "for when it's freezing"),
        ("winter", "cold-weather", "wintry"),
    ),
    "summer": (
        ("for summer", "for the summer", "for hot weather", "for hot days", "for the warm months"),
        ("summer", "summery", "hot-weather"),
    ),
    "spring": (("for spring", "for springtime", "for the spring", "for the first mild days"), ("spring", "springtime")),
    "autumn": (("for autumn", "for fall", "for the autumn", "for October"), ("autumn", "fall", "autumnal")),
    "all year": (
        ("for all year round", "for every season", "to wear all year", "for any time of the year"),
        ("all-season", "year-round", "all-year"),
    ),
}
"""For when; adjectives."""
OCCASIONS: dict[str, tuple[str, ...]] = {
    "winter": ("for a week in Norway in January", "for icy mornings", "for the ski trip", "for snow"),
    "summer": ("for two weeks on a Greek island", "for heatwaves", "for a wedding in July", "for the beach"),
    "spring": ("for a trip at Easter", "for April", "for the cherry blossom weeks"),
    "autumn": ("for windy walks in November", "for when the leaves come down", "for a weekend in October"),
    "all year": ("that I never have to put away", "no matter what month it is"),
}
"""The same without its name, as indirect people say it."""

STYLES: dict[str, tuple[str, ...]] = {
    "classic": ("classic", "timeless", "traditional", "elegant", "smart"),
    "minimal": ("minimal", "minimalist", "understated", "clean", "pared-back"),
    "romantic": ("romantic", "feminine", "girly", "dreamy"),
    "street": ("street", "urban", "edgy", "streetwear", "skater"),
    "boho": ("boho", "bohemian", "hippie", "free-spirited", "artsy"),
    "sporty": ("sporty", "athletic", "athleisure", "sports"),
}
TOO: dict[str, tuple[str, ...]] = {
    "classic": ("dressy", "formal", "stuffy", "classic", "old-fashioned"),
    "minimal": ("minimalist", "bare", "minimal", "stark"),
    "romantic": ("girly", "sweet", "romantic", "frilly"),
    "street": ("street", "edgy", "urban", "skater"),
    "boho": ("hippie", "boho", "arty"),
    "sporty": ("sporty", "gym-like", "athletic"),
}
"""«too …», «less …»: what people say of a style that is not theirs."""

BRANDS: dict[str, tuple[str, ...]] = {
    "Alder & Finch": ("Alder & Finch", "Alder and Finch", "alder & finch"),
    "Barnaby Row": ("Barnaby Row", "barnaby row"),
    "Casa Ocaso": ("Casa Ocaso", "casa ocaso"),
    "Halvt": ("Halvt", "halvt"),
    "Kerb": ("Kerb", "kerb"),
    "Mabel June": ("Mabel June", "mabel june"),
    "Night Bus": ("Night Bus", "nightbus"),
    "Northlap": ("Northlap", "north lap"),
    "Ostra Studio": ("Ostra Studio", "Ostra", "ostra studio"),
    "Parallel 52": ("Parallel 52", "parallel52"),
    "Petit Orage": ("Petit Orage", "petit orage"),
    "Plain Sight": ("Plain Sight", "plain sight"),
    "Rosamund": ("Rosamund", "rosamund"),
    "Saltmarsh": ("Saltmarsh", "salt marsh"),
    "Second Wind": ("Second Wind", "second wind"),
    "Velodrome": ("Velodrome", "velodrome"),
    "Wandering Teapot": ("Wandering Teapot", "wandering teapot"),
    "Whitcombe": ("Whitcombe", "whitcombe"),
}

PAIR = ""
"""Stands for the singular of what comes in pairs: «a pair of jeans», «jeans»."""
Noun = tuple[str, str]
CATEGORIES: dict[str, tuple[Noun, ...]] = {
    "bag": (("bag", "bags"), ("handbag", "handbags"), ("purse", "purses")),
    "coat": (("coat", "coats"),),
    "dress": (("dress", "dresses"), ("frock", "frocks"), ("gown", "gowns")),
    "hat": (("hat", "hats"), ("something for my head", "headwear"), ("hat", "headgear")),
    "hoodie": (("hoodie", "hoodies"), ("hooded sweatshirt", "hooded sweatshirts"), ("hooded top", "hooded tops")),
    "jacket": (("jacket", "jackets"),),
    "jeans": ((PAIR, "jeans"), (PAIR, "denims")),
    "shirt": (
        ("shirt", "shirts"),
        ("button-up", "button-ups"),
        ("blouse", "blouses"),
        ("collared shirt", "collared shirts"),
    ),
    "shoes": ((PAIR, "shoes"), (PAIR, "footwear")),
    "shorts": ((PAIR, "shorts"), (PAIR, "short pants")),
    "skirt": (("skirt", "skirts"),),
    "sweater": (("sweater", "sweaters"), ("jumper", "jumpers"), ("knit", "knits"), ("woolly jumper", "knitwear")),
    "t-shirt": (("t-shirt", "t-shirts"), ("tee", "tees"), ("tshirt", "tshirts"), ("T shirt", "T shirts")),
    "trousers": ((PAIR, "trousers"), (PAIR, "pants"), (PAIR, "slacks")),
}

CUTS_AS_NOUNS: dict[tuple[str, str], tuple[Noun, ...]] = {
    ("bag", "backpack"): (("backpack", "backpacks"), ("rucksack", "rucksacks")),
    ("bag", "crossbody"): (
        ("crossbody bag", "crossbody bags"),
        ("cross-body", "cross-bodies"),
        ("shoulder bag", "shoulder bags"),
    ),
    ("bag", "tote"): (("tote", "totes"), ("tote bag", "tote bags"), ("shopper", "shoppers")),
    ("coat", "trench"): (("trench coat", "trench coats"), ("trench", "trenches"), ("trenchcoat", "trenchcoats")),
    ("coat", "cape"): (("cape", "capes"), ("cape coat", "cape coats"), ("poncho-like coat", "poncho-like coats")),
    ("coat", "parka"): (("parka", "parkas"), ("hooded coat", "hooded coats"), ("anorak", "anoraks")),
    ("coat", "overcoat"): (("overcoat", "overcoats"), ("long smart coat", "long smart coats"), ("topcoat", "topcoats")),
    ("dress", "slip"): (("slip dress", "slip dresses"), ("spaghetti-strap dress", "spaghetti-strap dresses")),
    ("dress", "fit-and-flare"): (("fit-and-flare dress", "fit-and-flare dresses"), ("skater dress", "skater dresses")),
    ("dress", "sheath"): (("sheath dress", "sheath dresses"), ("pencil dress", "pencil dresses")),
    ("dress", "maxi"): (
        ("maxi dress", "maxi dresses"),
        ("long dress", "long dresses"),
        ("floor-length dress", "floor-length dresses"),
    ),
    ("hat", "cap"): (("cap", "caps"), ("baseball cap", "baseball caps")),
    ("hat", "bucket"): (("bucket hat", "bucket hats"), ("fisherman hat", "fisherman hats")),
    ("hat", "wide-brim"): (
        ("wide-brim hat", "wide-brim hats"),
        ("hat with a wide brim", "hats with a wide brim"),
        ("floppy hat", "floppy hats"),
    ),
    ("hat", "beanie"): (("beanie", "beanies"), ("knit hat", "knit hats"), ("woolly hat", "woolly hats")),
    ("jacket", "bomber"): (
        ("bomber jacket", "bomber jackets"),
        ("bomber", "bombers"),
        ("flight jacket", "flight jackets"),
    ),
    ("jacket", "biker"): (
        ("biker jacket", "biker jackets"),
        ("motorcycle jacket", "motorcycle jackets"),
        ("moto jacket", "moto jackets"),
    ),
    ("jacket", "puffer"): (
        ("puffer jacket", "puffer jackets"),
        ("puffer", "puffers"),
        ("padded jacket", "padded jackets"),
        ("down jacket", "down jackets"),
    ),
    ("jacket", "blazer"): (("blazer", "blazers"), ("suit jacket", "suit jackets")),
    ("shoes", "ankle boot"): ((PAIR, "ankle boots"), (PAIR, "boots"), (PAIR, "short boots"), (PAIR, "booties")),
    ("shoes", "pump"): ((PAIR, "pumps"), (PAIR, "heels"), (PAIR, "high heels"), (PAIR, "court shoes")),
    ("shoes", "sneaker"): ((PAIR, "sneakers"), (PAIR, "trainers"), (PAIR, "kicks")),
    ("shoes", "loafer"): ((PAIR, "loafers"), (PAIR, "slip-on shoes"), (PAIR, "moccasins")),
    ("shorts", "cargo"): ((PAIR, "cargo shorts"), (PAIR, "shorts with big pockets")),
    ("shorts", "running"): ((PAIR, "running shorts"), (PAIR, "jogging shorts"), (PAIR, "gym shorts")),
    ("skirt", "pencil"): (("pencil skirt", "pencil skirts"), ("tight office skirt", "tight office skirts")),
    ("skirt", "maxi"): (("maxi skirt", "maxi skirts"), ("long skirt", "long skirts")),
    ("skirt", "pleated"): (("pleated skirt", "pleated skirts"), ("skirt with pleats", "skirts with pleats")),
    ("skirt", "a-line"): (("A-line skirt", "A-line skirts"), ("a line skirt", "a line skirts")),
    ("sweater", "cardigan"): (("cardigan", "cardigans"), ("cardi", "cardis"), ("button-up knit", "button-up knits")),
    ("sweater", "roll-neck"): (("turtleneck", "turtlenecks"), ("roll-neck", "roll-necks"), ("polo neck", "polo necks")),
    ("sweater", "crew-neck"): (("crew-neck", "crew-necks"), ("round-neck sweater", "round-neck sweaters")),
}
"""Cuts with a name of their own, which says the category too."""

CUTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "a-line": (("A-line",), ("with an A-line cut",)),
    "baggy": (("baggy", "loose", "slouchy"), ("with a baggy fit", "with a loose fit", "that sit loosely")),
    "cropped": (("cropped", "short", "crop"), ("with a cropped cut", "that is cropped", "that ends at the waist")),
    "flared": (("flared", "bootcut", "bell-bottom"), ("with a flare", "with flared legs")),
    "oversized": (
        ("oversized", "roomy", "oversize", "baggy"),
        ("with an oversized fit", "with a roomy fit", "two sizes too big"),
    ),
    "pullover": (("pullover", "pull-on", "over-the-head"), ("without a zip", "to pull over the head")),
    "regular": (("regular", "regular-fit", "normal-fit", "standard"), ("with a regular fit", "with a normal fit")),
    "skinny": (("skinny", "tight", "super-slim"), ("with a skinny fit", "with tight legs")),
    "slim": (
        ("slim", "slim-fit", "fitted", "close-fitting"),
        ("with a slim fit", "with a close cut", "that fits close"),
    ),
    "straight": (("straight", "straight-leg", "straight-cut"), ("with straight legs", "with a straight cut")),
    "tailored": (("tailored", "chino", "smart"), ("with a tailored cut", "with a crease")),
    "tapered": (("tapered", "narrowing"), ("with a tapered leg", "that get narrow at the ankle")),
    "wide-leg": (("wide-leg", "wide", "palazzo"), ("with wide legs", "with a wide leg")),
    "zip-up": (("zip-up", "zipped", "full-zip"), ("with a zip", "with a zipper")),
}
"""Other cuts: adjectives; with what."""

BUDGETS: dict[str, tuple[str, ...]] = {
    "terse": ("under {n}", "max {n}", "below {n}", "up to {n}"),
    "chatty": ("under {n} bucks", "for less than {n} euros", "for {n} tops", "not over {n} if I can help it"),
    "polite": ("for no more than {n} euros", "below £{n}", "at {n} euros at the most", "for under {n} pounds"),
    "typos": ("under {n}", "less then {n}", "max {n} euro", "below {n}€"),
    "indirect": ("that doesn't cost more than {n}", "that leaves me change from {n}", "under {w}"),
    "keywords": ("under {n}", "<{n}", "max {n}", "< {n} eur"),
    "foreign": ("maximum {n} euro", "not more than {n}", "until {n} euros", "cheaper as {n}"),
}
"""By voice; {n} in digits, {w} in words."""
NUMBERS: dict[int, str] = {
    20: "twenty",
    25: "twenty-five",
    30: "thirty",
    40: "forty",
    50: "fifty",
    60: "sixty",
    70: "seventy",
    80: "eighty",
    100: "a hundred",
    120: "a hundred and twenty",
    150: "a hundred and fifty",
    200: "two hundred",
    250: "two hundred and fifty",
    300: "three hundred",
    400: "four hundred",
}
"""The bounds that people name."""
