"""Simulated shoppers keep their secret, tell the truth, and are counted as what they are."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from genrec.data import Catalog, Interactions
from genrec.data.synthetic import fashion
from genrec.data.synthetic.dynamics import live, season_of
from genrec.data.synthetic.fashion_shop import open_shop
from genrec.data.synthetic.wardrobe import garments
from genrec.data.synthetic.world import popularity
from genrec.decode.columns import ColumnIndex
from genrec.decode.requests import Recommendation, Recommendations
from tests.scripts import script

ITEMS, USERS, SEED = 400, 80, 5


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What of a run the shoppers read; its pictures are not drawn."""
    folder = tmp_path_factory.mktemp("shoppers")
    (folder / "data").mkdir()
    patch = pytest.MonkeyPatch()
    patch.setattr(fashion, "illustrate", lambda catalog, folder, picture: None)
    world = fashion.build(folder / "data", items=ITEMS, users=USERS, seed=SEED)
    patch.undo()
    world.catalog.write(folder / "data" / "catalog.parquet")
    world.interactions.write(folder / "data" / "interactions.parquet")
    recipe = {"n_items": ITEMS, "n_users": USERS, "seed": SEED}
    (folder / "data" / "manifest.json").write_text(json.dumps({"recipe": recipe}))
    return folder


@pytest.fixture(scope="module")
def cards(run: Path) -> Any:
    return script("shopper_policy").Cards.read(run)


def spoken(cards: Any, shoppers: int = 300, turns: int = 8) -> list[tuple[Any, list[tuple[list[int], Any]]]]:
    """Shoppers before whom lie things at random, most of the right category; (shown before, message) of each turn."""
    policy, random = script("shopper_policy"), Random(1)
    talks = []
    for number in range(shoppers):
        target = random.randrange(len(cards.rows))
        shopper = policy.Shopper(cards, target, 3, number)
        near = [i for i, row in enumerate(cards.rows) if row["category"] == shopper.target["category"] and i != target]
        shown: list[int] = []
        talk = []
        for _ in range(turns):
            asked = random.choice([None, None, None, *QUESTIONS])
            talk.append((shown, shopper.speak(shown, asked)))
            pool = near if len(near) >= 5 and random.random() < 0.7 else range(len(cards.rows))
            shown = random.sample(pool, 5)
        talks.append((shopper, talk))
    return talks


QUESTIONS = {
    "Got it. Which colour do you have in mind?": "colour",
    "What would you like to spend?": "price",
    "Nice! Any material in particular?": "material",
    "Is it a coat, a jacket or a sweater?": "category",
    "Should it be for winter or for summer?": "season",
    "I have plenty of dresses. A maxi, a sheath or a slip, which cut?": "silhouette",
    "Do you lean towards Halvt, Kerb or Rosamund?": "brand",
    "A red one it is. Stripes, checks, or something floral?": "pattern",
    "What is it for, boho or street?": "style",
}


def test_every_act_has_its_templates_and_every_value_its_words(cards):
    phrasings, speech, policy = script("shopper_phrasings"), script("shopper_speech"), script("shopper_policy")
    known = {"a", "s", "is", "in", "it", "bare", "no", "not", "nth", "too", "n", "w"}
    for act, by_voice in phrasings.ACTS.items():
        assert set(by_voice) == set(phrasings.VOICES)
        templates = [template for voice in by_voice.values() for template in voice]
        assert len(set(templates)) >= 15, act
        for template in templates:
            assert set(re.findall(r"\{(\w+)\}", template)) <= known
    random = Random(0)
    for voice in phrasings.VOICES:
        for row in cards.rows:
            for column in policy.SAID:
                words = speech.Speech(voice).words(column, row[column], row["category"], random)
                assert words.post and words.is_ and words.bare and words.thing


def test_a_message_says_little_and_only_what_is_true(cards):
    policy, words = script("shopper_policy"), script("shopper_words")
    kinds: Counter[str] = Counter()
    mistakes: Counter[int] = Counter()
    for number, (shopper, talk) in enumerate(spoken(cards)):
        mistaken: str | None = None
        for shown, message in talk:
            kinds[message.act] += 1
            assert 0 <= len(message.slots) <= 2 and message.text and "{" not in message.text
            if mistaken:  # put right by the next message, whatever was shown or asked
                assert message.act == "correction" and [slot.column for slot in message.slots] == [mistaken]
            mistaken = None
            for slot in message.slots:
                assert slot.column in ("", *shopper.minds)
                assert slot.kind == "max" or set(slot.values) <= set(slot.accepted)
                if slot.kind == "liked":
                    assert slot.values[0] in [cards.ids[item] for item in shown]
                elif slot.kind == "max":
                    assert shopper.target["price"] < slot.values[0] <= slot.accepted[0]
                    assert slot.relative or slot.values[0] in words.NUMBERS
                elif slot.kind == "unwanted":
                    assert shopper.target[slot.column] not in slot.values
                    assert slot.values[0] in [cards.rows[item][slot.column] for item in shown]
                elif shopper.target[slot.column] not in slot.values:
                    assert mistakes[number] == 0 and slot.column in policy.MISSPOKEN
                    mistaken = slot.column
                    mistakes[number] += 1
            for money in re.findall(r"\d+(?:\.\d+)?", re.sub(r"parallel ?52|100%", "", message.text.lower())):
                assert float(money) <= 5 or float(money) in words.NUMBERS
            assert f"{shopper.target['price']}" not in message.text or shopper.target["price"] in words.NUMBERS
    assert set(kinds) == set(script("shopper_phrasings").ACTS)
    assert 0 < sum(mistakes.values()) < 0.15 * 300


def test_titles_series_ids_and_second_colours_cannot_be_told(cards):
    """Where they were otherwise, and only they, every word would be the same."""
    table = pl.DataFrame(cards.rows)
    unsaid = ("title", "text", "description", "image", "series", "piece", "accent", "tier")
    other = table.with_columns(
        *(pl.col(name).reverse() for name in unsaid), item_id=pl.Series([f"X{row}" for row in range(len(table))])
    )
    renamed = script("shopper_policy").Cards(other)
    for (_, ours), (_, theirs) in zip(spoken(cards, 60), spoken(renamed, 60), strict=True):
        assert [message.text for _, message in ours] == [message.text for _, message in theirs]


def test_people_differ_as_the_policy_says(cards):
    policy = script("shopper_policy")
    many = [policy.Shopper(cards, number % ITEMS, 1, number) for number in range(3500)]
    assert len({shopper.voice for shopper in many}) == 7
    for column, chance in policy.MINDED.items():
        minding = np.mean([column in shopper.minds for shopper in many])
        assert abs(minding - chance) < 0.04
    assert all(shopper.target["price"] < shopper.budget for shopper in many if "price" in shopper.minds)
    first = [shopper.speak() for shopper in many]
    assert abs(np.mean([len(message.slots + message.implied) == 2 for message in first]) - policy.TWO_AT_FIRST) < 0.04
    again = [policy.Shopper(cards, number % ITEMS, 1, number).speak().text for number in range(100)]
    assert again == [message.text for message in first[:100]]
    assert again != [policy.Shopper(cards, number % ITEMS, 2, number).speak().text for number in range(100)]


def test_a_question_is_understood_and_answered_truly(cards):
    policy = script("shopper_policy")
    for question, column in QUESTIONS.items():
        assert cards.asked(question) == column
        for number in range(40):
            shopper = policy.Shopper(cards, number, 9, number)
            opening = shopper.speak()
            message = shopper.speak([], question)
            if message.act == "correction":
                assert any(shopper.target[slot.column] not in slot.values for slot in opening.slots)
            elif column in shopper.minds:
                assert message.act == "answer" and message.slots[0].column == column
            else:
                assert message.act == "indifferent" and column not in [slot.column for slot in message.slots]
    assert cards.asked("Anything else?") is None


def test_quick_fingers_spare_short_words_and_first_letters():
    slip = script("shopper_phrasings").slip
    said = "Please show me the striped jumpers under 50 in mustard yellow"
    for seed in range(50):
        slipped = slip(said, Random(seed), share=1).split()
        assert len(slipped) == len(said.split())
        for one, other in zip(said.lower().split(), slipped, strict=True):
            assert one[0] == other[0] and abs(len(one) - len(other)) <= 1
            assert len(one) >= 5 or one == other
    assert slip(said, Random(0), share=0) == said.lower()


def conversation(cards: Any, target: int, show: Any) -> tuple[Any, list[Any]]:
    """One shopper before a system that answers turn t with show(t); what the system was given is kept."""
    policy, talk = script("shopper_policy"), script("shopper_talk")
    given = []

    def system(dialogues):
        (dialogue,) = dialogues
        given.append(json.dumps(dialogue.messages))
        assert dialogue.history == ["a", "b"]
        return [talk.Answer(show(len(given)), f"answer {len(given)}")]

    (told,) = talk.told(system, [policy.Shopper(cards, target, 0, 0)], [["a", "b"]])
    return told, given


def test_what_is_wanted_is_found_when_it_is_among_the_five_and_not_before(cards):
    wrong = [1, 2, 3, 4, 5]
    assert conversation(cards, 7, lambda turn: [1, 2, 7])[0].found == 1
    third, given = conversation(cards, 7, lambda turn: [7, 1, 2] if turn == 3 else wrong)
    assert third.found == 3 and len(given) == 3 and len(third.judged) == 3
    sixth, given = conversation(cards, 7, lambda turn: [*wrong, 7])
    assert sixth.found == 0 and len(given) == 5
    roles = [message["role"] for message in json.loads(given[-1])]
    assert roles == ["user", "assistant"] * 4 + ["user"]
    assert json.loads(given[-1])[3]["content"] == "answer 2"
    assert conversation(cards, 7, lambda turn: [])[0].found == 0


def test_an_exact_hearer_keeps_the_target_and_filters_as_the_engine_does(cards):
    hearing = script("shopper_hearing")
    table = pl.DataFrame(cards.rows)
    index = ColumnIndex(table, np.arange(len(table)))
    for shopper, talk in spoken(cards, 80, 6):
        for end in range(1, len(talk) + 1):
            messages = [message for _, message in talk[:end]]
            known = hearing.Exact.of(messages, cards)
            allowed = known.allowed(cards)
            assert index.compile(known.where()).ranks().tolist() == allowed
            last = messages[-1]
            mistaken = any(
                slot.kind == "wanted" and shopper.target[slot.column] not in slot.values for slot in last.slots
            )
            assert mistaken or shopper.found(allowed)


def held(wanted=None, unwanted=None, bounds=None, liked=()) -> Any:
    return SimpleNamespace(wanted=wanted or {}, unwanted=unwanted or {}, bounds=bounds or {}, liked=liked)


def bound(**given: float) -> Any:
    return SimpleNamespace(**{name: given.get(name) for name in ("min", "max", "above", "below")})


def test_what_was_heard_is_judged_by_what_was_meant():
    hearing, speech, policy = script("shopper_hearing"), script("shopper_speech"), script("shopper_policy")
    red = speech.Slot("colour", "wanted", ("red",), ("red",))
    blue = speech.Slot("colour", "wanted", ("navy", "sky blue"), ("navy", "sky blue", "teal"))
    dear = speech.Slot("price", "max", (80.0,), (120.0,), relative=True)
    fifty = speech.Slot("price", "max", (50,), (50,))
    no_dots = speech.Slot("pattern", "unwanted", ("dots",), ("dots",))
    like = speech.Slot("", "liked", ("F1",), ("F1",))
    for slot, right, wrong in [
        (red, held({"colour": ("red",)}), held({"colour": ("red", "rust")})),
        (red, held({"colour": ("red",), "category": ("coat",)}), held({"accent": ("red",)})),
        (blue, held({"colour": ("sky blue", "navy")}), held({"colour": ("navy",)})),
        (blue, held({"colour": ("sky blue", "navy", "teal")}), held({"colour": ("navy", "sky blue", "red")})),
        (fifty, held(bounds={"price": bound(max=50)}), held(bounds={"price": bound(max=60)})),
        (fifty, held(bounds={"price": bound(below=50.0)}), held(bounds={"price": bound(min=50)})),
        (dear, held(bounds={"price": bound(below=90)}), held(bounds={"price": bound(max=130)})),
        (no_dots, held(unwanted={"pattern": ("dots", "checks")}), held({"pattern": ("dots",)})),
        (like, held(liked=("F0", "F1")), held(liked=("F0",))),
    ]:
        assert hearing.holds(right, slot) and not hearing.holds(wrong, slot) and not hearing.holds(None, slot)

    message = policy.Message("", "open", (red, fifty), (("wanted", "category", "coat"),))
    before = held({"season": ("winter",)})
    exactly = held({"season": ("winter",), "colour": ("red",), "category": ("coat",)}, bounds={"price": bound(max=50)})
    assert hearing.judged(before, exactly, message).right
    more = held({**exactly.wanted, "style": ("boho",)}, bounds=exactly.bounds)
    judged = hearing.judged(before, more, message)
    assert judged.heard == (True, True) and judged.extra == (("wanted", "style", "boho"),) and not judged.right
    less = hearing.judged(before, held({"colour": ("red",)}), message)
    assert less.heard == (True, False) and less.extra == () and not less.right
    assert hearing.excess([judged, less]) == pytest.approx(3 / 4)

    row = {"colour": "red", "pattern": "dots", "price": 49.0, "series": None}
    assert hearing.against(exactly, row) == ["category", "season"]
    assert hearing.against(held(unwanted={"pattern": ("dots",)}, bounds={"price": bound(max=40)}), row) == [
        "pattern",
        "price",
    ]
    assert hearing.against(held({"colour": ("red",)}, {"series": ("Quiet Moon",)}), row) == []


def test_words_are_told_apart_by_where_they_stand(cards):
    speech = script("shopper_speech")
    wordings = script("shopper_hearing").Wordings(cards)
    row = next(row for row in cards.rows if row["colour"] == "red")
    slot = speech.Slot("colour", "wanted", ("red",), ("red",))

    def kind(word: str, text: str) -> str:
        return str(wordings.kind(speech.Words(word, f"in {word}", word, word, word), slot, text))

    assert kind("bright red", "a bright red hat") == "column"
    assert kind("vermilion", "something in vermilion") == "elsewhere"
    phrase = row["text"].lower().split(".")[0]
    assert kind(phrase.replace("red", "").split()[0], phrase) == "texts"


def test_people_are_users_without_their_last_item_and_taste_is_the_worlds(run):
    who = script("shopper_people")
    catalog = Catalog.read(run / "data" / "catalog.parquet")
    sequences = Interactions.read(run / "data" / "interactions.parquet").sequences(catalog)
    lives = {tuple(catalog.ids[item] for item in items): user for user, items in enumerate(sequences)}
    groups = [who.people(run, 20, seed) for seed in range(3)]
    seen = []
    for person in (person for group in groups for person in group):
        whole = (*person.history, catalog.ids[person.targets["next"]])
        seen.append(lives[whole])
        assert catalog.ids[person.targets["taste"]] not in person.history
    assert len(set(seen)) == 60

    made = garments(ITEMS, SEED)
    shop = open_shop(made, popularity(ITEMS, SEED))
    lived = live(shop, USERS, SEED)
    last = lived.lengths[0] - 1
    user = sequences.users.index("u00000")
    drawn = who.drawn_by_taste(run, sequences, np.full(3000, user), 0)
    chance = shop.base[lived.states[0, last], season_of(lived.days[0, last : last + 1])[0]].copy()
    chance[lived.items[0, :last]] = 0
    likely = np.argsort(-chance)[:40]
    assert np.isin(drawn, likely).mean() == pytest.approx(chance[likely].sum() / chance.sum(), abs=0.04)
    with pytest.raises(SystemExit, match="too few"):
        who.people(run, 50, 1)


class Shelf:
    """A stand-in for a recommender: the catalogue in its order, and a chat that hears categories alone."""

    def __init__(self, cards: Any) -> None:
        self.cards = cards

    def recommend_many(self, requests: Any, k: int) -> list[Recommendations]:
        answers = []
        for one in requests:
            where, deny = getattr(one, "where", None), set(getattr(one, "deny", None) or ())
            items = [row for row, item in enumerate(self.cards.ids) if item not in deny]
            if where is not None:
                index = ColumnIndex(pl.DataFrame(self.cards.rows), np.arange(len(self.cards.ids)))
                kept = index.compile(where).mask()
                items = [item for item in items if kept[item]]
            answers.append(self._as_answer(items[:k]))
        return answers

    def chat(self, messages: Any, history: Any, *, k: int, explain: bool) -> Any:
        said = " ".join(message["content"] for message in messages if message["role"] == "user").lower()
        known = {"category": tuple(value for value in self.cards.values["category"] if value in said)}
        if len(messages) == 1:
            asked = held(known if known["category"] else {})
            return SimpleNamespace(items=(), text="Which colour?", intent="clarify", constraints=asked)
        items = [i for i, row in enumerate(self.cards.rows) if row["category"] in known["category"]]
        items = items[len(messages) :][:k]
        constraints = held(known if known["category"] else {})
        return SimpleNamespace(items=self._as_answer(items), text="Here.", intent="recommend", constraints=constraints)

    def _as_answer(self, items: list[int]) -> Recommendations:
        return Recommendations(Recommendation(self.cards.ids[item], None, 0.0) for item in items)


def test_the_table_has_every_system_and_the_oracles_stand_where_they_must(run, cards, monkeypatch, capsys, tmp_path):
    shoppers = script("shoppers")
    monkeypatch.setattr(shoppers.Recommender, "from_pretrained", lambda path: Shelf(cards))
    shoppers.main([str(run), "--shoppers", "28", "--seeds", "0", "1", "--json", str(tmp_path / "out.json")])
    shown, found = capsys.readouterr().out, json.loads((tmp_path / "out.json").read_text())
    for setting in ("next", "taste"):
        systems = found[setting]["systems"]
        assert list(systems) == [
            "paging", "chat", "chat, no history", "exact hearing", "exact hearing, no history",
            "exact hearing, any of them", "any item",
        ]  # fmt: skip
        for name, row in systems.items():
            assert row["shoppers"] == 56 and row["within"] == sorted(row["within"])
            assert row["low"] <= row["within"][-1] <= row["high"]
            assert np.mean(list(row["by_seed"].values())) == pytest.approx(row["within"][-1])
            gain = row["within"][-1] - systems["paging"]["within"][-1]
            assert row["over_paging"]["mean"] == pytest.approx(gain)
            assert f"| {name} | {row['within'][0]:.1%} |" in shown
        assert systems["exact hearing"]["within"][-1] > 0.8 > 0.4 > systems["any item"]["within"][-1]
        chat = systems["chat"]
        assert chat["within"][0] == 0 and chat["asked_back"] > 0.15
        assert 0 < chat["hearing"]["recall"] < 0.7
        assert chat["hearing"]["by_kind"]["wanted colour"]["recall"] == 0
        assert chat["hearing"]["by_kind"]["wanted category"]["recall"] > 0.2
        lost = chat["failures"]
        assert lost["not_found"] == round(56 * (1 - chat["within"][-1])) == sum(lost["why"].values())
        assert sum(one["shoppers"] for one in chat["by_voice"].values()) == 56
