"""What the tasks say: the sentences of questions and answers, all in one place.

Claims have one grammar, so that a reader can take them out again and check them:

    ITEMS has|have|share ATTRIBUTE VALUE.

ITEMS are semantic IDs; of each of them the catalogue says that its column ATTRIBUTE is VALUE. One claim a sentence.
"""

from __future__ import annotations

from collections.abc import Sequence

# ---------------------------------------------------------------- what comes next

NEXT_ITEM = "Next item after:"
"""Before a history of semantic IDs, at the end of which nothing follows: long prompts share their beginning."""
NEXT_ITEM_TITLES = "Next item after:\n{titles}"
TITLE = "- {title}"

# ---------------------------------------------------------------- what is it

WHAT_IS = ("What is {item}?", "Describe {item}", "Tell me about {item}", "{item}: which item is that?")
WHICH_VALUE = ("What {attribute} has {item}?", "{item}: {attribute}?", "Which {attribute} does {item} have?")
WHICH_TITLE = ("Which item is called {title}?", "{title}", "The item with the title {title}", "Find the {title}")
WHICH_FACTS = ("Which item has {facts}?", "{facts}", "An item with {facts}")

# ---------------------------------------------------------------- what people ask for

SEARCHES = (
    "{wish}",
    "{wish}, please",
    "I am looking for {wish}",
    "I'm looking for {wish}.",
    "show me {wish}",
    "Show me some {wish}!",
    "find {wish}",
    "Find me {wish}, please.",
    "I need {wish}",
    "We need {wish} for the weekend",
    "do you have {wish}?",
    "Do you sell {wish}?",
    "Is there any {wish}?",
    "I would like {wish}",
    "I'd love {wish}.",
    "got {wish}?",
    "recommend {wish}",
    "Which {wish} would you recommend?",
    "help me find {wish}",
    "Can you help me? I want {wish}.",
    "buy {wish}",
    "I want to buy {wish} for a friend",
    "search for {wish}",
    "Hello! {wish}?",
    "Please list {wish}.",
    "what {wish} do you have?",
    "I saw {wish} the other day and want it",
    "My sister told me about {wish}.",
    "It is for work: {wish}",
    "Anything like {wish}?",
    "I have to find {wish} by tomorrow",
    "tell me what {wish} there is",
    "How about {wish}?",
    "My daughter wants {wish} for her birthday",
    "could you suggest {wish}?",
    "I have been searching for {wish} all day",
    "Where can I get {wish}?",
    "Hi, let me see {wish}.",
    "a gift: {wish}",
    "I could really use {wish}",
)
OPENINGS = ("Hi!", "Hello,", "hey,", "Good morning!", "excuse me,", "Please:", "OK,", "well,", "Dear shop,", "so,")
CLOSINGS = (
    "please",
    "for a friend",
    "for my brother",
    "thanks!",
    "if you can",
    "to wear today",
    "that I can order now",
    "as a present",
    "or something like that",
    "before Friday",
)
CHATTER = """
about actually again always anything around away back because before best better big bring buy came colder come
could dinner doing done early else evening ever every family far few first found glad going gone good got happy
heard help here home house idea into just kind know last later left less little long look lot made make many maybe
meet mind minute moment money month more morning most move much must my name near next nice night now off often old
once one only our out outside over own party people perhaps picked place plan quick quite rather ready right road
room say send she should since small some soon sort still store street such sure take talk tell them then there
these they thing think this those time together told tomorrow too town train travel trip try two under until very
visit wait walk want was way week were while who why will wish with work world would year yes yesterday yet you
young your
"""
"""Words that people say around what they want. They mean nothing here, and that is what a model learns from them: not
to mind a sentence it has not read before."""

SEARCHES_HELD_OUT = (
    "could you point me to {wish}?",
    "I wonder whether you carry {wish}",
    "{wish} would make my day",
    "Looking around for {wish} at the moment",
    "what would you propose in the way of {wish}?",
    "Any {wish} in stock?",
    "I am short of {wish}",
    "might there be {wish} somewhere?",
    "let us see {wish}",
    "in the mood for {wish}",
)
"""Never in any training example: what the search measure asks with. Nothing is to be tuned on them."""

CHANGES = (
    "{item} but {new}",
    "like {item}, but {new}",
    "Like {item} but {new}, please.",
    "something like {item}, only {new}",
    "I like {item}. Do you have it {new}?",
    "{item} is nice, but I want it {new}",
    "the same as {item}, but {new}",
    "Show me {item}, but {new}.",
    "similar to {item}, {new}",
    "{item}, {new} instead",
    "Is there {item} {new}?",
    "I own {item} and need another one {new}",
    "I am looking for something like {item}, but {new}",
    "Do you have something similar to {item}, but {new}?",
    "find me one like {item} {new}",
    "Is there anything like {item}, only {new}?",
    "what have you got like {item} but {new}",
    "a version of {item} {new}, please",
    "If {item} came {new}, I would take it.",
    "{new}, but otherwise like {item}",
    "I want {item} {new}",
    "more like {item}, {new} though",
    "Which items are like {item}, but {new}?",
    "Please change {item}: {new}",
    "could I get something close to {item}, but {new}?",
    "I love {item}, just make it {new}",
    "take {item} and think of it {new}",
    "Any chance of {item} {new}?",
)
CHANGES_HELD_OUT = (
    "could you find a twin of {item}, except {new}?",
    "{item} suits me; however, I would prefer it {new}",
    "picture {item} {new}: which items come close?",
    "Instead of {item}, I would rather have one {new}",
    "what resembles {item} yet comes {new}?",
    "swap {item} for one {new}",
)
KEEPS = ("{change} Keep the {kept}.", "{change} The {kept} should stay.", "{change} Same {kept}.")
"""Where it is said what shall stay, besides the kind of thing."""

HEADS = ("category", "product_type", "type", "kind", "tag")
"""Columns whose values are things; values of others are said of a thing."""
THING = "something"
BEHIND = {
    "brand": ("by {}", "from {}"),
    "season": ("for {}",),
    "series": ("from the {} series",),
    "accent": ("with {} accents",),
}
"""Columns whose values stand behind the thing; those of others stand before it."""
CHANGED = {
    "colour": ("in {}",),
    "color": ("in {}",),
    "material": ("in {}", "made of {}"),
    "pattern": ("in {}", "with {} pattern"),
    "season": ("for {}",),
    "style": ("in {} style", "more {}"),
    "brand": ("by {}", "from {}"),
    "series": ("from the {} series",),
    "accent": ("with {} accents",),
    "category": ("as {}",),
    "silhouette": ("as {}", "in {}"),
}
"""How another value is asked for; of other columns by name, as in «with size large»."""
CHANGED_ELSE = ("with {attribute} {value}", "{attribute} {value}")

# ---------------------------------------------------------------- what people are told

FACT = "{attribute} {value}"
CLAIM = "{items} {verb} {attribute} {value}."
WHAT_DO_I_LIKE = ("What do I like? {history}", "My taste, from {history}?", "Sum up my taste: {history}")
WHY = ("Why {item} after {history}?", "I chose {history}. Why do you suggest {item}?")
WHY_GIVEN = "Why {item}, {attribute} {value} like {cited}, after {history}?"
"""Where the reason is known already and shall be put into words: `genrec.explain.writer` asks so."""

WHICH_ONE = ("Which {attribute}? {values}?", "Sure. Which {attribute} would you like: {values}?")
REPLY = ("{value}", "{value}, please", "{attribute} {value}")
ANY = ("{item}", "How about {item}?", "I suggest {item}.")
CRITIQUES = ("Nice, but {new}?", "Good. And {new}?", "Not quite: {new}, please.", "The same {new}?")


def listed(words: Sequence[str], last: str = "and") -> str:
    """a; a and b; a, b and c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def claim(items: Sequence[str], attribute: str, value: str) -> str:
    """One sentence that says of all `items`, semantic IDs as text, what they have; see the grammar above."""
    verb = "has" if len(items) == 1 else "share"
    return CLAIM.format(items=listed(items), verb=verb, attribute=attribute, value=value)
