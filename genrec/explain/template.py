"""The text that evidence makes by itself: one sentence, in plain words, true by construction.

It is what people read where no language model writes, and where what one wrote did not hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from genrec.explain.evidence import Citation, Evidence, Reason
from genrec.explain.gazetteer import ARTICLES, LONGEST, WORDS, short
from genrec.explain.lexicon import NUMBERS

PHRASES = {
    "style": "in {value} style",
    "colour": "in {value}",
    "color": "in {value}",
    "material": "made of {value}",
    "brand": "by {value}",
    "series": "from the {value} series",
    "season": "for {value}",
    "accent": "with {value} accents",
    "category": "filed under {value}",
    "genre": "of the genre {value}",
    "genres": "of the genre {value}",
    "author": "by {value}",
    "artist": "by {value}",
    "tag": "listed under “{value}”",
}
"""How a value of a column is said behind a thing; of other columns «with the same …: …»."""
LONG = 2 * WORDS
"""Words of a title that its first eight do not tell from another's."""
_WORDS = dict(zip(NUMBERS.values(), NUMBERS, strict=True)) | {n: word for word, n in list(NUMBERS.items())[:13]}


def names(titles: Mapping[int, str]) -> dict[int, str]:
    """The titles of the items of one text as one says them: short, unless another of them is short in the same way."""
    found = {item: short(title) for item, title in titles.items()}
    for length in (LONG, LONGEST):
        counts = Counter(found.values())
        found |= {item: short(title, length) for item, title in titles.items() if counts[found[item]] > 1}
    return found


def sentence(evidence: Evidence, citation: Citation, names: Mapping[int, str]) -> str:
    """names: of the item and the things cited. Nothing is said of a person that the history does not show."""
    item, the = the_one(names[evidence.item]), lambda thing: the_one(names[thing])
    if not evidence.history:
        return f"We know nothing of what you like yet: only popularity speaks for {item}."
    if not citation.items:
        return f"No single thing you bought stands behind {item}, only your history as a whole."
    if citation.reason is None:
        alike = " The two are close relatives." if _related(evidence, citation.items[0]) else ""
        return f"Because you bought {the(citation.items[0])}, we suggest {item}.{alike}"
    bought, also = _bought(citation.items, citation.reason, the), _said(citation.reason)
    return f"Because you bought {bought}, we suggest {item}, also {also}."


def the_one(name: str) -> str:
    """A name within a sentence, with its article."""
    return name if name.split(" ", 1)[0].lower() in ARTICLES else f"the {name}"


def listed(parts: Sequence[str]) -> str:
    """a; a and b; a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _bought(named: Sequence[int], reason: Reason, the: Callable[[int], str]) -> str:
    others = len(set(reason.items) - set(named))
    parts = list(dict.fromkeys(the(thing) for thing in named))
    if others:
        count = _WORDS.get(others, str(others))
        parts.append(f"{count} other {'thing' if others == 1 else 'things'} {_said(reason)}")
    return listed(parts)


def _said(reason: Reason) -> str:
    phrase = PHRASES.get(reason.attribute.lower(), "with the same {attribute}: {value}")
    return phrase.format(attribute=reason.attribute.replace("_", " "), value=reason.value)


def _related(evidence: Evidence, thing: int) -> bool:
    """Semantic IDs that begin with the same two codes."""
    return any(one.item == thing and one.codes >= 2 for one in evidence.influences)
