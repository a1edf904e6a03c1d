"""The one object a user holds: histories of their own ids in, items of their own catalogue out."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from genrec.data import Catalog, Sequences
from genrec.decode.changeable import LIVE
from genrec.decode.requests import (
    Recommendation,
    Recommendations,
    Request,
    indices_of,
    limits_of,
    listed,
    offsets_of,
    table_of,
)
from genrec.errors import UserError
from genrec.search.searchable import SPOKEN, Searchable, checked

if TYPE_CHECKING:
    from genrec.chat.asked import Understand
    from genrec.chat.conversation import Conversation, Reply
    from genrec.decode.generator import Generator
    from genrec.decode.living import Snapshot
    from genrec.decode.offsets import Offsets
    from genrec.decode.speaker import Speaker
    from genrec.explain.gazetteer import Synonyms
    from genrec.explain.speech import Speech
    from genrec.explain.writer import Explainer, Explanation, Write
    from genrec.imagery.artist import Artist, Drawing
    from genrec.imagery.commission import Kind, Scene
    from genrec.imagery.painter import Painter

__all__ = ["LIVE", "Recommendation", "Recommendations", "Recommender", "Request", "load_generator"]

PARTS = ("data", "embed", "sid", "model")
"""What of a workspace a recommender needs; a saved one is a folder of these, and of `LIVE`."""
REMEMBERED = 10_000
"""People whose history is not read again when they come back with the same one."""


class Recommender(Searchable):
    """A trained generator over its catalogue.

    >>> recommender = Recommender.from_pretrained("runs/demo")
    >>> recommender.recommend(["F00042", "F00007"], k=5)
    """

    def __init__(self, path: Path, catalog: Catalog, generator: Generator, speaker: Speaker | None = None) -> None:
        from genrec.decode.living import Snapshot

        super().__init__(path, Snapshot.first(catalog, generator), speaker)
        self._explaining: tuple[Snapshot, Synonyms | None, Explainer] | None = None
        self._explaining_lock = Lock()
        self._talking: Conversation | None = None
        self._talking_lock = Lock()
        self._hearing: Understand | None = None
        self._artist: tuple[object, Artist] | None = None

    @classmethod
    def from_pretrained(cls, path: str | Path, *, beam: int = 50, speaker: Speaker | None = None) -> Recommender:
        """From a workspace whose stages up to `train` are done, or a folder that `save_pretrained` wrote.

        speaker: how its language model is run; None for the torch engine.
        """
        path = Path(path)
        for part in PARTS:
            if not (path / part / "manifest.json").exists():
                raise UserError(f"{path} holds no trained recommender (no finished {part}/): run `genrec run {path}`")
        recommender = cls(path, *_parts(path, beam), speaker)
        if (path / LIVE).exists():
            recommender._living()
        return recommender

    def recommend(
        self,
        history: Sequence[str] = (),
        k: int = 10,
        *,
        where: Any = None,
        allow: Sequence[str] | None = None,
        deny: Sequence[str] | None = None,
        exclude_seen: bool = True,
        spread: int | None = None,
        seed: int | None = None,
    ) -> Recommendations:
        """The k items most likely to come after `history` (item ids, oldest first; may be empty).

        where, allow, deny: see `Request`. They act inside the search: a filter that leaves m < k items gives those m,
        and the answer's `reason` says so. spread: at most so many answers share their first code, while there are
        others. seed: a sample by the generator's probabilities instead of the best.
        """
        request = Request(history, where, allow, deny)
        seeds = None if seed is None else [seed]
        return self.recommend_many([request], k, exclude_seen=exclude_seen, spread=spread, seeds=seeds)[0]

    def recommend_many(
        self,
        requests: Iterable[Sequence[str] | Request],
        k: int = 10,
        *,
        exclude_seen: bool = True,
        offsets: Offsets | None = None,
        spread: int | None = None,
        seeds: Sequence[int] | None = None,
    ) -> list[Recommendations]:
        """`recommend` for many people in one batch, everybody with limits of their own.

        requests: histories, or `Request`s. offsets: for everybody, see `offsets`. seeds: one a request.
        UserError for an item id the catalogue does not have, a filter that cannot be read, contradictory lists.
        """
        import torch

        from genrec.decode.wishes import Wishes

        now = self.snapshot  # one version for the whole batch, whatever is changed meanwhile
        catalog, generator = now.catalog, now.generator
        checked(k, now)
        if spread is not None and spread < 1:
            raise UserError(f"spread = {spread}: at least one answer must be allowed to a first code")
        asked = [one if isinstance(one, Request) else Request(one) for one in requests]
        histories = Sequences.from_lists([indices_of(one.history, catalog) for one in asked])
        limits = limits_of(asked, now)
        wishes = Wishes(
            limits,
            offsets_of(asked, now, offsets),
            spread,
            None if seeds is None else torch.tensor(list(seeds), dtype=torch.long),
        )
        answer = generator.recommend(histories, k, exclude_seen=exclude_seen, wishes=wishes)
        return listed(answer, asked, limits, histories, exclude_seen, now)

    def recommend_by_language(
        self,
        requests: Iterable[Sequence[str] | Request],
        k: int = 10,
        *,
        exclude_seen: bool = True,
        adapter: str | None = None,
    ) -> list[Recommendations]:
        """`recommend_many` by the run's language model. adapter: a LoRA adapter that vLLM holds, by name.

        UserError where the run has no language model, or the engine no such adapter.
        """
        from genrec.decode.wishes import Wishes

        now = self.snapshot
        checked(k, now)
        asked = [one if isinstance(one, Request) else Request(one) for one in requests]
        histories = Sequences.from_lists([indices_of(one.history, now.catalog) for one in asked])
        limits = limits_of(asked, now)
        wishes = Wishes(limits, offsets_of(asked, now, None))
        options = {} if adapter is None else {"adapter": adapter}
        generator = self.speaker.at(now)
        answer = generator.recommend(histories, k, exclude_seen=exclude_seen, wishes=wishes, **options)
        return listed(answer, asked, limits, histories, exclude_seen, now)

    def explain(
        self, history: Sequence[str], item_id: str, *, write: Write | None = None, synonyms: Synonyms | None = None
    ) -> Explanation:
        """Why `item_id` after `history` (item ids, oldest first): a text that cites it, and the evidence.

        write: puts the evidence into words, a language model for instance; what does not hold is left out, and where
        nothing is left, or without `write`, a template says it. synonyms: words for the columns' values that a writer
        may use, {column: {value: [word, …]}}. UserError for an item that the catalogue does not have.
        """
        return self.explain_many(history, [item_id], write=write, synonyms=synonyms)[0]

    def explain_many(
        self,
        history: Sequence[str],
        item_ids: Sequence[str],
        *,
        write: Write | None = None,
        synonyms: Synonyms | None = None,
    ) -> list[Explanation]:
        """`explain` for several items after one history, at little more than the cost of one."""
        now = self.snapshot
        histories = Sequences.from_lists([indices_of(history, now.catalog)])
        return self._explainer(now, synonyms).explain_all(histories, 0, indices_of(item_ids, now.catalog), write)

    def _explainer(self, now: Snapshot, synonyms: Synonyms | None) -> Explainer:
        """Over one version; what was read of an earlier version's rows is gone on from."""
        from genrec.explain.scorers import CompactScorer
        from genrec.explain.writer import Explainer

        known = self._explaining
        if known is None or known[0] is not now or known[1] is not synonyms:
            with self._explaining_lock:  # writers explain in many threads: one makes it
                known = self._explaining
                if known is None or known[0] is not now or known[1] is not synonyms:
                    scorer = CompactScorer(now.generator)
                    former = known[2] if known is not None and known[1] is synonyms else None
                    made = former.after(now.catalog, now.ids, scorer) if former is not None else None
                    facts = known[2].facts if known is not None and known[0].catalog is now.catalog else None
                    made = made or Explainer(now.catalog, now.ids, scorer, facts=facts, synonyms=synonyms)
                    known = self._explaining = (now, synonyms, made)
        return known[2]

    def chat(
        self,
        messages: Sequence[Mapping[str, Any]],
        history: Sequence[str] = (),
        *,
        disliked: Sequence[str] = (),
        k: int = 5,
        where: Any = None,
        explain: bool = True,
        write: Write | None = None,
        synonyms: Synonyms | None = None,
        understanding: Literal["gazetteer", "lm"] | None = None,
    ) -> Reply:
        """The answer to a conversation, with up to k items: messages [{"role": "user", "content": …}, …], oldest first.

        history, disliked: item ids known of the person. where: a filter that holds whatever is said. explain: with a
        reason for each item. write: a chat model that hears the last message, and puts reasons into words (see
        `explain`); what of it does not hold is not used. synonyms: as for `explain`. understanding: what hears the
        last message in the place of `write`; lm: the run's own language model, UserError where it was not taught to.
        """
        from genrec.chat.talk import talk

        understand = self._understand(write, understanding)
        return talk(self, messages, history, disliked, k, where, explain, write, synonyms, understand)

    def _understand(self, write: Write | None, named: Literal["gazetteer", "lm"] | None) -> Understand | None:
        """What hears messages; None for the gazetteer."""
        from genrec.chat.model import ModelUnderstanding
        from genrec.chat.tuned import tuned

        if named is None:
            return None if write is None else partial(ModelUnderstanding, write=write)
        if named not in ("gazetteer", "lm"):
            raise UserError(f"there is no understanding {named!r}: take gazetteer or lm")
        if named == "lm" and self._hearing is None:
            self._hearing = tuned(self.path / SPOKEN, self.speech())
        return self._hearing if named == "lm" else None

    def conversation(self, synonyms: Synonyms | None = None) -> Conversation:
        """What `chat` understands messages by, over the catalogue as it stands; made anew when that changes."""
        from genrec.chat.conversation import Conversation

        now, known = self.snapshot, self._talking
        if known is None or known.now is not now:
            with self._talking_lock:  # one makes it, and the others wait for that one
                known = self._talking
                if known is None or known.now is not now:
                    known = self._talking = Conversation(now, synonyms, former=known)
        return known

    def speech(self) -> Speech:
        """The run's language model as a writer for `explain`; UserError where the run has none."""
        from genrec.explain.speech import Speech

        return Speech.read(self.path, self.snapshot.ids)

    def artist(self, painter: str | Path | Painter | None = None) -> Artist:
        """Makes commissions of this catalogue's ids and draws them; made anew when the catalogue changes.

        painter: None for the one that comes with GenRec, for runs of the synthetic worlds; else the folder of one, a
        checkpoint's recipe, hub id or folder, or any `Painter`. UserError where there is none.
        """
        from genrec.imagery.artist import Artist

        now, known = self.snapshot, self._artist
        if known is None or known[0] != painter:
            known = (painter, Artist.of(self.path, now, painter))
        elif known[1].now is not now:
            known = (painter, Artist(self.path, now, known[1].painter, known[1].domain))
        self._artist = known
        return known[1]

    def imagine(
        self,
        item_id: str,
        history: Sequence[str] = (),
        *,
        kind: Kind = "cover",
        love: float | Sequence[float] = 0.5,
        scene: Scene | str | None = None,
        reference: bool = False,
        prompt: str = "",
        style: str = "",
        negative: str = "",
        item_guidance: float | None = None,
        taste_guidance: float | None = None,
        seed: int = 0,
        steps: int | None = None,
        painter: str | Path | Painter | None = None,
    ) -> list[Drawing]:
        """The item, drawn for whoever has this history (item ids, oldest first): one picture for each value of `love`.

        kind: cover; tryon and room put the item into a scene, one of the run's own world by name, or any `Scene`. The
        others: see `genrec.imagery.Commission`. UserError for an unknown item, a history that says nothing where love
        is above 0, or what the painter cannot draw.
        """
        artist = self.artist(painter)
        steps_of_love = [love] if isinstance(love, int | float) else list(love)
        wanted = [
            artist.commission(
                item_id, history, kind=kind, love=float(one), scene=scene, reference=reference, prompt=prompt,
                style=style, negative=negative, item_guidance=item_guidance, taste_guidance=taste_guidance, seed=seed,
            )
            for one in steps_of_love
        ]  # fmt: skip
        return artist.draw(wanted, steps=steps)

    def offsets(self, values: Mapping[str, float]) -> Offsets:
        """Score offsets by item id, for everybody: a prior, a discount for popularity. UserError unless finite.

        They hold for the catalogue as it stands; make them anew when items have come.
        """
        from genrec.decode.offsets import Offsets

        now = self.snapshot
        given = np.zeros(len(now.catalog), np.float32)
        given[indices_of(list(values), now.catalog)] = list(values.values())
        return Offsets.build(now.generator.engine.trie, given, names=now.catalog.ids)

    def recommend_table(self, sequences: Sequences, k: int = 10, *, exclude_seen: bool = True) -> pl.DataFrame:
        """Columns user_id, rank (1 is best), item_id, score for histories of item indices."""
        now = self.snapshot
        return table_of(now.generator.recommend(sequences, k, exclude_seen=exclude_seen), sequences, now.catalog)

    def _first(self) -> Snapshot:
        from genrec.decode.living import Snapshot

        return Snapshot.first(*_parts(self.path, self.generator.engine.width))

    # ------------------------------------------------------------------ in files

    def save_pretrained(self, folder: str | Path) -> None:
        """Everything `from_pretrained` needs, changes of the catalogue too, without the histories it was trained on."""
        folder = Path(folder)
        if folder.exists() and any(folder.iterdir()):
            raise UserError(f"{folder} is not empty: save to a new folder")
        for part in PARTS:
            shutil.copytree(self.path / part, folder / part, ignore=shutil.ignore_patterns("interactions.parquet"))
        if (self.path / SPOKEN / "manifest.json").exists():
            shutil.copytree(self.path / SPOKEN, folder / SPOKEN)
        if self.log:
            shutil.copytree(self.path / LIVE, folder / LIVE, ignore=shutil.ignore_patterns("*.part"))

    def push_to_hub(self, repo_id: str, *, private: bool = True, token: str | None = None) -> str:
        """Upload what `save_pretrained` writes to the Hugging Face hub; the address of the commit."""
        import tempfile

        from huggingface_hub import HfApi

        api = HfApi(token=token)
        api.create_repo(repo_id, private=private, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            self.save_pretrained(Path(folder) / "recommender")
            done = api.upload_folder(repo_id=repo_id, folder_path=str(Path(folder) / "recommender"))
        return str(done.commit_url)


def _parts(path: Path, beam: int) -> tuple[Catalog, Generator]:
    catalog = Catalog.read(path / "data" / "catalog.parquet")
    return catalog, load_generator(path, beam=beam, catalog=catalog, remembered=REMEMBERED)


def load_generator(
    path: Path, *, beam: int = 50, plain: bool = False, catalog: Catalog | None = None, remembered: int = 0
) -> Generator:
    """The generator of a workspace or a saved folder. plain: by codes alone, without the leaf score.

    catalog: for filters over its columns. remembered: how many users' states are kept, see `TorchEngine`.
    """
    from genrec.decode.columns import ColumnIndex
    from genrec.decode.generator import Generator
    from genrec.decode.leaf import LeafScorer
    from genrec.decode.torch_engine import TorchEngine
    from genrec.decode.trie import Trie
    from genrec.embed import vectors
    from genrec.model.compact import CompactModel

    model = CompactModel.from_pretrained(path / "model")
    engine = TorchEngine(model, Trie.load(path / "sid" / "trie.safetensors"), width=beam, remembered=remembered)
    popularity = np.load(path / "model" / "popularity.npy", allow_pickle=False)
    leaf = None
    if not plain and (path / "model" / "leaf.json").exists():
        leaf = LeafScorer.load(path / "model", model, *vectors.load(path / "embed", "fused"))
    index = None if catalog is None else ColumnIndex(catalog.table, engine.trie.order)
    generator = Generator(engine, np.log1p(popularity), leaf, index=index)
    if plain:
        generator.name = "genrec-compact-plain"
    return generator
