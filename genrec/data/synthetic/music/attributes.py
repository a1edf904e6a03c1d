"""The words a track is made of: genres, moods, eras, instruments, artists, and what follows what. Pure tables.

Weights are small integers, as in fashion's tables.
"""

from __future__ import annotations

from dataclasses import dataclass

from genrec.data.synthetic.dynamics import ALL_YEAR

GENRES = ("pop", "rock", "hip-hop", "electronic", "folk", "jazz", "classical", "reggae")
MOODS = ("upbeat", "romantic", "calm", "melancholic", "dark")
ERAS = ("sixties", "eighties", "noughties", "today")
TEMPOS = ("slow", "medium", "fast")
KEYS = ("C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")
INSTRUMENTS = (
    "voice", "acoustic guitar", "electric guitar", "piano", "synthesizer", "saxophone", "trumpet", "violin", "flute",
)  # fmt: skip
BACKINGS = ("bass", "strings", "organ", "marimba")

YEARS: dict[str, tuple[int, int]] = {
    "sixties": (1960, 1969), "eighties": (1980, 1989), "noughties": (2000, 2009), "today": (2018, 2024),
}  # fmt: skip
BPM: dict[str, tuple[int, int]] = {"slow": (62, 84), "medium": (96, 122), "fast": (136, 172)}
MINOR = ("melancholic", "dark")  # moods whose scale is minor

# When a mood is looked for, and how often a track of it is made for that season.
MOOD_SEASONS: dict[str, tuple[tuple[str, int], ...]] = {
    "upbeat": (("summer", 5), ("spring", 2), (ALL_YEAR, 5)), "romantic": (("spring", 4), ("summer", 1), (ALL_YEAR, 6)),
    "calm": (("winter", 2), ("spring", 2), (ALL_YEAR, 7)), "melancholic": (("autumn", 5), ("winter", 2), (ALL_YEAR, 5)),
    "dark": (("winter", 5), ("autumn", 2), (ALL_YEAR, 5)),
}  # fmt: skip


@dataclass(frozen=True)
class Genre:
    share: int
    moods: tuple[int, ...]  # weights of MOODS
    tempos: tuple[int, ...]  # weights of TEMPOS
    leads: tuple[int, ...]  # weights of INSTRUMENTS
    backings: tuple[int, ...]  # weights of BACKINGS
    length: int  # seconds, usually
    follows: dict[str, int]  # genres that one goes on to, other than itself


GENRE: dict[str, Genre] = {
    "pop": Genre(6, (8, 5, 2, 2, 1), (2, 6, 4), (8, 2, 2, 3, 5, 1, 1, 0, 0), (4, 3, 2, 2), 205,
                 {"electronic": 4, "hip-hop": 3, "rock": 3, "reggae": 2}),
    "rock": Genre(5, (5, 2, 1, 3, 6), (1, 4, 7), (5, 2, 9, 1, 1, 1, 0, 0, 0), (7, 1, 4, 0), 245,
                  {"folk": 3, "pop": 3, "electronic": 1, "reggae": 1}),
    "hip-hop": Genre(4, (4, 2, 2, 3, 5), (4, 6, 2), (6, 1, 1, 4, 5, 3, 3, 1, 1), (7, 2, 1, 2), 190,
                     {"pop": 4, "electronic": 3, "reggae": 3, "jazz": 2}),
    "electronic": Genre(4, (5, 1, 4, 2, 5), (2, 4, 8), (3, 0, 1, 3, 10, 1, 0, 1, 1), (5, 3, 2, 4), 320,
                        {"pop": 4, "hip-hop": 3, "classical": 1}),
    "folk": Genre(4, (3, 4, 5, 5, 1), (5, 5, 2), (5, 9, 0, 2, 0, 0, 0, 5, 4), (5, 4, 1, 1), 215,
                  {"rock": 3, "classical": 2, "reggae": 1, "jazz": 1}),
    "jazz": Genre(4, (4, 5, 4, 4, 2), (4, 4, 4), (3, 1, 1, 6, 0, 9, 7, 1, 3), (8, 2, 3, 3), 330,
                  {"classical": 3, "hip-hop": 2, "reggae": 2, "folk": 1}),
    "classical": Genre(4, (2, 5, 5, 5, 3), (6, 4, 3), (2, 1, 0, 9, 0, 0, 3, 9, 5), (1, 8, 3, 1), 410,
                       {"jazz": 4, "folk": 3, "electronic": 1}),
    "reggae": Genre(3, (8, 3, 6, 1, 1), (5, 7, 1), (7, 3, 3, 2, 2, 3, 5, 0, 2), (8, 0, 6, 1), 235,
                    {"hip-hop": 4, "pop": 3, "folk": 2, "jazz": 2}),
}  # fmt: skip

# Moods one goes on to from each, beside the same: rows and columns as MOODS.
MOOD_FOLLOWS: tuple[tuple[int, ...], ...] = (
    (10, 3, 2, 1, 2), (3, 10, 4, 3, 1), (2, 4, 10, 4, 1), (1, 3, 4, 10, 4), (2, 1, 1, 4, 10),
)  # fmt: skip


@dataclass(frozen=True)
class Artist:
    genres: tuple[str, str]  # what they are known for, and what they try
    era: str  # when most of their tracks were recorded
    label: str


ARTISTS: dict[str, Artist] = {
    "Candy Parliament": Artist(("pop", "electronic"), "eighties", "Bright Static"),
    "Mira Solstrand": Artist(("pop", "folk"), "today", "Bright Static"),
    "The Postcards": Artist(("pop", "rock"), "sixties", "Halfpenny"),
    "Velvet Antenna": Artist(("pop", "electronic"), "noughties", "Bright Static"),
    "Broken Kettle": Artist(("rock", "folk"), "sixties", "Halfpenny"),
    "Stadium Weather": Artist(("rock", "pop"), "eighties", "Iron Larch"),
    "The Understudies": Artist(("rock", "electronic"), "noughties", "Iron Larch"),
    "Gravel Choir": Artist(("rock", "reggae"), "today", "Iron Larch"),
    "Corner Ledger": Artist(("hip-hop", "jazz"), "eighties", "Kerbstone"),
    "Auntie Decibel": Artist(("hip-hop", "pop"), "noughties", "Kerbstone"),
    "Nine Stops North": Artist(("hip-hop", "electronic"), "today", "Kerbstone"),
    "Glass Elevator": Artist(("electronic", "pop"), "eighties", "Soft Voltage"),
    "Kilo Meridian": Artist(("electronic", "hip-hop"), "noughties", "Soft Voltage"),
    "Tundra Modem": Artist(("electronic", "classical"), "today", "Soft Voltage"),
    "Elspeth Moor": Artist(("folk", "classical"), "sixties", "Halfpenny"),
    "The Lantern Brothers": Artist(("folk", "rock"), "noughties", "Hedgerow"),
    "Juniper Vale": Artist(("folk", "pop"), "today", "Hedgerow"),
    "Otto Lindqvist Trio": Artist(("jazz", "classical"), "sixties", "Blue Cellar"),
    "Delphine Carrow": Artist(("jazz", "pop"), "eighties", "Blue Cellar"),
    "Midnight Tram": Artist(("jazz", "hip-hop"), "today", "Blue Cellar"),
    "Ensemble Quince": Artist(("classical", "folk"), "sixties", "Camera Obscura"),
    "Agathe Brodeur": Artist(("classical", "jazz"), "noughties", "Camera Obscura"),
    "Northern Chamber Players": Artist(("classical", "electronic"), "today", "Camera Obscura"),
    "The Harbour Lions": Artist(("reggae", "rock"), "sixties", "Sunday Wharf"),
    "Sister Palmetto": Artist(("reggae", "hip-hop"), "eighties", "Sunday Wharf"),
    "Salt and Tangerine": Artist(("reggae", "pop"), "today", "Sunday Wharf"),
}  # fmt: skip

# Titles are of one of each; so are albums.
TITLE_FIRST = (
    "Paper", "Midnight", "Silver", "Slow", "Second", "Borrowed", "Distant", "Golden", "Little", "Empty", "Electric",
    "Hollow", "Sunday", "Wild", "Quiet", "Crooked", "Northern", "Last", "Open", "Broken", "Bright", "Secret",
)  # fmt: skip
TITLE_LAST = (
    "Train", "Window", "River", "Letters", "Kitchen", "Horizon", "Echo", "Summer", "Satellite", "Garden", "Highway",
    "Mirror", "Lullaby", "Harbour", "Fever", "Weather", "Umbrella", "Balcony", "Ghost", "Anthem", "Radio", "Orchard",
    "Staircase", "Compass", "Promise", "Shadow", "Carousel", "Telephone", "Avenue", "Feather", "Tide", "Moon",
)  # fmt: skip
ALBUM_FIRST = (
    "Songs for", "Notes from", "Postcards to", "Leaving", "Under", "Beyond", "The Art of", "A Year in", "Return to",
    "Waiting for", "Letters from", "The Sound of", "Half of", "Almost", "Before", "After",
)  # fmt: skip
ALBUM_LAST = (
    "Rain", "Lisbon", "the Attic", "Tomorrow", "Winter", "the Ferry", "Gravity", "August", "the Neighbours", "Saturn",
    "Silence", "the Tramline", "Marmalade", "Thunder", "the Coast", "Nowhere", "the Lighthouse", "Dust", "Velvet",
    "the Afternoon", "Copper", "the Night Shift", "Cinnamon", "Fog", "the Long Way", "Snow", "the Corner Shop",
    "Static", "Midsummer", "the Observatory", "Honey", "the Basement", "Salt", "the Meadow", "Neon", "Yesterday",
    "the Rooftops", "Amber", "the Waltz", "Smoke", "the Estuary",
)  # fmt: skip
