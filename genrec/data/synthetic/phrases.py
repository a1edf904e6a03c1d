"""What the copywriter has at hand: synonyms and sentences for each attribute."""

from __future__ import annotations

NOUNS: dict[str, tuple[str, ...]] = {
    "t-shirt": ("t-shirt", "tee", "top"), "shirt": ("shirt", "button-up", "button-down shirt"),
    "sweater": ("sweater", "jumper", "knit"), "cardigan": ("cardigan", "button-front knit"),
    "hoodie": ("hoodie", "hooded sweatshirt", "hoody"), "jacket": ("jacket",),
    "bomber": ("bomber", "bomber jacket"), "blazer": ("blazer", "tailored jacket"),
    "biker": ("biker jacket", "moto jacket"), "puffer": ("puffer", "quilted jacket"), "coat": ("coat",),
    "trench": ("trench coat", "trench", "mac"), "overcoat": ("overcoat", "topcoat"),
    "parka": ("parka", "hooded coat"), "cape": ("cape", "cape coat"), "trousers": ("trousers", "pants", "slacks"),
    "jeans": ("jeans",), "shorts": ("shorts",), "skirt": ("skirt",), "dress": ("dress",),
    "slip": ("slip dress", "cami dress"), "shoes": ("shoes",), "sneaker": ("sneakers", "trainers", "tennis shoes"),
    "ankle boot": ("ankle boots", "boots"), "loafer": ("loafers", "slip-on shoes"), "pump": ("pumps", "heels"),
    "bag": ("bag",), "tote": ("tote", "tote bag", "shopper"), "backpack": ("backpack", "rucksack"),
    "crossbody": ("crossbody bag", "shoulder bag"), "hat": ("hat",), "beanie": ("beanie", "knit cap"),
    "cap": ("cap", "baseball cap"), "wide-brim": ("wide-brim hat", "sun hat"), "bucket": ("bucket hat",),
}  # fmt: skip

# By «category silhouette» where the word depends on it, else by silhouette; absent = the noun says it.
CUTS: dict[str, tuple[str, ...]] = {
    "slim": ("slim", "slim-fit", "close-cut"), "regular": ("", "regular-fit", "easy"),
    "oversized": ("oversized", "boxy", "roomy"), "cropped": ("cropped", "short-cut"),
    "crew-neck": ("crew-neck", "round-neck"), "roll-neck": ("roll-neck", "turtleneck"),
    "pullover": ("pullover", ""), "zip-up": ("zip-up", "full-zip"), "straight": ("straight", "straight-leg"),
    "wide-leg": ("wide-leg", "flowing"), "tapered": ("tapered", "cropped tapered"), "skinny": ("skinny", "second-skin"),
    "flared": ("flared", "bell-bottom"), "baggy": ("baggy", "loose-fit"), "tailored": ("tailored", "pleat-front"),
    "cargo": ("cargo", "six-pocket"), "running": ("running", "split-hem"), "pencil": ("pencil", "straight-cut"),
    "a-line": ("A-line", "swingy"), "pleated": ("pleated", "knife-pleat"), "maxi": ("maxi", "floor-length"),
    "sheath": ("sheath", "fitted"), "fit-and-flare": ("fit-and-flare", "full-skirted"),
}  # fmt: skip

COLOUR_WORDS: dict[str, tuple[str, ...]] = {
    "black": ("black", "jet black", "ink black"), "white": ("white", "off-white", "chalk white"),
    "grey": ("grey", "pebble grey", "heather grey"), "beige": ("beige", "sand", "oatmeal beige"),
    "chocolate": ("chocolate", "chocolate brown", "dark brown"), "olive": ("olive", "olive green", "moss olive"),
    "navy": ("navy", "navy blue", "midnight navy"), "sky blue": ("sky blue", "light blue", "pale sky blue"),
    "teal": ("teal", "deep teal", "petrol teal"), "red": ("red", "poppy red", "letterbox red"),
    "mustard": ("mustard", "mustard yellow", "ochre"), "rust": ("rust", "burnt orange", "rust orange"),
    "blush": ("blush", "blush pink", "soft pink"), "lilac": ("lilac", "pale violet", "lilac purple"),
    "mint": ("mint", "mint green", "pale mint"),
}  # fmt: skip
PATTERN_WORDS: dict[str, tuple[str, ...]] = {
    "solid": ("plain", "solid", "unbroken"), "stripes": ("striped", "breton-stripe", "pinstripe"),
    "checks": ("checked", "plaid", "tartan"), "dots": ("dotted", "polka-dot", "spotted"),
    "floral": ("floral", "flower-print", "botanical"), "colour-block": ("colour-block", "two-tone", "panelled"),
}  # fmt: skip
PATTERN_NOUNS: dict[str, tuple[str, ...]] = {
    "stripes": ("stripes", "breton stripes", "pinstripes"), "checks": ("checks", "plaid checks", "tartan checks"),
    "dots": ("dots", "polka dots", "spots"), "floral": ("flowers", "a flower print", "a floral print"),
    "colour-block": ("panels", "colour-block panels", "a second tone"),
}  # fmt: skip
STYLE_WORDS: dict[str, tuple[str, ...]] = {
    "classic": ("classic", "timeless", "heritage"), "sporty": ("sporty", "athletic", "off-duty"),
    "boho": ("boho", "bohemian", "free-spirited"), "street": ("street", "urban", "skate"),
    "minimal": ("minimal", "pared-back", "clean-lined"), "romantic": ("romantic", "dreamy", "soft-hearted"),
}  # fmt: skip
STYLE_LINES: dict[str, tuple[str, ...]] = {
    "classic": ("A classic your grandparents would nod at.", "Timeless, in the sense that it ignores the time.",
                "Heritage tailoring without the moth holes.", "Proper, but not stiff about it."),
    "sporty": ("Athletic, even if today is a sofa day.", "Sporty enough to make the stairs look deliberate.",
               "Moves when you do and waits when you don't.", "Track-side looks, brunch-side comfort."),
    "boho": ("Bohemian at heart and bad with alarm clocks.", "Free-spirited, with room for festival dust.",
             "For market mornings and campfire evenings.", "Artistic, by its own admission."),
    "street": ("Street-ready, pavement-approved.", "Urban through and through, knows every shortcut.",
               "Looks like it skated here.", "Made for cities that stay up late."),
    "minimal": ("Minimal: nothing left to take away.", "Clean lines, quiet confidence, no logo.",
                "Pared back until it stopped complaining.", "The design meeting was mercifully short."),
    "romantic": ("Romantic, in the handwritten-letter way.", "Soft and dreamy, like a long train ride.",
                 "Best worn near a window with rain on it.", "Made for slow dances in small kitchens."),
}  # fmt: skip
SEASON_LINES: dict[str, tuple[str, ...]] = {
    "winter": ("For winter days that end at four.", "Keeps the cold politely outside.",
               "Snow is optional, cocoa is not."),
    "spring": ("For spring and its changeable mind.", "Ready for the first warm bench of the year.",
               "Light enough for April, wise enough for its showers."),
    "summer": ("For high summer and slow ice cream.", "Cool in the heat, calm in the queue for the ferry.",
               "Packs small for the sunny half of the year."),
    "autumn": ("For autumn walks with crunchy soundtracks.", "Layers well once the leaves give up.",
               "October's favourite."),
    "all year": ("Good all year round.", "Works in any season; the weather has been informed."),
}  # fmt: skip
TIER_LINES: tuple[tuple[str, ...], ...] = (
    ("Kind to your wallet.", "An everyday price for every day.", "Costs less than it looks."),
    ("Fairly made, fairly priced.", "Well made without making a fuss of it."),
    ("Made in small numbers by people with strong opinions.", "A luxury piece: finished by hand, inside too.",
     "An investment, and a nicer one than most."),
)  # fmt: skip
ASIDES: dict[str, tuple[str, ...]] = {
    "t-shirt": ("Folds itself into every plan.", "The first thing out of the drawer.",
                "Pairs with jeans and good news."),
    "shirt": ("Looks ironed from a polite distance.", "Sleeves roll up willingly.", "All buttons present and correct."),
    "sweater": ("Expect it to be borrowed and not returned.", "Basically a hug with cuffs.",
                "Tested on three cats and one cold office."),
    "hoodie": ("The hood is for rain, naps and privacy.", "Pocket fits two hands and a secret snack.",
               "Wear it once and it is yours forever."),
    "jacket": ("Gives your hands somewhere to be in photographs.", "Improves an entrance by about a third.",
               "Hangs well on shoulders and chairs."),
    "coat": ("Warm enough to miss the bus in.", "Deep pockets, in the literal sense.", "Collar up, mystery on."),
    "trousers": ("Sit, stride, run for the train.", "Creases where you want them.",
                 "Dressed up without telling anyone."),
    "jeans": ("They get better with age; so will you.", "Five pockets, one of them still a riddle.",
              "Broken in by Thursday."),
    "shorts": ("Knees included.", "Pockets deep enough for seashells.", "Ideal for ladders, boats and lawns."),
    "skirt": ("Twirl tested.", "Moves half a second after you do.", "Sits well on bicycles."),
    "dress": ("It has pockets. Of course it has pockets.", "One zip and you are ready.",
              "Answers the what-to-wear question alone."),
    "shoes": ("Broken in before you are.", "They know the way home.", "Comfortable by the second corner."),
    "bag": ("Room for a book you will definitely finish.", "Holds your day together.",
            "Somewhere in it there is always a pen."),
    "hat": ("Covers bad hair and good ideas alike.", "Stays on in a reasonable wind.", "Tips nicely."),
}  # fmt: skip
FIRST_NAMES = (
    "Marlow", "Odette", "Wren", "Tobias", "Ines", "Hollis", "Mina", "Fergus", "Paloma", "Linus", "Agnes", "Cosmo",
    "Thea", "Rufus", "Noor", "Ansel", "Greta", "Otis", "Sunniva", "Milo", "Beatrix", "Koji", "Lotte", "Ezra",
)  # fmt: skip
