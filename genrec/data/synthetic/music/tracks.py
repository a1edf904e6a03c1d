"""Which tracks exist: their attributes and the albums they form. No words, no pictures and no sound yet."""

from __future__ import annotations

from dataclasses import dataclass, replace

from genrec.data.synthetic.draws import Draws
from genrec.data.synthetic.music.attributes import (
    ALBUM_FIRST,
    ALBUM_LAST,
    ARTISTS,
    BACKINGS,
    BPM,
    ERAS,
    GENRE,
    GENRES,
    INSTRUMENTS,
    KEYS,
    MINOR,
    MOOD_SEASONS,
    MOODS,
    TEMPOS,
    YEARS,
)
from genrec.data.synthetic.stock import series_name, stock


@dataclass(frozen=True)
class Track:
    """One item. `album` is "" for a single; `track` counts within it from 0. length: seconds. bpm: beats a minute."""

    genre: str
    mood: str
    tempo: str
    bpm: int
    key: str
    instrument: str
    backing: str
    era: str
    year: int
    season: str
    artist: str
    label: str
    length: int
    price: float
    album: str = ""
    track: int = 0


def tracks(n: int, seed: int) -> list[Track]:
    """`n` tracks in random order. Half of them belong to albums, three to five to an album."""
    return stock(n, Draws(seed, 1), _album, _single)


def _single(draws: Draws) -> Track:
    """A track of its own: its artist says where it comes from, its genre how it sounds."""
    artist = draws.one(list(ARTISTS), [GENRE[artist.genres[0]].share for artist in ARTISTS.values()])
    known, tried = ARTISTS[artist].genres
    genre = draws.one((known, tried, draws.one(GENRES)), (76, 20, 4))
    era = ARTISTS[artist].era if draws.chance(75) else draws.one(ERAS)
    first, last = YEARS[era]
    mood = draws.one(MOODS, GENRE[genre].moods)
    single = Track(genre, mood, "", 0, "", "", "", era, first + draws.below(last - first + 1), "", artist,
                   ARTISTS[artist].label, 0, 0.0)  # fmt: skip
    return _played(draws, single)


def _played(draws: Draws, track: Track) -> Track:
    """Tempo, key, instruments, season, length and price, which follow from genre and mood."""
    genre = GENRE[track.genre]
    lean = {"upbeat": (1, 4, 6), "calm": (6, 4, 1), "melancholic": (5, 4, 2)}.get(track.mood, (3, 4, 3))
    tempo = draws.one(TEMPOS, [a * b for a, b in zip(genre.tempos, lean, strict=True)])
    slowest, fastest = BPM[tempo]
    made_for = MOOD_SEASONS[track.mood]
    return replace(
        track,
        tempo=tempo,
        bpm=slowest + 2 * draws.below((fastest - slowest) // 2 + 1),
        key=f"{draws.one(KEYS)} {'minor' if track.mood in MINOR else 'major'}",
        instrument=draws.one(INSTRUMENTS, genre.leads),
        backing=draws.one(BACKINGS, genre.backings),
        season=draws.one([season for season, _ in made_for], [weight for _, weight in made_for]),
        length=genre.length * (80 + draws.below(41)) // 100,
        price=(0.79, 0.99, 1.29)[min(2, ERAS.index(track.era) // 2 + draws.below(2))],
    )


def _album(draws: Draws, number: int) -> list[Track]:
    """Three to five tracks of one artist, one genre, one year; two moods at most, in the order they are heard."""
    count = 3 + draws.below(3)
    first = _single(draws)
    other = draws.one(MOODS, GENRE[first.genre].moods)
    name = series_name(number, ALBUM_FIRST, ALBUM_LAST)
    made = []
    for place in range(count):
        mood = first.mood if draws.chance(70) else other
        made.append(replace(_played(draws, replace(first, mood=mood)), album=name, track=place))
    return made
