"""What English says for values that many catalogues have: used only where a catalogue has such a value, and no word of
its own says otherwise."""

from __future__ import annotations

from dataclasses import dataclass

MEANT: dict[str, tuple[str, ...]] = {
    # Families of colours, and the ways to write them.
    "blue": ("blue", "navy", "sky blue", "light blue", "dark blue", "royal blue", "turquoise"),
    "bluish": ("blue", "navy", "sky blue"),
    "green": ("green", "olive", "mint", "emerald", "khaki", "sage", "lime", "dark green"),
    "greenish": ("green", "olive", "mint", "teal"),
    "brown": ("brown", "chocolate", "tan", "camel", "coffee", "chestnut"),
    "yellow": ("yellow", "mustard", "gold", "ochre", "lemon"),
    "orange": ("orange", "rust", "terracotta", "coral"),
    "purple": ("purple", "lilac", "violet", "plum", "lavender", "mauve"),
    "violet": ("violet", "lilac", "purple"), "lavender": ("lavender", "lilac"), "mauve": ("mauve", "lilac"),
    "pink": ("pink", "blush", "rose", "fuchsia"), "rose": ("rose", "blush", "pink"),
    "pinkish": ("pink", "blush", "rose"), "reddish": ("red", "rust", "burgundy"),
    "turquoise": ("turquoise", "teal"), "petrol": ("petrol", "teal"), "aqua": ("aqua", "teal", "turquoise"),
    "burgundy": ("burgundy", "maroon", "red"), "crimson": ("crimson", "red"), "scarlet": ("scarlet", "red"),
    "maroon": ("maroon", "burgundy"), "terracotta": ("terracotta", "rust"), "copper": ("copper", "rust"),
    "cream": ("cream", "ivory", "off-white", "beige"), "ivory": ("ivory", "cream", "white"),
    "tan": ("tan", "beige", "camel"), "camel": ("camel", "beige", "tan"), "khaki": ("khaki", "olive", "beige"),
    "gold": ("gold", "mustard"), "golden": ("gold", "mustard"), "azure": ("azure", "sky blue"),
    "gray": ("grey", "gray"), "grey": ("gray", "grey"), "charcoal": ("charcoal", "grey", "gray"),
    "silver": ("silver", "grey", "gray"), "multicoloured": ("multicolour", "multi", "colour-block"),
    "multicolored": ("multicolor", "multi", "colour-block"), "coffee": ("coffee", "chocolate", "brown"),
    # Seasons and weather.
    "fall": ("fall", "autumn"), "autumn": ("fall", "autumn"), "autumnal": ("autumn", "fall"),
    "wintery": ("winter",), "wintry": ("winter",), "summery": ("summer",), "springtime": ("spring",),
    "snow": ("winter",), "snowy": ("winter",), "cold weather": ("winter",), "cold days": ("winter",),
    "freezing": ("winter",), "cold": ("winter",), "hot weather": ("summer",), "hot days": ("summer",),
    "heat": ("summer",), "beach": ("summer",), "summertime": ("summer",), "wintertime": ("winter",),
    "hot": ("summer",), "all-season": ("all year",), "all season": ("all year",), "year-round": ("all year",),
    "year round": ("all year",),
    # Things to wear.
    "trousers": ("trousers", "pants"), "pants": ("pants", "trousers"), "slacks": ("trousers", "pants"),
    "sweater": ("sweater", "jumper", "pullover", "knitwear"), "jumper": ("jumper", "sweater", "pullover"),
    "knitwear": ("sweater", "cardigan"), "pullover": ("pullover", "sweater", "jumper"),
    "tee": ("t-shirt", "tee"), "tshirt": ("t-shirt",), "t shirt": ("t-shirt",), "top": ("t-shirt", "top", "tops"),
    "blouse": ("blouse", "shirt"), "sneakers": ("sneaker", "sneakers", "trainers"), "frock": ("dress",),
    "trainers": ("trainers", "sneaker", "sneakers"), "footwear": ("shoes", "footwear"), "gown": ("dress",),
    "boots": ("boots", "ankle boot"), "heels": ("heels", "pump", "pumps"), "handbag": ("handbag", "bag"),
    "purse": ("purse", "bag", "handbag"), "rucksack": ("rucksack", "backpack"), "backpack": ("backpack", "rucksack"),
    "turtleneck": ("turtleneck", "roll-neck"), "polo neck": ("roll-neck", "turtleneck"), "denims": ("jeans",),
    "headwear": ("hat", "cap"), "outerwear": ("coat", "jacket"), "sweatshirt": ("sweatshirt", "hoodie"),
    "plain": ("plain", "solid"), "solid": ("solid", "plain"), "unpatterned": ("solid", "plain"),
    "patternless": ("solid", "plain"), "one colour": ("solid",), "single colour": ("solid",),
    "striped": ("striped", "stripes"), "stripy": ("stripes", "striped"), "stripe": ("stripes", "striped"),
    "checked": ("checked", "checks", "plaid"), "chequered": ("checks", "checked"), "checkered": ("checks", "checked"),
    "plaid": ("plaid", "checks"), "tartan": ("tartan", "checks", "plaid"), "dotted": ("dotted", "dots"),
    "polka dots": ("polka dots", "dots"), "spotty": ("dots", "spots"), "flowers": ("floral", "flowers"),
    "flowery": ("floral",), "floral": ("floral", "flowers"), "two-tone": ("colour-block", "two-tone"),
    "woollen": ("wool",), "woolen": ("wool",), "woolly": ("wool",), "silky": ("silk",), "leathery": ("leather",),
    "knitted": ("wool", "cashmere"), "wooden": ("wood", "wooden"), "metallic": ("metal", "metallic"),
    # Styles.
    "minimalist": ("minimal", "minimalist"), "minimalistic": ("minimal", "minimalist"), "simple": ("minimal", "simple"),
    "understated": ("minimal",), "bohemian": ("boho", "bohemian"), "hippie": ("boho",), "timeless": ("classic",),
    "traditional": ("classic", "traditional"), "athletic": ("sporty", "athletic"), "sportive": ("sporty",),
    "sports": ("sporty", "sports"), "sport": ("sporty", "sports"), "streetwear": ("street", "streetwear"),
    "urban": ("street", "urban"), "feminine": ("romantic",), "dreamy": ("romantic",), "elegant": ("classic", "elegant"),
    "preppy": ("classic", "preppy"), "gym": ("sporty",), "workout": ("sporty",), "skater": ("street",),
    # Books, films, tools.
    "sci-fi": ("science fiction", "sci-fi", "scifi"), "scifi": ("science fiction", "sci-fi"),
    "science fiction": ("sci-fi", "science fiction"), "whodunit": ("mystery", "crime"), "detective": ("mystery",
          "crime"),
    "crime": ("crime", "mystery"), "scary": ("horror",), "funny": ("comedy", "humour", "humor"),
    "love story": ("romance",),
    "romantic": ("romantic", "romance"), "spooky": ("horror",), "kids": ("children", "kids"),
    "childrens": ("children",), "cordless": ("cordless", "battery"), "battery-powered": ("battery", "cordless"),
    "battery powered": ("battery", "cordless"), "rechargeable": ("battery", "cordless"), "corded": ("corded", "mains"),
    "hand-powered": ("manual", "hand"), "electric": ("electric", "mains", "corded"), "petrol-driven": ("petrol",),
}  # fmt: skip
"""From a word to the values it may mean; a value and all others of the list that stand in the same column are meant."""


@dataclass(frozen=True)
class Sense:
    """One thing a word may mean. said: behind the word, in the question. hints: words of an answer that choose it.
    values: those that count as such. role: of `english.COMPARISONS`, with more (1) or less (-1) of it."""

    said: str
    hints: tuple[str, ...]
    values: tuple[str, ...] = ()
    role: str = ""
    more: int = 0


_PALE = ("white", "beige", "cream", "ivory", "mint", "sky blue", "light blue", "blush", "lilac", "yellow", "pale pink")
_DARK = (
    "black",
    "navy",
    "chocolate",
    "dark blue",
    "dark green",
    "brown",
    "burgundy",
    "charcoal",
    "anthracite",
    "olive",
)
SENSES: dict[str, tuple[Sense, ...]] = {
    "light": (
        Sense("in colour", ("colour", "color", "shade", "bright", "pale", "tone"), _PALE),
        Sense("in weight", ("weight", "carry", "heavy", "lift", "kg"), role="weight", more=-1),
        Sense("in fabric", ("fabric", "material", "cloth", "airy", "thin", "wear", "weight"),
              ("linen", "silk", "jersey", "cotton", "viscose", "chiffon")),
        Sense("to read", ("read", "reading", "funny", "mood", "easy"), ("comedy", "humour", "humor", "romance")),
    ),
    "dark": (
        Sense("in colour", ("colour", "color", "shade", "tone"), _DARK),
        Sense("in mood", ("mood", "story", "theme"), ("horror", "noir", "thriller", "crime")),
    ),
    "warm": (
        Sense("for the cold", ("cold", "winter", "weather", "temperature", "season", "keep", "keeps"), ("winter",)),
        Sense("in colour", ("colour", "color", "shade", "tone", "tones"),
              ("red", "orange", "yellow", "rust", "mustard", "brown", "chocolate", "terracotta")),
    ),
    "cool": (
        Sense("for the heat", ("heat", "summer", "weather", "temperature", "season"), ("summer",)),
        Sense("in colour", ("colour", "color", "shade", "tone", "tones"), ("blue", "navy", "sky blue", "teal", "mint")),
    ),
    "short": (
        Sense("in pages", ("pages", "read", "page"), role="pages", more=-1),
        Sense("in time", ("time", "duration", "minutes"), role="duration", more=-1),
        Sense("in size", ("size", "height"), role="size", more=-1),
    ),
    "warmer": (Sense("for the cold", ("cold",), ("winter",)),),
    "lighter": (
        Sense("in colour", ("colour", "color", "shade", "bright", "pale", "tone"), _PALE),
        Sense("in weight", ("weight", "carry", "heavy", "lift", "kg"), role="weight", more=-1),
    ),
    "darker": (Sense("in colour", ("colour", "color", "shade"), _DARK),),
    "brighter": (Sense("in colour", ("colour", "color"), ("red", "yellow", "orange", "pink", "white", "mint")),),
    "bright": (Sense("in colour", ("colour", "color"), ("red", "yellow", "orange", "pink", "white", "mint")),),
    "pale": (Sense("in colour", ("colour", "color"), _PALE),),
    "pastel": (Sense("in colour", ("colour", "color"), ("mint", "sky blue", "light blue", "blush", "lilac",
          "pale pink")),),
    "neutral": (Sense("in colour", ("colour", "color"), ("white", "beige", "grey", "gray", "black", "cream")),),
    "earthy": (Sense("in colour", ("colour", "color"), ("chocolate", "olive", "rust", "beige", "brown", "mustard")),),
    "colourful": (Sense("in colour", ("colour", "color"), ("red", "yellow", "orange", "pink", "mustard", "teal",
          "mint")),),
    "colorful": (Sense("in colour", ("colour", "color"), ("red", "yellow", "orange", "pink", "mustard", "teal",
          "mint")),),
    "patterned": (Sense("in pattern", ("pattern",), ("stripes", "checks", "dots", "floral", "striped", "checked")),),
}  # fmt: skip
"""Words of several senses: where a catalogue has more than one of them, the shopper is asked which one is meant."""
