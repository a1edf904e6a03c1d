"""What taste, complement and series mean for tracks: listeners keep what they like, and each a track once."""

from __future__ import annotations

import numpy as np

from genrec.data.synthetic import dynamics
from genrec.data.synthetic.dynamics import Shop, Trait, near, same
from genrec.data.synthetic.music.attributes import ARTISTS, ERAS, GENRE, GENRES, MOOD_FOLLOWS, MOODS, TEMPOS
from genrec.data.synthetic.music.tracks import Track

LIKED_GENRE, LIKED_MOOD, LIKED_ERA = 16, 6, 5  # factors of a taste
SAME_GENRE, SAME_ARTIST, NEAR_TEMPO = 12, 16, (6, 2, 1)  # factors of what is heard next


def open_shop(tracks: list[Track], popularity: np.ndarray) -> Shop:
    """The weights that follow from the tracks' attributes. A taste is a genre, a mood, an era.

    What one goes on to is of the same genre or of one beside it, of a like mood and tempo, and far more readily of
    the same artist. An album is heard from its first track on.
    """
    artists = list(ARTISTS)
    genres = np.array([GENRES.index(track.genre) for track in tracks])
    moods = np.array([MOODS.index(track.mood) for track in tracks])
    follow = np.array([[SAME_GENRE if a == b else GENRE[a].follows.get(b, 1) for b in GENRES] for a in GENRES])
    return dynamics.open_shop(
        sides=[
            Trait(genres, same(len(GENRES), LIKED_GENRE)),
            Trait(moods, same(len(MOODS), LIKED_MOOD)),
            Trait(np.array([ERAS.index(track.era) for track in tracks]), same(len(ERAS), LIKED_ERA)),
        ],
        priors=[[GENRE[genre].share for genre in GENRES], (6, 4, 4, 4, 3), (3, 4, 4, 5)],
        matches=[
            Trait(genres, follow.astype(np.float64)),
            Trait(moods, np.array(MOOD_FOLLOWS, dtype=np.float64)),
            Trait(np.array([TEMPOS.index(track.tempo) for track in tracks]), near(len(TEMPOS), NEAR_TEMPO)),
            Trait(np.array([artists.index(track.artist) for track in tracks]), same(len(artists), SAME_ARTIST)),
        ],
        seasons=[track.season for track in tracks],
        popularity=popularity,
        series=[(track.album, track.track) for track in tracks],
    )
