"""Messages that nothing was written with: what `hearing.py` asks every understanding, and what each of them means.

Written before either of the two was measured on them, and changed by no result. A slot is filled with a value of its
column, as the column writes it or as titles call it; {n}, {low}, {high}: amounts; {first}, {other}: places in the list,
as ordinals; {place}: as a digit; {word}: a word of the texts that no column says. «colour~»: misspelt. The meaning is a
line of `genrec.model.tasks.lines`.
"""

FIRST = (
    ("I could do with a new {category}, ideally {colour}", "recommend: category = {category}; colour = {colour}"),
    ("wardrobe's missing one {colour} {category}", "recommend: colour = {colour}; category = {category}"),
    (
        "after {material} {category} from {brand}",
        "recommend: material = {material}; category = {category}; brand = {brand}",
    ),
    (
        "{category} for {season}, money no more than {n}",
        "recommend: category = {category}; season = {season}; price <= {n}",
    ),
    (
        "whatever {category} you've got, so long as it isn't {colour}",
        "recommend: category = {category}; colour != {colour}",
    ),
    (
        "birthday coming up, she adores {style} things, budget tops out at {n}",
        "recommend: style = {style}; price <= {n}",
    ),
    (
        "something {pattern}, and please spare me the {material}",
        "recommend: pattern = {pattern}; material != {material}",
    ),
    (
        "between you and me, {low} up to {high} is what I've set aside for a {category}",
        "recommend: price >= {low}; price <= {high}; category = {category}",
    ),
    (
        "either {colour} or {colour2} would suit, it's a {category} I'm missing",
        "recommend: colour = {colour} | {colour2}; category = {category}",
    ),
    ("{category}! {brand}! now!", "recommend: category = {category}; brand = {brand}"),
    (
        "I swore off {material} years ago. what {category} remains?",
        "recommend: material != {material}; category = {category}",
    ),
    ("anything but {brand} when it comes to {category}", "recommend: brand != {brand}; category = {category}"),
    ("the {category} must come in at less than {n}", "recommend: category = {category}; price < {n}"),
    ("I'd be suspicious of a {category} priced beneath {n}", "recommend: category = {category}; price >= {n}"),
    (
        "looking smart for {season}: {style} {category}, {colour} if it can be had",
        "recommend: season = {season}; style = {style}; category = {category}; colour = {colour}",
    ),
    ("{n} is my ceiling, {category} is the mission", "recommend: price <= {n}; category = {category}"),
    ("give me three ideas for a {category}", "recommend: show 3; category = {category}"),
    (
        "ok so basically {colour} {material} {category}",
        "recommend: colour = {colour}; material = {material}; category = {category}",
    ),
    (
        "nothing with {pattern} on it, nothing {style} either, just a {category}",
        "recommend: pattern != {pattern}; style != {style}; category = {category}",
    ),
    ("what have you got with {word} in it", "search: words {word}"),
    (
        "in the market for {category} and {category2} that are {colour}",
        "recommend: category = {category} | {category2}; colour = {colour}",
    ),
    ("cheap and cheerful {category}", "recommend: low price; category = {category}"),
    ("the dearest {category} on your shelves", "recommend: highest price; category = {category}"),
    ("evening! how's trade?", "smalltalk"),
    ("cheers, you've been a star", "smalltalk"),
    ("a {category} in the ballpark of {n}", "recommend: category = {category}; price ~ {n}"),
    (
        "would a {brand} {category} exist in {colour}?",
        "recommend: brand = {brand}; category = {category}; colour = {colour}",
    ),
    ("{colour~} {category} pls", "recommend: colour = {colour}; category = {category}"),
)
"""At the beginning: nothing was shown, nothing is wanted."""

LATER = (
    ("swap that for {colour}", "refine: colour = {colour}"),
    ("colour's of no consequence to me any longer", "refine: forget colour"),
    ("I take back what I said about the season", "refine: forget season"),
    ("blank page please, we begin anew", "recommend: anew"),
    ("number {place} speaks to me, what else goes that way?", "refine: like {place}"),
    ("the {first} one does nothing for me", "feedback: dislike {first}"),
    ("{first} one: yes. {other} one: no.", "feedback: like {first}; dislike {other}"),
    ("take the {first} and imagine it in {colour}", "refine: like {first}; colour = {colour}"),
    (
        "got a version of the {first} with {material} and without {pattern}?",
        "refine: like {first}; material = {material}; pattern != {pattern}",
    ),
    ("what made you pick the {first}?", "explain: about {first}"),
    ("talk me through the reasoning behind number {place}", "explain: about {place}"),
    ("{first} or {other}, how do they stack up against each other?", "compare: about {first}, {other}"),
    ("put the {first} and the {other} side by side", "compare: about {first}, {other}"),
    ("which fabric is the {first} made of?", "question: about {first}; ask material"),
    ("is number {place} a {brand} product?", "question: about {place}; ask brand = {brand}"),
    ("remind me what the {first} will set me back", "question: about {first}; ask price"),
    ("is the {first} one {colour}, strictly speaking?", "question: about {first}; ask colour = {colour}"),
    ("my purse is crying, bring those figures down", "refine: less price"),
    ("bit dear, these. anything kinder to the wallet?", "refine: less price"),
    ("I can stretch further, show me the posher end", "refine: more price"),
    ("next batch!", "refine: others"),
    ("seen those, keep 'em coming", "refine: others"),
    ("seven more would do", "refine: others; show 7"),
    ("also fine: {colour}", "refine: also; colour = {colour}"),
    ("add {brand} to the list of makers I'd accept", "refine: also; brand = {brand}"),
    ("raise my limit to {n}", "refine: price <= {n}"),
    ("let's cap it at {n} then, and only {season} stuff", "refine: price <= {n}; season = {season}"),
    ("make it {category} after all, everything else stays", "refine: category = {category}; keep"),
    ("no {colour}, no {colour2}, thanks", "refine: colour != {colour} | {colour2}"),
    ("the same maker as the {first}", "refine: same brand {first}"),
    ("that {first} one's pattern offends my eyes, avoid it", "refine: other pattern {first}"),
    ("all of those are dreadful", "feedback: dislike all"),
    ("why those?", "explain: about all"),
    ("less money than the {first}, otherwise go wild", "refine: less price than {first}"),
)
"""After a list of five for a kind of thing, in a season, up to a price."""

ASKED = (
    ("{style}, since you're asking", "refine: style = {style}"),
    ("couldn't tell you, honestly, you choose", "refine: forget style"),
)
"""After a list that ended in the question for a style."""
