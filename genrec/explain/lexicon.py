"""The English that the reader of claims knows: what words do in a sentence, whatever is for sale.

Phrases are in lower case; where several fit, the longest does. What a catalogue's values are called is no part of it:
that comes from the catalogue's columns, its titles and the owner's synonyms (`genrec.explain.gazetteer`).
"""

from __future__ import annotations

_BOUGHT = ("purchase", "buy", "order", "choice", "pick", "addition", "item", "piece", "find")

CUES: dict[str, tuple[str, ...]] = {
    # The recommended item.
    "this": (
        "it", "its", "itself", "this", "this one", "these", "these ones", "here", "the recommended item",
        "the recommendation", "our pick", "our suggestion", "our recommendation", "the new one",
        "the suggestion", "another piece", "another item", "another one",
    ),
    "other": ("that one", "the other one", "the latter", "the former"),
    # It and what was named.
    "both": (
        "both", "the two", "the pair", "they", "their", "them", "each", "all of them", "all three", "all these",
    ),
    "every": ("all three", "all of them", "all these", "all"),
    "same": ("same", "identical", "equal", "matching", "similar in", "comparable in", "close in", "equal in",
    "identical in"),
    "share": ("share", "shares", "shared", "sharing", "in common", "alike", "have in common", "connects", "links"),
    "also": (
        "also", "too", "as well", "likewise", "equally", "so was", "so were", "as was", "as were",
        "so is", "so are", "as is", "as are", "as does",
        "as do", "so does", "so do", "again",
    ),
    "differ": (
        "differ", "differs", "different", "another than", "not the same", "other than", "changes", "varies",
        "contrasts", "different from", "differs from", "differ from",
    ),
    "like": (
        "like", "just like", "just as", "much like", "exactly like", "similar to", "as with", "in line with", "akin to",
        "reminiscent of", "comparable to", "resembles", "resemble", "reminds us of", "reminds you of",
        "reminding of", "recalls", "recalling", "similarly to",
    ),
    "unlike": (
        "unlike", "in contrast to", "contrary to", "as opposed to", "different from", "differs from",
        "differ from", "not like", "nothing like",
    ),
    "people": (
        "someone who", "someone with", "somebody who", "anyone who", "people who", "people with",
        "customers with", "customers who", "shoppers who", "buyers of", "fans of", "owners of", "those who",
        "everyone who", "others who", "people that", "customers that", "someone", "people", "customers",
        "shoppers", "wearers of",
    ),
    "as": ("as",),
    "echo": (
        "combines", "takes over", "borrows", "picks up", "pick up", "picking up", "echoes", "echo", "echoing",
        "repeats", "mirrors", "continues",
        "brings back", "takes up", "keeps", "stays with", "sticks with", "sticks to", "carries on", "repeating",
        "reflected in", "returns in", "continues in", "lives on in", "reappears in", "found again in",
        "shows up in",
    ),
    # What is denied, and where that ends.
    "not": (
        "not", "no", "never", "without", "neither", "nor", "rather than", "instead of", "isn't", "aren't",
        "wasn't", "doesn't", "don't", "hardly", "far from", "anything but", "free of", "lacks", "cannot",
        "isnt", "nothing", "none",
    ),
    "not really": (
        "not only", "not just", "not merely", "no doubt", "no wonder", "no matter", "not least",
        "not surprisingly", "without doubt", "no surprise", "no less",
    ),
    "but": ("but", "only", "yet", "though", "however", "instead"),
    # People.
    "you": ("you", "you've", "you'd"),
    "your": ("your",),
    "yours": ("of yours", "of you", "in you"),
    "modal": ("may", "might", "will", "would", "could", "should", "can", "must", "you'll", "shall"),
    "owning": (
        "bought", "own", "owned", "have", "had", "purchased", "got", "ordered", "chose", "chosen", "picked",
        "picked up", "picked out", "took", "taken", "wear", "wore", "selected", "acquired", "went for",
        "gone for", "added", "collected", "treated yourself to", "paid for", "started with", "rated",
        "reviewed", "tried", "wears", "owns", "bring",
    ),
    "fancying": (
        "like", "liked", "love", "loved", "prefer", "preferred", "enjoy", "enjoyed", "favour", "favor",
        "appreciate", "buy", "choose", "go for", "come back to", "coming back to", "return to", "returning to",
        "pick", "lean towards", "reach for", "reaching for", "look for", "fancy", "keep buying", "collect",
        "care for",
    ),
    "seeking": (
        "looking for", "searching for", "want", "need", "wanted", "seek", "seeking", "after something",
        "in search of", "in the mood for", "hoping for",
    ),
    "taste": (
        "taste", "tastes", "love", "fondness", "eye", "liking", "preference", "passion", "weakness", "interest",
        "soft spot", "habit", "appetite", "affection", "penchant", "enthusiasm", "leaning", "thing", "history",
        "wardrobe", "closet", "collection", "purchases", "shelf", "basket", "orders", "fan", "lover", "admirer",
    ),
    "history": ("out of", "among", "from among", "in all"),
    # Clauses.
    "lead": (
        "because", "since", "if", "given", "given that", "considering", "considering that", "after", "having",
        "thanks to", "although", "when", "seeing", "seeing that", "knowing", "knowing that", "based on",
        "looking at", "from", "with", "as the owner", "now that", "for", "judging by", "going by", "in view of",
    ),
    "beside": ("while", "whereas", "whilst"),
    "so": ("so", "therefore", "hence", "thus", "that is why", "which is why", "that's why", "then", "we", "i"),
    "which": ("which", "which is", "which was", "that is", "that was", "who", "that"),
    "and": ("and", "or", "&", "plus"),
    "the": ("a", "an", "the", "some", "any", "another", "that", "those", "such", "every"),
    "by": (
        "in", "of", "from", "by", "made of", "made from", "made in", "made by", "cut from", "cut in", "with",
        "for", "out of", "crafted from", "crafted in", "crafted of", "to", "on", "into", "at", "beside",
        "alongside", "next to", "among", "towards", "about", "into",
    ),
    "than": ("than",),
    # Money.
    "cheaper": (
        *(f"less {word}" for word in ("pricey", "dear", "expensive")), "below that of", "lower than the price of",
        "below the price of", "less than the price of", "under that of",
        "lower than that of", "lower price", "lower prices", "undercuts", "less than", "below", "cheaper",
        "less expensive", "more affordable", "costs less", "cost less", "lower in price", "less costly",
        "lower priced", "lower-priced", "costing less", "for less", "more budget-friendly",
        "kinder to your wallet",
    ),
    "dearer": (
        *(f"more {word}" for word in ("pricey", "expensive")), "above that of", "higher than the price of",
        "above the price of", "more than the price of", "higher than that of",
        "higher price", "less cheap", "more than", "above", "pricier", "more expensive", "costs more",
        "cost more", "dearer", "higher in price", "more costly", "higher priced", "higher-priced",
        "costing more", "less affordable", "for more",
    ),
    "same price": (
        "same price", "equally priced", "costs the same", "cost the same", "cost as much",
        "as expensive", "as cheap", "as pricey", "as costly",
        "as much as",
    ),
    "price": ("costs", "cost", "price", "priced", "at", "for", "paid", "price is", "was", "is"),
    # Order and number.
    "last": (
        *(f"{when} {what}" for when in ("last", "latest", "newest", "most recent") for what in _BOUGHT),
        "most recently", "just bought", "last bought", "bought last", "last thing you bought", "just purchased",
        "just ordered", "just got",
    ),
    "first": ("first purchase", "first bought", "bought first", "first order"),
    "at least": ("at least", "no fewer than", "or more"),
    "more than": ("more than", "over"),
    "several": (
        "several", "many", "lots of", "a lot of", "plenty of", "a number of", "numerous", "various",
        "repeatedly",
    ),
    "verb": (
        "is", "are", "was", "were", "has", "comes", "come", "fits", "fit", "makes", "make", "made", "belongs",
        "belong", "looks", "look", "suits", "suit", "costs", "suggests", "suggest", "shows", "show", "sits",
        "sit", "brings", "goes", "go", "matches", "match", "pairs", "pair", "seems", "seem", "feels", "feel",
        "completes", "complete", "complements", "complement", "offers", "adds", "gives", "tells", "says",
        "stands", "works", "returns", "follows", "joins", "appears", "features", "combines", "remains",
        "carries", "sets", "reminds", "points", "starts", "started", "means", "include", "includes", "contains",
        "contain", "holds",
        "'s", "'re", "be", "being", "been", "extends", "rounds", "do", "does", "did", "cost", "tends", "want",
        "wants", "connects", "that's", "it's", "they're", "here's",
    ),
}  # fmt: skip

NUMBERS = {
    word: n
    for n, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    )
} | {"twice": 2, "couple": 2, "half a dozen": 6, "dozen": 12}

NAMES_OF: dict[str, tuple[str, ...]] = {
    "colour": ("color", "shade", "hue"),
    "color": ("colour", "shade", "hue"),
    "material": ("fabric", "cloth"),
    "brand": ("label", "maker"),
    "pattern": ("print", "design"),
    "silhouette": ("cut", "shape", "fit"),
    "series": ("line",),
    "category": ("kind", "type"),
}
"""What columns are called beside their names; counts only beside words of likeness."""
