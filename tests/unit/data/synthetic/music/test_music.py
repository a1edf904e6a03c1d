"""The music world's tables: what exists, how it is told, what is heard after what."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genrec.data.synthetic.music import build
from genrec.data.synthetic.music.attributes import (
    ARTISTS,
    BPM,
    ERAS,
    GENRE,
    GENRES,
    INSTRUMENTS,
    MINOR,
    MOOD_FOLLOWS,
    MOODS,
    TEMPOS,
    YEARS,
)
from genrec.data.synthetic.music.phrases import GENRE_WORDS, INSTRUMENT_WORDS, MOOD_WORDS
from genrec.data.synthetic.music.shop import open_shop
from genrec.data.synthetic.music.synonyms import synonyms
from genrec.data.synthetic.music.tracks import Track, tracks
from genrec.data.synthetic.world import World, popularity


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(tmp_path_factory.mktemp("music"), items=200, users=60, seed=11)


def test_every_track_has_words_a_cover_and_a_clip(world: World) -> None:
    table = world.catalog.table
    assert world.catalog.ids[:2] == ["M00000", "M00001"]
    for column in ["title", "text", "image", "audio", "genre", "mood", "tempo", "bpm", "era", "artist", "length"]:
        assert table[column].null_count() == 0
    cover, clip = world.catalog.image_path(199), world.catalog.audio_path(199)
    assert cover is not None and Image.open(cover).size == (128, 128)
    with wave.open(str(clip), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16_000)
        assert file.getnframes() == 32_000
        assert np.abs(np.frombuffer(file.readframes(32_000), "<i2")).max() > 20_000
    assert table["text"].n_unique() == 200


def test_a_catalogue_goes_on_with_its_clips(world: World, tmp_path: Path) -> None:
    world.catalog.write(tmp_path / "catalog.parquet")
    again = type(world.catalog).read(tmp_path / "catalog.parquet")
    path = again.audio_path(3)
    assert path is not None and path.exists()


def test_texts_say_what_the_track_is(world: World) -> None:
    said = dict.fromkeys(("mood", "instrument"), 0)
    for row in world.catalog.table.iter_rows(named=True):
        text = row["text"].lower()
        assert any(word in text for word in GENRE_WORDS[row["genre"]]) and row["artist"].lower() in text
        said["mood"] += any(word in text for word in MOOD_WORDS[row["mood"]])
        said["instrument"] += any(word in text for word in INSTRUMENT_WORDS[row["instrument"]])
        assert "  " not in text and " ," not in text and ".." not in text and text == text.strip()
    assert 120 < said["mood"] < 200 and said["instrument"] == 200


def test_attributes_belong_together() -> None:
    made = tracks(1500, 4)
    assert {one.genre for one in made} == set(GENRES) and {one.instrument for one in made} == set(INSTRUMENTS)
    assert {(one.mood, one.era) for one in made} == {(mood, era) for mood in MOODS for era in ERAS}
    for one in made:
        assert BPM[one.tempo][0] <= one.bpm <= BPM[one.tempo][1]
        assert YEARS[one.era][0] <= one.year <= YEARS[one.era][1]
        assert one.key.endswith("minor") == (one.mood in MINOR)
        assert one.label == ARTISTS[one.artist].label and 120 < one.length < 520
        assert GENRE[one.genre].leads[INSTRUMENTS.index(one.instrument)]
    own = [one.genre == ARTISTS[one.artist].genres[0] for one in made]
    assert 0.65 < np.mean(own) < 0.9


def test_albums_are_of_one_artist_genre_and_year() -> None:
    made = tracks(1500, 4)
    albums: dict[str, list[Track]] = {}
    for one in made:
        if one.album:
            albums.setdefault(one.album, []).append(one)
    assert 0.45 < sum(map(len, albums.values())) / 1500 < 0.55
    for parts in albums.values():
        assert sorted(part.track for part in parts) == list(range(len(parts))) and 3 <= len(parts) <= 5
        assert len({(part.artist, part.genre, part.year) for part in parts}) == 1
        assert len({part.mood for part in parts}) <= 2


def test_weights_are_those_of_the_tables() -> None:
    made = tracks(80, 2)
    shop = open_shop(made, popularity(80, 2))
    for a, one in enumerate(made):
        for b, other in enumerate(made):
            weight = 12 if one.genre == other.genre else GENRE[one.genre].follows.get(other.genre, 1)
            weight *= MOOD_FOLLOWS[MOODS.index(one.mood)][MOODS.index(other.mood)]
            weight *= (6, 2, 1)[abs(TEMPOS.index(one.tempo) - TEMPOS.index(other.tempo))]
            assert shop.complement[shop.group[a], b] == weight * (16 if one.artist == other.artist else 1)
    assert shop.taste.shape == (len(GENRES) * len(MOODS) * len(ERAS), 80)
    assert (shop.taste.max(axis=0) == 16 * 6 * 5).all()


def test_synonyms_fit_the_table(world: World) -> None:
    for column, values in synonyms(world.catalog.table).items():
        assert set(values) <= set(world.catalog.table[column])
        assert all(all(words) and words for words in values.values())
