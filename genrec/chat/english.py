"""The English of shoppers: what words do in a wish, whatever is for sale. Phrases in lower case; the longest counts.

What a catalogue's values are called is no part of it (`genrec.chat.vocabulary`); what English says beside that is in
`genrec.chat.thesaurus`.
"""

from __future__ import annotations

CUES: dict[str, tuple[str, ...]] = {
    # What follows is not wanted, until the clause ends.
    "not": (
        "not", "no", "without", "never", "nor", "neither", "anything but", "everything but", "everything except",
        "anything except", "except", "except for", "excluding", "exclude", "other than", "apart from", "aside from",
        "don't want", "do not want", "dont want", "didn't want", "don't need", "don't like", "do not like",
        "dont like", "didn't like", "did not like", "don't love", "doesn't like", "not a fan of", "not into",
        "hate", "hates", "dislike", "disliked", "detest", "loathe", "can't stand", "cannot stand", "avoid",
        "avoiding", "skip", "leave out", "instead of", "rather than", "allergic to", "free of", "no more",
        "enough of", "sick of", "tired of", "nothing", "none", "isn't", "aren't", "non", "less of the", "minus",
        "rule out", "not too", "not so", "not very", "not that", "not as", "nothing too", "nothing so", "isnt",
        "don't show me", "do not show me", "don't show", "stay away from", "steer clear of", "lose the", "ditch",
        "won't wear", "wouldn't wear", "don't wear", "never wear", "don't care for", "not keen on", "not fond of",
        "can't wear", "can't have", "can't do", "hold the", "sans", "bar", "save for", "not in", "don't fancy",
        "don't buy",
        "don't really like", "don't much like", "not really into", "not crazy about", "over with", "no longer",
        "bored of", "bored with", "bored by", "bored to death of", "fed up with", "fed up of", "had it with",
        "weary of", "done with",
    ),
    # Looks like a denial and is none.
    "fine": (
        "not only", "not just", "not necessarily", "why not", "not bad", "no problem", "not sure", "no idea", "no rush",
        "no doubt", "don't know", "do not know", "can't decide", "if not", "or not", "nothing in particular",
        "nothing special", "nothing specific", "no thanks", "no thank you", "nope", "not yet",
        "not really", "not exactly", "couldn't find", "can't find", "cannot find", "haven't found", "have nothing",
        "have no idea", "i have no idea",
    ),
    "or": ("or", "and/or", "or else", "or maybe", "or perhaps", "alternatively", "either"),
    "and": ("and", "&", "plus", "and also"),
    "but": ("but", "though", "however", "yet", "only", "except that", "just"),
    "also": ("also", "too", "as well", "additionally", "in addition", "is fine too", "would also work", "add"),
    "instead": ("instead", "rather", "make it", "make that", "change it to", "switch to", "change to", "actually"),
    "for": (
        "for", "in", "with", "of", "from", "by", "made of", "made from", "to", "on", "at", "has", "have",
        "suited to", "suited for", "well suited to", "well suited for", "suitable for", "that suits", "that suit",
        "which suits", "that would suit", "that will suit", "suits a", "suits the", "to suit",
    ),
    "the": ("the", "that", "this", "those", "these"),
    "a": ("a", "an", "some", "any other"),
    # Wishes taken back.
    "any": (
        "any", "whatever", "whichever", "doesn't matter", "does not matter", "don't matter", "dont matter",
        "doesnt matter", "not important", "unimportant", "isn't important", "is not important", "no object",
        "no strong preference", "no real preference", "have no preference", "don't really mind", "don't really care",
        "either is fine", "either way", "anything goes", "i have no preference",

        "don't care about",
        "do not care about", "don't care", "don't mind", "do not mind", "forget", "forget about", "never mind",
        "nevermind", "ignore", "regardless of", "no preference", "open to", "is open", "all kinds of", "every",
        "scrap", "drop", "disregard", "irrelevant", "no matter", "not fussed", "not bothered", "is up to you", "remove",
        "not fussy", "i'm flexible", "i'm easy", "flexible", "couldn't care less", "surprise me", "not picky",
        "makes no difference", "is not an issue", "isn't an issue", "up to you", "not a concern", "dont care",
        "dont mind",
    ),
    "reset": (
        "start over", "start again", "start afresh", "starting over", "new search", "reset", "from scratch",
        "begin again", "something completely different", "something entirely different", "something totally different",
        "clear everything", "forget everything", "forget all that", "forget all of that", "clear all",
        "clear my filters",
        "forget it all", "scrap that all", "scrap everything", "restart", "fresh start", "let's start again",
        "clear the filters", "remove all filters", "drop everything", "wipe the slate clean", "back to the beginning",
    ),
    # Likeness.
    "like": (
        "more like", "like", "similar to", "in the style of", "something like", "resembling", "along the lines of",
        "close to", "closer to", "comparable to", "akin to", "reminiscent of", "more of", "more similar to",
        "just like",
        "in the vein of", "in the spirit of", "goes in the direction of", "nearer to", "near to", "same as",
    ),
    # What belongs beside a thing, and is another one.
    "beside": (
        "goes with", "go with", "going with", "goes well with", "go well with", "goes nicely with", "go nicely with",
        "goes together with", "go together with", "goes best with", "go best with", "pairs with", "pair with",
        "pairs well with", "pair well with", "wear with", "worn with", "combine with", "combines with", "team with",
        "looks good with", "look good with", "to match", "that matches", "that match", "which matches", "complements",
    ),
    "same": ("same", "the same", "identical", "matching", "equal"),
    "other": ("another", "different", "other", "a different", "some other", "wrong", "change the", "change"),
    "than": ("than", "as"),
    # Fondness of shown things.
    "love": (
        "like", "love", "loved", "liked", "adore", "fancy", "great", "perfect", "nice", "lovely", "beautiful",
        "pretty", "gorgeous", "good", "excellent", "favourite", "favorite", "prefer", "enjoy", "cool", "closest",
        "awesome", "right direction", "getting warmer", "thumbs up", "appeals", "keen on", "into", "into the",
        "better", "best", "interesting", "stunning", "cute", "wonderful", "fantastic", "amazing", "nicer",
    ),
    "bad": (
        "ugly", "awful", "horrible", "boring", "terrible", "hideous", "bad", "meh", "wrong", "thumbs down", "worst",
        "not for me", "not my thing", "not my style", "not my taste", "no good", "dull", "tacky", "nasty",
        "isn't for me", "not nice", "not what i want", "not what i'm looking for", "not it", "isn't it", "yuck", "ew",
        "doesn't suit", "does not suit", "doesn't suit me", "does not suit me", "don't suit me", "do not suit me",
        "doesnt suit me", "won't suit me", "wouldn't suit me",
        "not my cup of tea", "isn't my thing", "isn't my style", "leaves me cold", "not right", "isn't right",
    ),
    "more": (
        "more", "none of these", "none of those", "none of them", "show me more", "others", "other ones",
        "what else", "anything else", "something else", "next",
        "different ones", "others please", "another", "else", "more options", "more ideas", "keep going", "next page",
        "other options", "other ideas", "continue", "new ones", "some others", "the next ones", "more please",
    ),
    # Bounds.
    "under": (
        "under", "below", "less than", "cheaper than", "lower than", "smaller than", "fewer than", "lighter than",
        "shorter than", "before", "beneath", "older than", "earlier than", "not over", "not above", "no more than",
        "not more than", "at most", "max", "maximum", "maximal", "up to", "within", "not exceeding", "no higher than",
        "upper limit", "budget", "budget of", "budget is", "limit", "cap of", "at the most", "tops", "until",
        "max of", "maximum of", "can spend", "spend", "can pay", "<", "<=", "no greater than", "or less", "or under",
        "or below", "or cheaper", "and under", "and below", "or fewer", "not beyond", "costing up to", "as much as",
    ),
    "over": (
        "over", "above", "more than", "greater than", "higher than", "bigger than", "larger than", "longer than",
        "heavier than", "after", "newer than", "later than", "since", "at least", "min", "minimum", "minimal",
        "no less than", "not less than", "not under", "not below", "from", "starting at", "upwards of", "exceeding",
        ">", ">=", "no fewer than", "or more", "or above", "or over", "and above", "and up", "and over", "or higher",
        "or better", "or newer", "or later", "beyond", "upward",
    ),
    "included": (
        "at most", "max", "maximum", "maximal", "up to", "within", "no more than", "not more than", "at least", "min",
        "minimum", "minimal", "no less than", "not less than", "from", "since", "starting at", "budget", "budget of",
        "budget is",
        "limit", "at the most", "tops", "not over", "not above", "not exceeding", "not under", "not below", "max of",
        "maximum of", "can spend", "spend", "can pay", "<=", ">=", "no fewer than", "or more", "or less", "and up",
        "or higher", "or newer", "or under", "or above", "or over", "or below", "or fewer", "or better", "or later",
        "no greater than", "no higher than", "cap of", "upper limit", "as much as", "costing up to", "or cheaper",
    ),
    "between": ("between", "from", "in the range of", "ranging from", "somewhere between", "anywhere between"),
    "about": ("around", "about", "roughly", "approximately", "circa", "ish", "or so", "near", "in the region of"),
    # Degrees of a comparison.
    "little": ("a bit", "a little", "slightly", "somewhat", "a tad", "a touch", "bit", "little"),
    "much": ("much", "a lot", "far", "way", "considerably", "significantly", "lots", "loads", "substantially"),
    "too": ("too", "so", "very", "quite", "that", "a bit too", "a little too", "way too", "far too", "much too"),
}  # fmt: skip

ORDINALS = {
    word: place
    for place, words in enumerate(
        (
            ("first", "1st"), ("second", "2nd"), ("third", "3rd"), ("fourth", "4th"), ("fifth", "5th"),
            ("sixth", "6th"), ("seventh", "7th"), ("eighth", "8th"), ("ninth", "9th"), ("tenth", "10th"),
        )
    )
    for word in words
} | {"last": -1, "final": -1, "bottom": -1, "top": 0}  # fmt: skip
_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
NUMBERS = {
    word: n
    for n, word in enumerate(
        _TWENTY.split()
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100,
     "dozen": 12, "couple": 2}  # fmt: skip

COMPARISONS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    # What a column's name contains, by role: words that ask for more, for less.
    "price": (
        ("price", "cost"),
        ("pricier", "dearer", "expensive", "costly", "luxurious", "luxury", "premium", "upmarket", "high-end",
         "upscale", "posh", "costlier", "pricey", "high end", "splurge", "exclusive", "dear", "overpriced", "steep"),
        ("cheaper", "cheap", "affordable", "inexpensive", "budget-friendly", "low-cost", "thrifty", "economical",
         "bargain", "low-priced", "reasonable", "cheapest", "low cost", "budget friendly", "good value",
         "on a budget", "tight budget", "save money", "frugal", "lower price", "lower priced",
         "more than i want to spend", "over my budget", "out of my budget", "beyond my budget", "out of my price range",
         "above my budget", "easier on the wallet"),
    ),
    "weight": (("weight", "mass"), ("heavier", "heavy", "weighty"), ("lighter", "lightweight", "light-weight")),
    "pages": (("pages", "page"), ("longer", "long", "thicker", "thick"), ("shorter", "short", "thin", "thinner",
              "slim", "brief", "quick read")),
    "duration": (("duration", "runtime", "minutes", "playtime", "length"), ("longer", "long"), ("shorter", "short")),
    "year": (
        ("year", "published", "released", "release", "publication", "date"),
        ("newer", "new", "recent", "more recent", "latest", "modern", "newest", "brand new", "recently"),
        ("older", "old", "vintage", "earlier", "oldest"),
    ),
    "rating": (
        ("rating", "stars", "score", "review"),
        ("better rated", "higher rated", "best rated", "top rated", "highly rated", "better reviewed", "well rated",
         "best reviewed", "well reviewed"),
        ("worse rated", "lower rated"),
    ),
    "size": (
        ("size", "height", "width", "diameter", "capacity", "volume", "litres", "liters", "screen"),
        ("bigger", "larger", "big", "large", "taller", "wider", "roomier", "huge"),
        ("smaller", "small", "tiny", "compact", "narrower", "little"),
    ),
    "power": (
        ("power", "watt", "voltage", "volt", "torque", "strength", "speed", "rpm"),
        ("stronger", "more powerful", "powerful", "faster", "strong", "fast"),
        ("weaker", "less powerful", "slower"),
    ),
}  # fmt: skip
"""How numbers are compared in words."""
_COMPARED = (
    "cheaper pricier dearer costlier heavier lighter longer shorter thicker thinner newer older bigger larger smaller "
    "taller wider narrower roomier stronger weaker faster slower earlier"
)
COMPARATIVE = frozenset(_COMPARED.split()) | {"better rated", "higher rated", "lower rated", "worse rated",
"more powerful", "less powerful", "lower price",
     "more recent", "better reviewed", "more than i want to spend", "over my budget",
     "out of my budget", "beyond my budget", "out of my price range", "above my budget"}  # fmt: skip
"""Those that compare with what was shown; the others are for themselves."""
UNITS = {
    "price": ("euro", "euros", "eur", "usd", "dollar", "dollars", "pound", "pounds", "bucks", "gbp", "quid", "£", "$",
              "€"),
    "weight": ("kg", "g", "kilo", "kilos", "gram", "grams", "lb", "lbs", "kilograms", "oz"),
    "pages": ("page", "pages", "pp"),
    "duration": ("minutes", "minute", "min", "mins", "hours", "hour"),
    "rating": ("star", "stars"),
    "size": ("cm", "mm", "inch", "inches", "litre", "litres", "liter", "liters", "l", "m"),
    "power": ("w", "watt", "watts", "v", "volt", "volts", "rpm", "nm"),
}  # fmt: skip
NAMES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    # Columns, or parts of their names; what they are called and asked for beside that.
    (("colour", "color"), ("colour", "color", "shade", "hue", "colouring")),
    (("material", "fabric"), ("material", "fabric", "cloth", "made of", "made from", "made out of")),
    (
        ("brand", "maker", "manufacturer", "label", "make"),
        ("brand", "label", "maker", "make", "manufacturer", "who makes", "who made", "brand name"),
    ),
    (("pattern",), ("print", "patterned", "motif")),
    (("silhouette", "cut", "shape", "fit"), ("cut", "shape", "fit")),
    (("series", "collection"), ("line", "collection", "series")),
    (("category", "type", "kind", "product"), ("kind", "type", "category", "sort", "kind of thing")),
    (("genre", "genres"), ("genre", "kind", "type")),
    (("price", "cost"), ("price", "cost", "costs", "how much", "how expensive", "pricing", "budget")),
    (("author", "writer"), ("author", "writer", "written by", "who wrote", "wrote", "who is the author")),
    (("publisher",), ("published by", "publishing house")),
    (("pages",), ("page count", "how long", "how many pages", "length")),
    (("weight", "mass"), ("weight", "how heavy", "weigh", "weighs", "how much does it weigh")),
    (("year", "published", "released"), ("year", "how old", "when", "published", "came out", "released")),
    (("rating", "stars", "score"), ("rating", "rated", "how good", "stars", "ratings")),
    (("language",), ("languages",)),
    (("season",), ("time of year",)),
    (("style",), ("look",)),
    (("size",), ("sizes", "how big", "how large")),
    (("power", "watt", "voltage"), ("how powerful", "how strong", "wattage")),
    (("source",), ("powered by", "power source", "power")),
)


_QUIET = """
a an the i i'm im i'd i'll i've me my mine we us our you your he she it its it's they them their this that these those
there here is are was were be been being am do does did doing done have has had having can could would will shall
should may might must want wants wanted need needs needed look looking looks search searching find finding found show
showing shown see seeing give gives get getting got buy buying bought help please thanks thank hello hi hey ok okay
yes yeah yep sure well so very really quite just some something anything somewhere things thing stuff item items
product products piece pieces one ones pair of for to in on at by with from as into about up out off over again then
now maybe perhaps kind sort type like would'd what's what which who how when where why if because since and or but not
no nor only also too as than more most less least much many few lot lots any all every each both either other others
another else same such own good nice great lovely best better recommend recommends recommendation recommendations
suggest suggestion suggestions idea ideas choose choice option options go going come comes think know guess prefer
preferably rather ideally exactly right still even ever never day today tomorrow tonight soon time people person
someone somebody everyone tell let's lets let make makes made take takes wear wearing use using used feel feels seem
seems bit little far could've that's there's don't doesn't didn't isn't aren't won't can't cannot wouldn't haven't
hasn't definitely absolutely anyway actually instead however though yet price prices cost costs budget euro euros
dollar dollars spend money pay colour color wonder wondering happy fine interested love loved liked hate hated buying
shop shopping store catalogue catalog available possible possibly mind able try trying tried fancy fancies mood
hunting hunt after keen seeking seek hoping hope point direction carry stock sell sells offer offers friend mum mom
dad wife husband sister brother daughter son girlfriend boyfriend myself gift present favourite closest close okay-ish
bring brings anybody course alright certainly suppose less-so way kinda sorta wanna gonna gotta lemme gimme pls plz
thx ta cheers sorry excuse hmm uh um oh ah wow nah nope them himself herself say said says mean means meant talk ask
asking question answer hundred ahead behind between within under around roughly else's page list first second third
last next previous former latter number numbers option preference keep keeps kept stay left remain total overall
goes suited suitable bored particular special specific certain own usual
"""
QUIET = frozenset(_QUIET.split())
"""Words that ask for nothing by themselves."""
