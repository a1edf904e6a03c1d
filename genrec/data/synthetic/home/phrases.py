"""What the furniture shop's copywriter has at hand: synonyms and sentences for each attribute."""

from __future__ import annotations

NOUNS: dict[str, tuple[str, ...]] = {
    "sofa": ("sofa", "couch", "settee"), "armchair": ("armchair", "easy chair"), "wingback": ("wing chair", "wingback"),
    "tub": ("tub chair", "barrel chair"), "lounge": ("lounge chair", "lounger"), "chair": ("chair", "side chair"),
    "pouf": ("pouf", "ottoman", "footstool"), "bed": ("bed", "double bed", "bedstead"),
    "dining table": ("dining table", "kitchen table"), "coffee table": ("coffee table", "low table", "sofa table"),
    "desk": ("desk", "writing table", "workstation"), "shelf": ("shelf", "shelving unit"),
    "bookcase": ("bookcase", "bookshelf"), "cabinet": ("cabinet", "cupboard"),
    "sideboard": ("sideboard", "credenza", "buffet"), "chest": ("chest of drawers", "dresser"),
    "wardrobe": ("wardrobe", "armoire"), "floor lamp": ("floor lamp", "standing lamp"),
    "torchiere": ("torchiere", "uplighter"), "pendant": ("pendant", "pendant lamp", "ceiling lamp", "hanging lamp"),
    "wall lamp": ("wall lamp", "sconce", "wall light"), "rug": ("rug", "carpet"), "runner": ("runner", "hall rug"),
    "curtain": ("curtains", "drapes", "pair of curtains"), "wall hanging": ("wall hanging", "tapestry"),
    "mirror": ("mirror", "wall mirror", "looking glass"), "picture": ("picture", "art print", "framed print"),
}  # fmt: skip

# By «category silhouette» where the word depends on it, else by silhouette; absent = the noun says it.
CUTS: dict[str, tuple[str, ...]] = {
    "track-arm": ("track-arm", "square-armed"), "rolled-arm": ("rolled-arm", "chesterfield", "scroll-armed"),
    "slender": ("slender", "bench-style", "spindle-legged"), "chaise": ("chaise", "corner", "sectional"),
    "spindle-back": ("spindle-back", "windsor"), "shell": ("shell", "bucket-seat", "moulded"),
    "cross-back": ("cross-back", "x-back"), "pouf round": ("round", "pumpkin"),
    "pouf square": ("square", "cube-shaped"),
    "platform": ("platform", "low-slung"), "padded": ("padded", "upholstered", "tufted"),
    "four-poster": ("four-poster", "canopy"), "dining table round": ("round", "pedestal"),
    "trestle": ("trestle", "sawhorse"), "four-leg": ("four-leg", "farmhouse"), "coffee table round": ("round", "oval"),
    "slatted": ("slatted", "two-tier"), "drum": ("drum", "fluted"), "writing": ("writing", "slim-legged"),
    "drawer": ("drawer", "pedestal-drawer"), "ladder": ("ladder", "leaning"), "cube": ("cube", "six-cube"),
    "arc": ("arc", "arched", "overhanging"), "tripod": ("tripod", "three-legged"), "dome": ("dome", "bell-shaped"),
    "globe": ("globe", "ball-shaped"), "lantern": ("lantern", "ribbed lantern"), "shade": ("shaded", "fabric-shade"),
    "swing-arm": ("swing-arm", "jointed"), "twin globe": ("twin-globe", "two-globe"),
    "rectangular": ("rectangular", "four-cornered"), "rug round": ("round", "circular"),
    "straight": ("straight", "full-length"), "tied-back": ("tied-back", "swagged"), "pennant": ("pennant", "pointed"),
    "fringed": ("fringed", "tasselled"), "mirror round": ("round", "circular"), "arched": ("arched", "arch-top"),
    "framed": ("framed", "rectangular"), "portrait": ("portrait", "botanical"), "landscape": ("landscape", "hillside"),
    "trio": ("triptych", "set-of-three", "three-piece"),
}  # fmt: skip

STYLE_WORDS: dict[str, tuple[str, ...]] = {
    "scandinavian": ("scandinavian", "nordic", "hygge"), "industrial": ("industrial", "factory-style", "workshop"),
    "rustic": ("rustic", "country", "cottage"), "art deco": ("art deco", "deco", "jazz-age"),
    "mid-century": ("mid-century", "fifties", "retro"), "bohemian": ("bohemian", "boho", "eclectic"),
}  # fmt: skip
STYLE_LINES: dict[str, tuple[str, ...]] = {
    "scandinavian": ("Nordic, down to the last dowel.", "Light, calm, and better with cinnamon buns.",
                     "Scandinavian common sense with soft edges.", "Made for long winters and short nights."),
    "industrial": ("Looks as if it once had a day job.", "Industrial, but it has stopped smoking.",
                   "From the school of rivets and honest screws.", "At home under high ceilings."),
    "rustic": ("Country manners, no mud.", "Rustic enough to hear a rooster.", "Goes with jam, dogs and open fires.",
               "Ages the way a good cheese does."),
    "art deco": ("Deco glamour for a Tuesday.", "Dressed for the ocean liner.",
                 "Jazz-age curves, present-day comfort.", "A bit of grand hotel for the rest of us."),
    "mid-century": ("Straight out of a very good 1957.", "Mid-century, with its cigarette holder left behind.",
                    "Retro without the squeak.", "Slim legs, sunny outlook."),
    "bohemian": ("Bohemian, and late for the market.", "Collected rather than bought, by the look of it.",
                 "Gets on with plants, cushions and strangers.", "Rules were mentioned and then forgotten."),
}  # fmt: skip
ROOM_LINES: dict[str, tuple[str, ...]] = {
    "living room": ("For the living room, where nobody ever sits straight.", "Pulls a living room together."),
    "bedroom": ("For the bedroom, and the ten minutes after the alarm.", "A quiet presence in any bedroom."),
    "study": ("For the study, or the corner that is called one.", "Helps a home office to look employed."),
    "dining room": ("For the dining room and everyone who drops in.", "Makes a dining room out of a table and hope."),
    "hallway": ("For the hallway: first seen, last noticed.", "Says hello from the hallway."),
}  # fmt: skip
TIER_LINES: tuple[tuple[str, ...], ...] = (
    ("Easy on the budget, hard on nobody.", "A starter-flat price.", "Costs less than the parking ticket."),
    ("Sensibly made, sensibly priced.", "Good joinery, no fuss about it."),
    ("Numbered, signed, and worth leaving to someone.", "A luxury piece: finished by hand, underneath too.",
     "An heirloom that has not had time yet."),
)  # fmt: skip
SEASON_LINES: dict[str, tuple[str, ...]] = {
    "winter": ("For winter evenings that begin at lunch.", "Makes November shorter."),
    "spring": ("For spring, with the windows open.", "Fresh as a first wash day."),
    "summer": ("Cool to the touch in high summer.", "Summer-house at heart."),
    "autumn": ("For autumn, soup and slow Sundays.", "Turns the heating down a notch."),
}  # fmt: skip
ASIDES: dict[str, tuple[str, ...]] = {
    "sofa": ("Seats three, or one properly.", "Swallows remote controls, forgives crumbs."),
    "armchair": ("Come for a chapter, stay for the book.", "The cat has already chosen it."),
    "chair": ("Four legs, all the same length.", "Light enough to carry to wherever the talk is."),
    "pouf": ("Feet up, worries down.", "A seat when guests come, a table when they leave."),
    "bed": ("Does not creak, does not tell.", "Wide enough for a newspaper and its reader."),
    "dining table": ("Seats six, eight with elbows in.", "Has heard worse jokes."),
    "coffee table": ("Holds books that are only looked at.", "Shin-friendly edges."),
    "desk": ("Where the good ideas are typed.", "Room for a lamp, a laptop and one plan."),
    "shelf": ("Takes the books you mean to read.", "Straight even where the wall is not."),
    "cabinet": ("Doors that close on the whole mess.", "Keeps its handles to itself."),
    "floor lamp": ("Light where you read, dusk where you don't.", "Stands in for the sun from four o'clock."),
    "pendant": ("Hangs level, glows warm.", "Flatters faces and lasagne."),
    "wall lamp": ("Frees the bedside table.", "A small light with good timing."),
    "rug": ("The first thing bare feet ask about.", "Ties the room together, really."),
    "curtain": ("Dims the neighbours.", "Falls in folds without being told."),
    "wall hanging": ("For the wall that has been waiting.", "Woven by someone with patience."),
    "mirror": ("Adds a window where there was none.", "Honest, but kind about it."),
    "picture": ("Hangs straight if you do.", "Something to look at while the kettle boils."),
}  # fmt: skip
NAMES = (
    "Alma", "Bertil", "Cleo", "Dagny", "Edgar", "Flora", "Gustav", "Hanna", "Ivo", "Juno", "Klara", "Lasse", "Maude",
    "Nils", "Olga", "Percy", "Ragna", "Stellan", "Tilda", "Ursula", "Viggo", "Wilma", "Yrsa", "Zelda",
)  # fmt: skip
