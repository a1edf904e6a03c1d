"""Of whom a value, a number or a price is said: how claims are made of it.

See `genrec.explain.reader` for the whole; here nothing moves on through the sentence.
"""

from __future__ import annotations

from genrec.explain.claims import Has, Owned, Priced, Size, Some
from genrec.explain.gazetteer import Mark
from genrec.explain.implied import Implied

BARE = ("less than", "below", "more than", "above")
"""They compare prices only where a thing comes next."""
TOTAL = ("so far", "in total", "altogether", "to date", "in all")
ORDERS = ("purchases", "orders")
GOODS = ("things", "items", "pieces", "products", "purchases", "orders")
LAST = ("last", "latest", "recent", "past", "newest")
HOLDS = ("include", "includes", "hold", "holds", "contain", "contains", "are")
COMPANY = ("company", "companion", "companions", "counterpart", "partner", "neighbour")
"""What the recommended item would be to the thing spoken of."""


class Sayings(Implied):
    """Claims about values, numbers and prices."""

    def _flush(self, things: list[int] | None = None) -> None:
        """What waits is said of `things`, or of whom it must be."""
        if not self.waiting:
            return
        view, now = self.view, self.now
        at = view.marks.index(self.waiting[0][0])
        places = view.clause(at)
        cues = view.cues_in(places)
        if things is None and (named := self._named()) is not None:
            things = [named]
        if things is None and view.said(view.marks.index(self.waiting[-1][0]) + 1) in COMPANY:
            things = [self.item]
        if things is None:
            mine = any(view.mine(place) for place in places)
            free = now.attached is None and now.apposed is None and not now.this
            shows = now.fancy and now.verb and self.subject != [self.item]
            if free and not shows and (self.own or now.your or now.fancy or self.count is not None) and not mine:
                self._history()
                return
            joined = view.cues_in(range(places.start, at)) & {"both", "share", "same", "every"} or any(
                view.said(place) in ("in common", "alike") for place in places
            )
            if mine and not self.kept:
                self._history()
                return
            if mine:
                things = self.kept  # «looking at <thing>, navy seems to be your colour»
            elif shows:
                things = self.subject
            elif now.this:
                things = [self.item]
            elif now.attached is not None:
                things = [now.attached]
            elif joined and (now.apposed is None or "both" in cues):
                things = self.everyone(at)
            else:
                things = self.holder
            if "also" in cues and not now.people and self.item not in things:
                things = [*things, self.item]
            elif things == [self.item] and (also := self._also(places.start, at)) is not None:
                things = [self.item, *(self.cited or self._beside(also))]  # «because you bought <thing>, … also navy»
            if any(view.said(place) == "equally" for place in places) and self.newest is not None:
                things = [*things, self.newest]
        for mark, denied in self.waiting:
            self.claims += [Has(thing, mark.facts, denied) for thing in dict.fromkeys(things)]
        if (self._again(at, places) or ("both" in cues and not view.places)) and self.item in things:
            self.claims.append(Some(tuple(mark.facts for mark, _ in self.waiting), among=self._others()))
        self.clauses |= {Has(self.item, mark.facts): now for mark, _ in self.waiting}
        self.group = [mark.facts for mark, _ in self.waiting]
        self.waiting = []

    def _history(self) -> None:
        """What waits is said of something, or so and so many things, in the history."""
        if (named := self._named()) is not None:
            self._flush([named])
            return
        values = tuple(mark.facts for mark, _ in self.waiting)
        view = self.view
        beside = tuple(view.resolve(view.marks[at], owned=True) for at in view.places) if self.beside else ()
        if any(denied for _, denied in self.waiting):
            self.claims.append(Some(values, 0, 0))
        elif self.count == (-1, None):
            self.claims.append(Some(values, share=0.5, recent=self.recent))
        elif self.count is not None:
            self.claims.append(Some(values, *self.count, beside=beside, recent=self.recent))
        else:
            among = self._proven()
            if "echo" in view.cues_in(view.clause(view.marks.index(self.waiting[0][0]))) and self.now.your:
                # «it continues your navy collection»
                self.claims += [Has(self.item, value) for value in values if self.subject == [self.item]]
            each = [(value,) for value in values] if self.now.fancy else [values]
            low = len(among) if len(values) == 1 and among else 1
            self.claims += [Some(one, low, among=among) for one in each]
        self.group = list(values)
        self.waiting, self.count, self.beside = [], None, False

    def _ordered(self, at: int, place: int) -> None:
        """Which thing was bought last, or first: the next one named, else the last one."""
        behind = [where for where in self.view.places if where > at]
        thing = self.view.resolve(self.view.marks[behind[0]], owned=True) if behind else self.newest
        if thing is not None:
            self.claims.append(Owned(thing, place))

    def _amount(self, at: int, mark: Mark) -> None:
        places = [place for place in self.view.places if place > at]
        if self.now.attached is not None:
            things = [self.now.attached]
        elif self.own and places:
            things = [self.view.resolve(self.view.marks[places[0]], owned=True)]
        else:
            things = self.holder
        near = " ".join(self.view.said(place) for place in range(at - 3, at))
        low = 0.0 if any(word in near for word in ("under", "below", "less than", "at most", "up to")) else mark.number
        high = mark.number
        if not low < high and any(word in near for word in ("over", "above", "more than", "at least")):
            high = float("inf")
        rough = any(word in near for word in ("about", "around", "roughly"))
        slack = 0.1 * mark.number if rough else 0.05 if mark.number % 1 else 0.5
        self.claims += [Priced(thing, low - slack, high + slack) for thing in things]

    def _number(self, at: int, mark: Mark) -> None:
        view, number, before, after = self.view, int(mark.number), self.view.last(at), self.view.next(at)
        of = before is not None and (
            before.cues & {"history"} or {view.said(at - 1), view.said(at - 2)} & {"of", "among"}
        )
        if "." in mark.text and before is not None and "price" in before.cues:
            self._amount(at, mark)
        elif mark.text.lower() == "twice":
            if self.newest is not None and self.own:
                self.claims.append(Owned(self.newest, times=2))
        elif view.said(at - 1) in LAST:
            self.recent = number
        elif (
            (
                not self.own
                and view.said(at + 1) in GOODS
                and "taste" in view.cues
                and not any(m.kind == "value" for m in view.marks)
            )
            or (of and not self.own and (after is None or after.kind != "value"))
            or (view.said(at + 1) in ORDERS and not self.own)
        ):
            self.claims.append(Size(number))
        elif mark.text.lower() == "one" and not (
            view.said(at + 1) == "of"
            or (before and before.cues & {"owning"})
            or view.said(at - 1) in HOLDS
            or (
                after is not None
                and after.kind == "value"
                and view.said(at - 1).split()[-1:] in (["with"], ["already"])
            )
        ):
            return
        elif view.cues & {"your", "you", "yours", "history", "people"}:
            self._flush()
            low = number + (1 if before is not None and "more than" in before.cues else 0)
            if self.own and any(words in view.text for words in TOTAL) and (after is None or after.kind != "value"):
                self.claims.append(Size(number))
                return
            open_ = before is not None and before.cues & {"at least", "more than"}
            self.count = (low, None if open_ else number)
