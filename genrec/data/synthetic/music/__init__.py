"""The music world: tracks with covers and clips, people who keep what they like, and how well one could predict them.

Everything follows from a seed, as in the fashion world. What exists is decided in tracks.py, how it is called in
wording.py, what it looks like in drawing.py, what it sounds like in sound.py, who keeps what in shop.py.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path

import polars as pl

from genrec.data.catalog import Catalog
from genrec.data.synthetic.draws import Draws
from genrec.data.synthetic.music.shop import open_shop
from genrec.data.synthetic.music.tracks import Track, tracks
from genrec.data.synthetic.music.wording import description, title
from genrec.data.synthetic.world import World, check, illustrate, people, popularity
from genrec.progress import bar


def build(folder: Path, *, items: int = 2400, users: int = 4500, seed: int = 7, sound: bool = True) -> World:
    """Makes the world; covers go to folder/images/<item_id>.png, clips to folder/audio/<item_id>.wav.

    sound: without it the column `audio` names clips that are not there, for those who only look.

    Catalogue columns: item_id, title, text (title, artist, description), image, audio, description, then the attributes
    genre, mood, tempo, bpm, key, instrument (the lead), backing, era, year, season, artist, label, length (seconds),
    price, album and track (place on it, from 0; both null for singles).
    """
    from genrec.data.synthetic.music.drawing import picture

    check("music", items, users)
    made = tracks(items, seed)
    catalog = Catalog(_table(made, seed), folder)
    illustrate(catalog, folder, picture)
    if sound:
        _play(catalog, folder)
    return people(catalog, partial(open_shop, made, popularity(items, seed)), users, seed)


def _table(made: list[Track], seed: int) -> pl.DataFrame:
    draws = Draws(seed, 3)
    rows = []
    for number, track in enumerate(made):
        name, words = title(track, draws), description(track, draws)
        rows.append(
            {
                "item_id": f"M{number:05d}",
                "title": name,
                "text": f"{name}. {track.artist}. {words}",
                "image": f"images/M{number:05d}.png",
                "audio": f"audio/M{number:05d}.wav",
                "description": words,
                **asdict(track),
                "album": track.album or None,
                "track": track.track if track.album else None,
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None, schema_overrides={"album": pl.String, "track": pl.Int64})


def _play(catalog: Catalog, folder: Path) -> None:
    from genrec.data.synthetic.music.sound import write

    (folder / "audio").mkdir(parents=True, exist_ok=True)
    with bar("clips", len(catalog), "clip") as progress:
        for row in catalog.table.iter_rows(named=True):
            write(row, folder / row["audio"])
            progress.advance()
