"""The default understanding: the catalogue's own words and a small classifier. No model, no network."""

from __future__ import annotations

from collections.abc import Sequence

from genrec.chat import english, thesaurus
from genrec.chat.acts import Act, acts, words_of
from genrec.chat.amounts import Amounts, column_of, compared
from genrec.chat.asking import OFFERS, WIDER
from genrec.chat.clauses import Wishes
from genrec.chat.constraints import Intent
from genrec.chat.english import COMPARATIVE
from genrec.chat.marks import Mark, Reader, cues_of
from genrec.chat.references import DEFINITE, SEVERAL, SINGLE, Reference, References
from genrec.chat.senses import Senses
from genrec.chat.shelves import THINGS, Shelves
from genrec.chat.state import Heard, State
from genrec.chat.titles import Titles
from genrec.chat.vocabulary import ENGLISH_WORDS, QUIET, Vocabulary
from genrec.chat.wishes import Listener
from genrec.explain.gazetteer import stem

YES = ("yes", "yeah", "yep", "sure", "ok", "okay", "please", "go", "do", "why", "certainly", "definitely")
QUESTIONS = frozenset(
    ("what", "what's", "which", "who", "how", "when", "where", "is", "are", "does", "do", "can", "could", "tell")
)
WHETHER = frozenset(("does", "do", "is", "are", "will", "would", "did"))
"""Words that begin a question to be answered with yes or no."""
BARE = ("number", "cue", "stop")
"""Marks of a message that is nothing but numbers."""
SURE = 0.5
"""The probability below which wishes in a message count more than its act."""
CERTAIN = 0.9
"""The probability from which on small talk is small talk, whatever it names."""
WORDS = 12
"""Words of a message that are looked for in texts, at most."""
RECENT = 60
"""Shown items whose titles are listened for."""


class GazetteerUnderstanding:
    """Of one catalogue. Nothing that an item's text says is read but titles, as names."""

    def __init__(self, shelves: Shelves, vocabulary: Vocabulary, titles: Titles) -> None:
        self.shelves, self.vocabulary = shelves, vocabulary
        self.reader = Reader(vocabulary, titles)
        self.senses = Senses(shelves, vocabulary)
        self.references = References(shelves)
        self.listener = Listener(shelves, self.senses)

    def hear(self, message: str, so_far: State) -> Heard:
        """See `Heard`."""
        marks = self.reader.read(message, so_far.shown[-RECENT:])
        act, sure = acts().of(words_of(marks, bool(so_far.last)))
        if so_far.last and (act in ("compare", "explain") or all(mark.kind in BARE for mark in marks)):
            marks = [self._place(mark, so_far) for mark in marks]  # «2», «compare 1 and 3»
            act, sure = acts().of(words_of(marks, True))
        act = self._settled(marks, act, sure, so_far)
        if so_far.waiting in thesaurus.SENSES:
            answer = Wishes()
            if self.senses.answer(marks, so_far, answer):
                bounds = answer.numbers.bounds
                return Heard(intent="refine", wanted=answer.wanted, bounds=bounds, confidence=sure)
        if so_far.waiting in OFFERS and (taken := self._offer(marks, act, sure, so_far)) is not None:
            return taken
        unsure = any(mark.cues & {"any", "fine"} for mark in marks)
        if act == "smalltalk" and unsure and so_far.waiting in self.shelves.named:
            return Heard(intent="refine", loose=(so_far.waiting,), confidence=sure)
        if act == "smalltalk" and self._foreign(marks):
            return Heard(intent="clarify", confidence=sure)
        references = self.references.read(marks, act, so_far)
        judging = act in ("find", "more", "feedback")
        found = self.listener.read(marks, references, so_far, judging)
        return self._heard(marks, act, sure, references, found, so_far)

    def _settled(self, marks: Sequence[Mark], act: Act, sure: float, so_far: State) -> Act:
        """The act, where what the message names can overrule the classifier."""
        if self._beside(marks, so_far):
            return "find"
        kinds = {mark.kind for mark in marks}
        wishes = bool(kinds & {"value", "sense", "compare"}) or any(mark.column for mark in marks)
        nothing = not so_far.last and not so_far.focus and "item" not in kinds
        if act in ("explain", "compare", "question", "feedback") and nothing and (wishes or "number" in kinds):
            return "find"  # there is nothing to ask about yet
        told = [mark for mark in marks if mark.kind == "word" and self._telling(mark.said)]
        if act == "smalltalk" and (wishes or told) and sure < CERTAIN:
            return "find"
        if act == "question" and not self._asking(marks):
            return "find"
        if act == "more" and kinds & {"value", "compare"}:
            return "find"
        if act == "find" and sure < SURE and not wishes and not kinds & {"number", "item", "ordinal"}:
            strange = [mark for mark in marks if mark.kind == "word" and mark.said not in QUIET]
            return "find" if strange or so_far.waiting else act
        return act

    def _beside(self, marks: Sequence[Mark], so_far: State) -> bool:
        """«What goes with the second one?» asks for other things; «does it go with black?» asks about it."""
        place = next((at for at, mark in enumerate(marks) if "beside" in mark.cues), None)
        if place is None or not (so_far.last or so_far.focus):
            return False
        if marks[0].said in WHETHER and not (len(marks) > 1 and marks[1].said == "you"):
            return False
        pointing = DEFINITE | SINGLE | SEVERAL
        return any(mark.kind in ("ordinal", "item") or mark.said in pointing for mark in marks[place + 1 :])

    def _offer(self, marks: Sequence[Mark], act: Act, sure: float, so_far: State) -> Heard | None:
        """«Yes» to what was offered, or «no»; None where it is something else."""
        said = [mark.said for mark in marks if mark.kind != "stop"]
        others = {mark.kind for mark in marks} & {"value", "number", "item", "ordinal", "column", "compare", "sense"}
        if not said or others or len(said) > 5 or said[0].split()[0] not in (*YES, "no", "nope", "nah"):
            return None
        if said[0].split()[0] not in YES:
            return Heard(intent="smalltalk", confidence=sure)
        if so_far.waiting == WIDER:
            return Heard(intent="refine", loose=tuple(column for _, column in so_far.order[:1]), confidence=sure)
        found = Amounts()
        cheaper = Mark("compare", "cheaper", role="price", more=-1)
        compared(cheaper, False, "", so_far.last, self.shelves, so_far, found)
        return Heard(intent="refine", bounds=found.bounds, confidence=sure)

    def _foreign(self, marks: Sequence[Mark]) -> bool:
        """Whether most words are neither English nor the catalogue's."""
        words = [mark.said for mark in marks if mark.kind in ("word", "cue")]
        strange = [word for word in words if word not in ENGLISH_WORDS and stem(word) not in self.vocabulary.written]
        return 2 * len([word for word in strange if cues_of().get(word) is None]) >= max(len(words), 1)

    def _asking(self, marks: Sequence[Mark]) -> bool:
        """Whether what looks like a question is one: «the colour is wrong», «could it be less pricey?» are none."""
        cues = frozenset[str]().union(*(mark.cues for mark in marks))
        pointed = bool({mark.kind for mark in marks} & {"ordinal", "item"})
        compared = [mark.said for mark in marks if mark.kind == "compare"]
        if not pointed and any(one in COMPARATIVE or one.startswith(("less ", "more ")) for one in compared):
            return False
        asked = any("?" in mark.text for mark in marks) or marks[0].said.split(" ")[0] in QUESTIONS
        return asked or not cues & {"not", "bad", "love", "other", "too"} or not any(mark.column for mark in marks)

    def _place(self, mark: Mark, so_far: State) -> Mark:
        """A bare number as a place in the list."""
        if mark.kind != "number" or mark.unit or mark.said == "one":
            return mark
        if mark.number not in range(1, len(so_far.last) + 1):
            return mark
        return Mark("ordinal", mark.text, place=int(mark.number) - 1)

    def _telling(self, word: str) -> bool:
        """Whether it stands in items' texts, and not in most."""
        return word not in QUIET and stem(word) in self.vocabulary.written

    def _heard(
        self,
        marks: Sequence[Mark],
        act: Act,
        sure: float,
        references: Sequence[Reference],
        found: Wishes,
        so_far: State,
    ) -> Heard:
        about = tuple(dict.fromkeys(one for ref in references for one in ref.items))
        if act in ("explain", "compare", "question"):
            return self._asks(marks, act, sure, about, found, so_far)
        if act == "smalltalk" and not found.reset:
            return Heard(intent="smalltalk", confidence=sure)
        unsure = any(mark.cues & {"any", "fine"} for mark in marks)
        said = found.loose or found.wanted or found.unwanted or found.numbers.bounds
        if not said and so_far.waiting in self.shelves.named and unsure:
            found.loose.append(so_far.waiting)
        if act == "feedback" and not found.liked and not found.disliked and about:
            found.liked += about
        strange = [word for word in found.words if not self._telling(word)]
        found.words = [word for word in found.words if self._telling(word)]
        liked, disliked, unclear = list(found.liked), list(found.disliked), list(found.unclear)
        if act == "find" and about and not liked and not disliked:
            liked += [one for one in found.neutral if one not in found.pointed]
        liked = [one for one in liked if one not in found.pointed or act == "feedback"]
        if act == "more" and not found.liked and len(disliked) >= len(so_far.last) > 1:
            disliked = []  # «none of these»: others, not others than all that is like them
        kind, beside = self.shelves.kind, act == "find" and self._beside(marks, so_far)
        if beside and not about and not found.unclear:
            unclear.append("Which item do you mean?")
        if beside and liked and kind in THINGS and kind not in found.wanted:
            # What goes with a dress is no dress.
            index = self.shelves.catalog.index
            theirs = dict.fromkeys(value for one in liked for value in self.shelves.of(index[one], kind))
            found.unwanted[kind] = tuple(dict.fromkeys((*found.unwanted.get(kind, ()), *theirs)))
        for column, values in found.wanted.items():
            both = set(values) & set(found.unwanted.get(column, ()))
            if both:
                value = next(str(value) for value in values if value in both)
                unclear.append(f"I heard “{value}” and “not {value}”: which of the two do you mean?")
        if strange and not (found.words or found.wanted or found.unwanted or found.numbers.bounds or liked or disliked):
            found.unsaid.append(f"anything of “{' '.join(strange[:3])}”")
        intent: Intent = "recommend"
        if act == "feedback" and (liked or disliked):
            intent = "feedback"
        elif so_far.constraints != State().constraints or so_far.last:
            intent = "refine"
        wished = found.wanted or found.unwanted or found.numbers.bounds
        if found.words and not wished and not liked and not disliked:
            intent = "search"
        if found.reset:
            intent = "recommend"
        if unclear:
            intent = "clarify"
            contradiction = {c for c in found.wanted if set(found.wanted[c]) & set(found.unwanted.get(c, ()))}
            for column in contradiction:
                found.wanted.pop(column)
                found.unwanted.pop(column)
            if any(ref.wrong for ref in references):
                liked, disliked = [], []
        return Heard(
            intent=intent, wanted=found.wanted, unwanted=found.unwanted, bounds=found.numbers.bounds, also=found.also,
            again=found.again, loose=tuple(dict.fromkeys(found.loose)), reset=found.reset,
            more=found.more or act == "more", liked=tuple(dict.fromkeys(one for one in liked if one not in disliked)),
            disliked=tuple(dict.fromkeys(disliked)), about=about, count=found.numbers.count,
            words=" ".join(dict.fromkeys(found.words[:WORDS])), unsaid=tuple(dict.fromkeys(found.unsaid)),
            took=tuple(found.took), unclear=tuple(dict.fromkeys(unclear)), confidence=sure,
        )  # fmt: skip

    def _column(self, mark: Mark) -> str | None:
        """«how heavy», «cheap» ask for a column of numbers."""
        if mark.kind != "compare":
            return None
        return mark.column or column_of(self.shelves, mark.role)

    def _unknown(self, marks: Sequence[Mark]) -> str | None:
        """What «how much is it?» asks for where no column says that."""
        said = f" {' '.join(mark.said for mark in marks)} "
        for columns, words in english.NAMES:
            if any(f" {word} " in said for word in (*columns, *words)):
                return columns[0]
        return None

    def _asks(
        self, marks: Sequence[Mark], act: Act, sure: float, about: tuple[str, ...], found: Wishes, so_far: State
    ) -> Heard:
        """Of something that was shown, or named."""
        wrong = tuple(found.unclear)
        if not about and act == "compare" and len(so_far.last) > 1:
            about = so_far.focus if len(so_far.focus) > 1 else so_far.last
        if act == "compare" and len(about) == 1 and so_far.focus and so_far.focus[0] not in about:
            about = (so_far.focus[0], *about)
        if not about:
            about = so_far.focus or (so_far.last if act == "explain" else so_far.last[:1])
        if not about and not wrong:
            wrong = ("Which item do you mean? I have not shown any yet.",)
        intent: Intent = "clarify" if wrong else "explain" if act == "explain" else "question"
        if act == "compare" and not wrong:
            intent = "compare" if len(about) > 1 else "question"
        asked = found.wanted | {c: v for c, v in found.unwanted.items() if c not in found.wanted}
        words = " ".join(dict.fromkeys(found.words[:WORDS]))
        aspect = found.aspect or next((column for mark in marks if (column := self._column(mark)) is not None), None)
        if aspect is None and not found.wanted and not found.unwanted:
            aspect = self._unknown(marks)
        return Heard(
            intent=intent, about=about, aspect=aspect, asked=asked if intent == "question" else {},
            words=words if intent == "question" else "", took=tuple(found.took), unclear=wrong, confidence=sure,
        )  # fmt: skip
