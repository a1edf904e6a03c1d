"""Two seconds of each track, made of what is known of it.

Tempo says how fast its notes come, genre their rhythm and the drums, mood scale, register and touch, key the root,
instrument and backing the timbres, era how it was recorded: how much of the highs is left, how much it crackles or
echoes. The melody follows from artist and title.
"""

from __future__ import annotations

import wave
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from genrec.data.synthetic.draws import Draws
from genrec.data.synthetic.music.attributes import KEYS
from genrec.data.synthetic.music.waves import RATE, TIMBRES, low_pass, sine, tone

SECONDS = 2
SAMPLES = SECONDS * RATE
_ECHO = RATE * 11 // 100


@dataclass(frozen=True)
class Rhythm:
    """Sixteenths of a bar of four beats on which each sounds."""

    lead: tuple[int, ...]
    chords: tuple[int, ...]
    kick: tuple[int, ...] = ()
    snare: tuple[int, ...] = ()
    hat: tuple[int, ...] = ()


@dataclass(frozen=True)
class Touch:
    """How a mood plays.

    scale: semitones above the root. root: the middle note. held: length of a note in sixteenths. leaps: how far the
    melody moves at most, in steps of the scale.
    """

    scale: tuple[int, ...]
    root: int
    held: float
    leaps: int


RHYTHMS: dict[str, Rhythm] = {
    "pop": Rhythm((0, 3, 6, 8, 11, 14), (0, 8), (0, 8), (4, 12), (2, 6, 10, 14)),
    "rock": Rhythm((0, 2, 4, 6, 8, 10, 12, 14), (0, 4, 8, 12), (0, 8, 10), (4, 12), (0, 2, 4, 6, 8, 10, 12, 14)),
    "hip-hop": Rhythm((0, 3, 7, 10), (0,), (0, 3, 10), (4, 12), (0, 2, 4, 6, 8, 10, 12, 13, 14)),
    "electronic": Rhythm((0, 1, 3, 4, 6, 7, 9, 10, 12, 14), (0,), (0, 4, 8, 12), (), (2, 6, 10, 14)),
    "folk": Rhythm((0, 2, 3, 6, 8, 10, 11, 14), (0, 8), (), (), (4, 12)),
    "jazz": Rhythm((0, 3, 4, 7, 11, 15), (3, 10), (), (), (0, 4, 7, 8, 12, 15)),
    "classical": Rhythm((0, 4, 6, 8, 12), (0, 8)),
    "reggae": Rhythm((0, 6, 8, 14), (2, 6, 10, 14), (8,), (8,), (2, 6, 10, 14)),
}
TOUCHES: dict[str, Touch] = {
    "upbeat": Touch((0, 2, 4, 7, 9), 76, 1.6, 3),
    "romantic": Touch((0, 2, 4, 5, 7, 9, 11), 69, 3.6, 2),
    "calm": Touch((0, 2, 4, 6, 7, 9, 11), 64, 4.0, 1),
    "melancholic": Touch((0, 2, 3, 5, 7, 8, 10), 57, 3.4, 1),
    "dark": Touch((0, 1, 3, 5, 7, 8, 10), 45, 2.2, 2),
}
# Hertz above which nothing is left; share of hiss; crackles a second; how loud the echo; how hard it is pressed.
_RECORDED: dict[str, tuple[float, float, int, float, float]] = {
    "sixties": (2600.0, 0.012, 14, 0.0, 0.6), "eighties": (4200.0, 0.006, 0, 0.42, 0.8),
    "noughties": (6000.0, 0.0, 0, 0.0, 3.0), "today": (7600.0, 0.0, 0, 0.0, 1.2),
}  # fmt: skip


def clip(item: Mapping[str, Any]) -> np.ndarray:
    """int16 (32000,): mono, 16 kHz. item: genre, mood, bpm, key, instrument, backing, era, artist, title."""
    draws = Draws(crc32(f"{item['artist']} {item['title']}".encode()), 9)
    hiss = draws.uniform(SAMPLES) * 2.0 - 1.0
    sixteenth = RATE * 15.0 / item["bpm"]
    mix = _melody(item, sixteenth, draws, hiss) + _chords(item, sixteenth, hiss) + _drums(item, sixteenth, hiss)
    return _record(mix, item["era"], hiss, draws)


def write(item: Mapping[str, Any], path: Path) -> None:
    """The clip as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(clip(item).astype("<i2").tobytes())


def onsets(steps: tuple[int, ...], sixteenth: float) -> list[tuple[int, int]]:
    """(sample, step counted from the beginning) of everything that begins within the clip."""
    found = []
    for bar in range(int(SAMPLES / (16 * sixteenth)) + 1):
        for step in steps:
            start = int((bar * 16 + step) * sixteenth)
            if start < SAMPLES - 400:
                found.append((start, bar * 16 + step))
    return found


def root(item: Mapping[str, Any]) -> int:
    """The note that everything is built on, in semitones: the key, within half an octave of the mood's register."""
    middle = TOUCHES[item["mood"]].root
    key = KEYS.index(item["key"].rsplit(" ", 1)[0])
    return middle + (key - middle + 6) % 12 - 6


def _melody(item: Mapping[str, Any], sixteenth: float, draws: Draws, hiss: np.ndarray) -> np.ndarray:
    touch, timbre = TOUCHES[item["mood"]], TIMBRES[item["instrument"]]
    out, base, place = np.zeros(SAMPLES), root(item), 0
    for start, step in onsets(RHYTHMS[item["genre"]].lead, sixteenth):
        note = base + 12 * (place // len(touch.scale)) + touch.scale[place % len(touch.scale)]
        accent = 1.0 if step % 4 == 0 else 0.78
        _add(out, start, accent * tone(timbre, note, _cut(start, touch.held * sixteenth), hiss))
        place = max(-2, min(len(touch.scale) + 2, place + draws.below(2 * touch.leaps + 1) - touch.leaps))
    return 0.55 * out


def _chords(item: Mapping[str, Any], sixteenth: float, hiss: np.ndarray) -> np.ndarray:
    """The backing: the root's triad, a bass its root alone, a little below the melody."""
    scale, timbre = TOUCHES[item["mood"]].scale, TIMBRES[item["backing"]]
    base = root(item) - 12
    rhythm = RHYTHMS[item["genre"]]
    third = next(step for step in scale if step >= 3)
    low = 36 + base % 12
    notes, steps = (
        ((low,), rhythm.kick or rhythm.chords)
        if item["backing"] == "bass"
        else ((base, base + third, base + 7), rhythm.chords)
    )
    out = np.zeros(SAMPLES)
    held = 1.6 if len(rhythm.chords) > 3 else 7.0
    for start, _ in onsets(steps, sixteenth):
        for note in notes:
            _add(out, start, tone(timbre, note, _cut(start, held * sixteenth), hiss) / len(notes))
    return 0.3 * out


def _drums(item: Mapping[str, Any], sixteenth: float, hiss: np.ndarray) -> np.ndarray:
    rhythm, out = RHYTHMS[item["genre"]], np.zeros(SAMPLES)
    time = np.arange(RATE // 5) / RATE
    fade = 1.0 / (1.0 + time * 30)
    thump = sine(time * 52 + 3.2 * (1.0 - fade)) * fade * fade * fade
    crack = hiss[: len(time)] * fade * fade * fade + 0.5 * sine(time * 190) * fade * fade * fade * fade
    quick = fade * fade * fade
    tick = np.diff(hiss[: len(time) + 1]) * quick * quick * quick
    for sound, steps, loud in ((thump, rhythm.kick, 0.6), (crack, rhythm.snare, 0.34), (tick, rhythm.hat, 0.2)):
        for start, _ in onsets(steps, sixteenth):
            _add(out, start, loud * sound[: SAMPLES - start])
    return out


def _record(mix: np.ndarray, era: str, hiss: np.ndarray, draws: Draws) -> np.ndarray:
    highest, noise, crackles, echo, pressed = _RECORDED[era]
    if echo:
        mix[_ECHO:] += echo * mix[:-_ECHO]
    mix = (mix + noise * hiss) * pressed
    mix = low_pass(mix / (1.0 + np.abs(mix)), highest)
    for _ in range(crackles * SECONDS):
        place = draws.below(SAMPLES - 8)
        mix[place : place + 4] += np.array([0.1, -0.12, 0.07, -0.03]) * (1 + draws.below(3))
    return np.rint(mix / np.abs(mix).max() * 28_000).astype(np.int16)


def _cut(start: int, length: float) -> int:
    return min(int(length), SAMPLES - start)


def _add(out: np.ndarray, start: int, sound: np.ndarray) -> None:
    out[start : start + len(sound)] += sound
