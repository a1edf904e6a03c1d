"""Titles and descriptions of tracks. Every attribute shows in some texts, none in all of them."""

from __future__ import annotations

from genrec.data.synthetic.draws import Draws
from genrec.data.synthetic.music.attributes import TITLE_FIRST, TITLE_LAST
from genrec.data.synthetic.music.phrases import (
    BACKING_WORDS,
    ERA_LINES,
    ERA_WORDS,
    GENRE_LINES,
    GENRE_WORDS,
    INSTRUMENT_WORDS,
    MOOD_LINES,
    MOOD_WORDS,
    SEASON_LINES,
    TEMPO_LINES,
    TEMPO_WORDS,
)
from genrec.data.synthetic.music.tracks import Track
from genrec.data.synthetic.wording import article


def title(track: Track, draws: Draws) -> str:
    """A song's name; what it says of the track, it says by chance."""
    first, last, other = draws.one(TITLE_FIRST), draws.one(TITLE_LAST), draws.one(TITLE_LAST)
    name = draws.one(
        (
            f"{first} {last}",
            f"The {first} {last}",
            f"{last} and {other}",
            f"{last} of the {other}",
            f"My {first} {last}",
        ),
        (8, 3, 3, 2, 2),
    )
    if track.genre == "classical" and draws.chance(60):
        form = draws.one(("Nocturne", "Sonata", "Prelude", "Waltz", "Serenade"))
        return f"{form} in {track.key}, {first} {last}"
    return name


def description(track: Track, draws: Draws) -> str:
    """Two to five sentences."""
    genre, mood = draws.one(GENRE_WORDS[track.genre]), draws.one(MOOD_WORDS[track.mood])
    tempo, era = draws.one(TEMPO_WORDS[track.tempo]), draws.one(ERA_WORDS[track.era])
    lead, backing = draws.one(INSTRUMENT_WORDS[track.instrument]), draws.one(BACKING_WORDS[track.backing])
    plays = "play" if _several(track.artist) else "plays"
    opening = draws.one(
        (f"{article(mood)} {mood}, {tempo} {genre} track with {lead} over {backing}.",
         f"{era} {genre}: {lead} and {backing}, {mood} and {tempo}.",
         f"{track.artist} {plays} {mood} {genre}, {lead} in front, {backing} behind.",
         f"{lead} leads this {tempo} {era} {genre} piece, with {backing} for company.",
         f"{mood} {genre} in {track.key}, {tempo}, carried by {lead}.")
    )  # fmt: skip
    sentences = [opening[0].upper() + opening[1:]]
    if track.album and draws.chance(85):
        sentences.append(
            draws.one(
                (f"From the album {track.album}.", f"Track {track.track + 1} of {track.album}.",
                 f"Taken from {track.album}, and best heard in its company.")
            )
        )  # fmt: skip
    for lines, chance in (
        (MOOD_LINES[track.mood], 60), (GENRE_LINES[track.genre], 50), (TEMPO_LINES[track.tempo], 30),
        (ERA_LINES[track.era], 40), (SEASON_LINES.get(track.season, ()), 50),
    ):  # fmt: skip
        if lines and draws.chance(chance) and len(sentences) < 5:
            sentences.append(draws.one(lines))
    return " ".join(sentences)


def _several(artist: str) -> bool:
    return artist.endswith(("s", "Choir", "Parliament"))
