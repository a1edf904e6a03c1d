"""What the record shop's copywriter has at hand: synonyms and sentences for each attribute."""

from __future__ import annotations

GENRE_WORDS: dict[str, tuple[str, ...]] = {
    "pop": ("pop", "chart pop", "synth-pop"), "rock": ("rock", "guitar rock", "garage rock"),
    "hip-hop": ("hip-hop", "rap", "boom bap"), "electronic": ("electronic", "techno", "electronica"),
    "folk": ("folk", "acoustic folk", "singer-songwriter"), "jazz": ("jazz", "bebop", "swing"),
    "classical": ("classical", "chamber music", "orchestral"), "reggae": ("reggae", "roots reggae", "dub"),
}  # fmt: skip
MOOD_WORDS: dict[str, tuple[str, ...]] = {
    "upbeat": ("upbeat", "cheerful", "sunny"), "romantic": ("romantic", "tender", "lovestruck"),
    "calm": ("calm", "peaceful", "mellow"), "melancholic": ("melancholic", "wistful", "bittersweet"),
    "dark": ("dark", "brooding", "ominous"),
}  # fmt: skip
TEMPO_WORDS: dict[str, tuple[str, ...]] = {
    "slow": ("slow", "unhurried", "downtempo"), "medium": ("mid-tempo", "strolling", "steady"),
    "fast": ("fast", "driving", "uptempo"),
}  # fmt: skip
ERA_WORDS: dict[str, tuple[str, ...]] = {
    "sixties": ("sixties", "1960s", "mono-era"), "eighties": ("eighties", "1980s", "cassette-era"),
    "noughties": ("noughties", "2000s", "CD-era"), "today": ("new", "present-day", "brand-new"),
}  # fmt: skip
INSTRUMENT_WORDS: dict[str, tuple[str, ...]] = {
    "voice": ("voice", "vocals", "singing"), "acoustic guitar": ("acoustic guitar", "steel-string guitar"),
    "electric guitar": ("electric guitar", "overdriven guitar"), "piano": ("piano", "grand piano"),
    "synthesizer": ("synthesizer", "synth", "analogue synth"), "saxophone": ("saxophone", "sax", "tenor sax"),
    "trumpet": ("trumpet", "muted trumpet", "horn"), "violin": ("violin", "fiddle"),
    "flute": ("flute", "wooden flute"),
}  # fmt: skip
BACKING_WORDS: dict[str, tuple[str, ...]] = {
    "bass": ("bass", "double bass", "a patient bass line"), "strings": ("strings", "a string section"),
    "organ": ("organ", "a warm organ"), "marimba": ("marimba", "a wooden marimba"),
}  # fmt: skip
GENRE_LINES: dict[str, tuple[str, ...]] = {
    "pop": ("The chorus arrives early and stays for dinner.", "Hums itself by the second listen."),
    "rock": ("Amplifiers were consulted.", "Louder than the cover suggests."),
    "hip-hop": ("Every bar is counted, none is wasted.", "Best heard with the window down."),
    "electronic": ("Built of voltage and patience.", "The machines enjoyed it too."),
    "folk": ("Three chords, one story, some weather.", "Smells faintly of woodsmoke."),
    "jazz": ("Nobody plays it the same way twice.", "The drummer smiles at bar nine."),
    "classical": ("Please hold your applause until the end.", "Rehearsed until it breathed."),
    "reggae": ("The off-beat does the heavy lifting.", "Bring the sea or imagine it."),
}  # fmt: skip
MOOD_LINES: dict[str, tuple[str, ...]] = {
    "upbeat": ("Impossible to frown to.", "Makes the washing-up go twice as fast.", "Good news in three minutes."),
    "romantic": ("For two, and the candle.", "Hold hands on the bridge of it.", "Blushes in the second verse."),
    "calm": ("Lowers shoulders from the first bar.", "For tea, tides and train windows.", "Nothing is asked of you."),
    "melancholic": ("For rain on the other side of the glass.", "Sad in the way that helps.", "Keep a letter at hand."),
    "dark": ("For the last bus, upper deck.", "Something is under the floorboards.", "Not to be played at weddings."),
}  # fmt: skip
TEMPO_LINES: dict[str, tuple[str, ...]] = {
    "slow": ("Takes its time and gives it back.", "Slow enough to hear the room."),
    "medium": ("Walking pace, good shoes.", "Nods rather than jumps."),
    "fast": ("Runs for the train and makes it.", "Not recommended with hot coffee."),
}  # fmt: skip
ERA_LINES: dict[str, tuple[str, ...]] = {
    "sixties": ("Recorded in one room, on one microphone.", "The crackle is original."),
    "eighties": ("Gated drums included.", "Found on a cassette without a case."),
    "noughties": ("From the years when everything was loud.", "First burned onto a blank disc."),
    "today": ("Finished last month, mixed on a laptop.", "New enough that nobody covers it yet."),
}  # fmt: skip
SEASON_LINES: dict[str, tuple[str, ...]] = {
    "winter": ("A winter record.", "For short days."), "spring": ("Sounds like spring cleaning going well.",),
    "summer": ("Made for summer and open roofs.", "Tastes of ice cream."),
    "autumn": ("Goes with falling leaves.", "An October sort of song."),
}  # fmt: skip
