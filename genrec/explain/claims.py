"""Claims: what a sentence says, so that catalogue and history can deny it. Each is (item, attribute, value) at heart.

Knows nothing of language; `genrec.explain.reader` makes claims of sentences.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import Protocol

from genrec.model.tasks.facts import Facts

CENTS = 0.05
"""How far a price may be off that is told to the cent."""


@dataclass(frozen=True, eq=False)
class World:
    """What is true for one person and one recommendation: item, the recommended one; history, oldest first.

    prices: by item, None where there is none. names: the items' own ids.
    """

    facts: Facts
    item: int
    history: tuple[int, ...]
    prices: list[float | None] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def has(self, item: int, facts: frozenset[int]) -> bool:
        """Any of `facts`: a word may stand for values of several columns."""
        return not facts.isdisjoint(self.facts.of(item))

    def values(self, item: int, attribute: str) -> set[str]:
        numbered = self.facts.facts
        return {numbered[fact].value for fact in self.facts.of(item) if numbered[fact].attribute == attribute}

    def name(self, item: int) -> str:
        return self.names[item] if item < len(self.names) else str(item)

    def price(self, item: int) -> float | None:
        return self.prices[item] if item < len(self.prices) else None


class Claim(Protocol):
    """about: the items that it names, for a citation; empty where it is about the history as a whole."""

    @property
    def about(self) -> tuple[int, ...]: ...

    def holds(self, world: World) -> bool: ...

    def triple(self, world: World) -> tuple[str, str, str]:
        """(item, attribute, value) in words, items by their own ids, for a log."""
        ...


@dataclass(frozen=True)
class Has:
    """The item has one of these facts; with denied, none of them."""

    item: int
    facts: frozenset[int]
    denied: bool = False

    @property
    def about(self) -> tuple[int, ...]:
        return (self.item,)

    def holds(self, world: World) -> bool:
        return world.has(self.item, self.facts) != self.denied

    def triple(self, world: World) -> tuple[str, str, str]:
        attribute, value = _words(world, self.facts)
        return world.name(self.item), attribute, f"not {value}" if self.denied else value


@dataclass(frozen=True)
class Some:
    """At least `low` and at most `high` different things of the history have all of `facts`.

    beside: things that do not count. recent: only so many of the newest events do. share: instead, more than this part
    of the different things. among: where given, only these things count.
    """

    facts: tuple[frozenset[int], ...]
    low: int = 1
    high: int | None = None
    beside: tuple[int, ...] = ()
    recent: int | None = None
    share: float | None = None
    among: tuple[int, ...] = ()

    @property
    def about(self) -> tuple[int, ...]:
        return self.among

    def holds(self, world: World) -> bool:
        things = set(world.history if self.recent is None else world.history[-self.recent :])
        things = (things & set(self.among) if self.among else things) - set(self.beside)
        # A word for values of several columns may mean any one of them, or all.
        readings = product(*([facts, *(frozenset([fact]) for fact in facts)] for facts in self.facts))
        return any(
            self._enough(sum(all(world.has(one, f) for f in each) for one in things), len(things)) for each in readings
        )

    def _enough(self, count: int, total: int) -> bool:
        if self.share is not None:
            return count > self.share * total
        return self.low <= count and (self.high is None or count <= self.high)

    def triple(self, world: World) -> tuple[str, str, str]:
        words = [_words(world, facts) for facts in self.facts]
        count = f"{self.low} to {self.high}" if self.high is not None else f"{self.low} or more"
        whose = " ".join(map(world.name, self.among)) or "history"
        return f"{whose} ({count})", " and ".join(a for a, _ in words), " and ".join(v for _, v in words)


@dataclass(frozen=True)
class Owned:
    """The thing is in the history; place: at its end (-1) or its beginning (0). times: so often."""

    item: int
    place: int | None = None
    times: int | None = None

    @property
    def about(self) -> tuple[int, ...]:
        return (self.item,)

    def holds(self, world: World) -> bool:
        if self.item not in world.history:
            return False
        if self.times is not None and world.history.count(self.item) != self.times:
            return False
        return self.place is None or world.history[self.place] == self.item

    def triple(self, world: World) -> tuple[str, str, str]:
        place = "" if self.place is None else " last" if self.place else " first"
        return world.name(self.item), "history", f"there{place}"


@dataclass(frozen=True)
class Alike:
    """The items agree in a column; with denied, they do not. An item without a value agrees with none."""

    items: tuple[int, ...]
    attribute: str
    denied: bool = False

    @property
    def about(self) -> tuple[int, ...]:
        return self.items

    def holds(self, world: World) -> bool:
        if self.attribute == "price":
            prices = [world.price(one) for one in self.items]
            return (None not in prices and len(set(prices)) == 1) != self.denied
        shared = set.intersection(*(world.values(one, self.attribute) for one in self.items))
        return bool(shared) != self.denied

    def triple(self, world: World) -> tuple[str, str, str]:
        return " ".join(map(world.name, self.items)), self.attribute, "different" if self.denied else "the same"


@dataclass(frozen=True)
class Shares:
    """The item has one of these facts, and the other thing has the same one; with denied, it does not."""

    item: int
    other: int
    facts: frozenset[int]
    denied: bool = False

    @property
    def about(self) -> tuple[int, ...]:
        return (self.item, self.other)

    def holds(self, world: World) -> bool:
        own = self.facts.intersection(world.facts.of(self.item))
        return bool(own) and world.has(self.other, own) != self.denied

    def triple(self, world: World) -> tuple[str, str, str]:
        attribute, value = _words(world, self.facts)
        return (
            f"{world.name(self.item)} {world.name(self.other)}",
            attribute,
            f"{value}, not shared" if self.denied else value,
        )


@dataclass(frozen=True)
class Agree:
    """What is said of the item and what is said of the other thing are one value, if they are of one column at all."""

    item: int
    other: int
    one: frozenset[int]
    two: frozenset[int]

    @property
    def about(self) -> tuple[int, ...]:
        return (self.item, self.other)

    def holds(self, world: World) -> bool:
        columns = [{world.facts.facts[fact].attribute for fact in facts} for facts in (self.one, self.two)]
        return columns[0].isdisjoint(columns[1]) or not self.one.isdisjoint(self.two)

    def triple(self, world: World) -> tuple[str, str, str]:
        attribute, value = _words(world, self.one)
        return (
            f"{world.name(self.item)} {world.name(self.other)}",
            attribute,
            f"{value} as {_words(world, self.two)[1]}",
        )


@dataclass(frozen=True)
class Known:
    """The item shares its value of a column with something in the history."""

    item: int
    attribute: str

    @property
    def about(self) -> tuple[int, ...]:
        return (self.item,)

    def holds(self, world: World) -> bool:
        own = world.values(self.item, self.attribute)
        return any(own & world.values(one, self.attribute) for one in world.history if one != self.item)

    def triple(self, world: World) -> tuple[str, str, str]:
        return world.name(self.item), self.attribute, "as in the history"


@dataclass(frozen=True)
class Priced:
    """The item's price lies between low and high."""

    item: int
    low: float
    high: float

    @property
    def about(self) -> tuple[int, ...]:
        return (self.item,)

    def holds(self, world: World) -> bool:
        price = world.price(self.item)
        return price is not None and self.low <= price <= self.high

    def triple(self, world: World) -> tuple[str, str, str]:
        return world.name(self.item), "price", f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Cheaper:
    """One costs less than the other; with denied, it costs as much or more."""

    item: int
    other: int
    denied: bool = False

    @property
    def about(self) -> tuple[int, ...]:
        return (self.item, self.other)

    def holds(self, world: World) -> bool:
        one, other = world.price(self.item), world.price(self.other)
        return one is not None and other is not None and (one < other) != self.denied

    def triple(self, world: World) -> tuple[str, str, str]:
        than = "not less than" if self.denied else "less than"
        return world.name(self.item), "price", f"{than} that of {world.name(self.other)}"


@dataclass(frozen=True)
class Size:
    """The history is so long: in events, or in different things."""

    count: int

    @property
    def about(self) -> tuple[int, ...]:
        return ()

    def holds(self, world: World) -> bool:
        return self.count in (len(world.history), len(set(world.history)))

    def triple(self, world: World) -> tuple[str, str, str]:
        return "history", "count", str(self.count)


@dataclass(frozen=True)
class AnyOf:
    """One of several readings, or of several likenesses, is enough."""

    claims: tuple[Claim, ...]

    @property
    def about(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(item for claim in self.claims for item in claim.about))

    def holds(self, world: World) -> bool:
        return any(claim.holds(world) for claim in self.claims)

    def triple(self, world: World) -> tuple[str, str, str]:
        parts = [claim.triple(world) for claim in self.claims]
        return parts[0][0], " or ".join(part[1] for part in parts), " or ".join(part[2] for part in parts)


@dataclass(frozen=True)
class Unknown:
    """Something is named, or said of an item, that neither catalogue nor history has: never supported."""

    text: str

    @property
    def about(self) -> tuple[int, ...]:
        return ()

    def holds(self, world: World) -> bool:
        return False

    def triple(self, world: World) -> tuple[str, str, str]:
        return "?", "?", self.text


def _words(world: World, facts: frozenset[int]) -> tuple[str, str]:
    some = [world.facts.facts[fact] for fact in sorted(facts)]
    return " or ".join(dict.fromkeys(one.attribute for one in some)), " or ".join(
        dict.fromkeys(one.value for one in some)
    )
