"""Tones out of additions and products alone, so that a clip is the same on every machine.

Sines are a polynomial, powers of two are tables, noise is made of the draws that all worlds use. Everything is float64
until the very end.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

RATE = 16_000
_TABLE = 4096
# 2 to the power of 0/12 … 11/12: the steps of an octave.
_STEPS = (
    1.0, 1.0594630943592953, 1.122462048309373, 1.189207115002721, 1.2599210498948732, 1.3348398541700344,
    1.4142135623730951, 1.4983070768766815, 1.5874010519681994, 1.6817928305074292, 1.7817974362806785,
    1.8877486253633868,
)  # fmt: skip


@dataclass(frozen=True)
class Timbre:
    """What an instrument sounds like. partials: loudness of the harmonics, the first first.

    attack: seconds until a note is there. decay: seconds in which a plucked note loses most of itself, 0 for a held
    one. vibrato: share of the pitch. breath: share of noise. drive: how hard it is distorted.
    """

    partials: tuple[float, ...]
    attack: float
    decay: float = 0.0
    vibrato: float = 0.0
    breath: float = 0.0
    drive: float = 0.0


TIMBRES: dict[str, Timbre] = {
    "voice": Timbre((0.5, 0.9, 1.0, 0.5, 0.7, 0.3, 0.1), 0.05, vibrato=0.012, breath=0.03),
    "acoustic guitar": Timbre((1.0, 0.55, 0.4, 0.22, 0.14, 0.1), 0.004, 0.22),
    "electric guitar": Timbre((1.0, 0.85, 0.7, 0.6, 0.5, 0.42, 0.36, 0.3, 0.25, 0.2), 0.006, 0.9, drive=6.0),
    "piano": Timbre((1.0, 0.45, 0.22, 0.2, 0.1, 0.08, 0.05), 0.003, 0.4),
    "synthesizer": Timbre((1.0, 0.0, 0.6, 0.0, 0.45, 0.0, 0.35, 0.0, 0.3, 0.0, 0.25, 0.0, 0.2), 0.004),
    "saxophone": Timbre((0.7, 1.0, 0.8, 0.75, 0.5, 0.4, 0.25, 0.2), 0.035, vibrato=0.006, breath=0.05),
    "trumpet": Timbre((0.45, 0.8, 1.0, 0.95, 0.8, 0.65, 0.5, 0.4, 0.3), 0.025),
    "violin": Timbre((1.0, 0.6, 0.5, 0.42, 0.36, 0.3, 0.26, 0.22, 0.2, 0.17), 0.07, vibrato=0.009),
    "flute": Timbre((1.0, 0.18, 0.06), 0.05, vibrato=0.004, breath=0.09),
    "bass": Timbre((1.0, 0.5, 0.2, 0.08), 0.006, 0.3),
    "strings": Timbre((1.0, 0.5, 0.33, 0.25, 0.2, 0.16), 0.12, vibrato=0.004),
    "organ": Timbre((1.0, 0.8, 0.0, 0.6, 0.0, 0.0, 0.0, 0.3), 0.01),
    "marimba": Timbre((1.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.15), 0.002, 0.09),
}  # fmt: skip


def pitch(note: int) -> float:
    """Hertz of a note counted in semitones, 69 being the A of 440 Hz."""
    octave, step = divmod(note - 69, 12)
    return 440.0 * _STEPS[step] * (2.0**octave)


def sine(turns: np.ndarray) -> np.ndarray:
    """sin(2π · turns), to about 1e-6."""
    x = turns + 0.25
    y = 1.0 - 4.0 * np.abs(x - np.floor(x) - 0.5)
    square = y * y
    inner = 0.0796926 - square * (0.0046818 - square * 0.00016044)
    return np.asarray(y * (1.5707963 - square * (0.6459641 - square * inner)))


@lru_cache(maxsize=256)
def _cycle(partials: tuple[float, ...], count: int) -> np.ndarray:
    """One period of a tone of the first `count` partials, float64 (4096,), at most 1 loud."""
    turns = np.arange(_TABLE) / _TABLE
    cycle = np.zeros(_TABLE)
    for number, loudness in enumerate(partials[:count], start=1):
        if loudness:
            cycle += loudness * sine(turns * number)
    return cycle / np.abs(cycle).max()


def tone(timbre: Timbre, note: int, samples: int, noise: np.ndarray) -> np.ndarray:
    """A note of so many samples; noise: as many or more, in [-1, 1)."""
    hertz = pitch(note)
    count = max(1, min(len(timbre.partials), int(RATE * 0.47 / hertz)))  # nothing above what the rate can carry
    time = np.arange(samples) / RATE
    turns = time * hertz
    if timbre.vibrato:
        turns = turns + timbre.vibrato * hertz / 34.5 * sine(time * 5.5)
    places = ((turns - np.floor(turns)) * _TABLE).astype(np.int64)
    wave = _cycle(timbre.partials, count)[np.minimum(places, _TABLE - 1)]
    if timbre.breath:
        wave = wave + timbre.breath * noise[:samples]
    if timbre.drive:
        wave = wave * timbre.drive
        wave = 1.4 * wave / (1.0 + np.abs(wave))
    return wave * _envelope(timbre, time, samples / RATE)


def _envelope(timbre: Timbre, time: np.ndarray, seconds: float) -> np.ndarray:
    rise = np.minimum(time / timbre.attack, 1.0)
    fall = np.minimum((seconds - time) / 0.02, 1.0)
    if timbre.decay:
        fade = 1.0 / (1.0 + time / timbre.decay)
        fall = fall * fade * fade * fade
    return rise * np.maximum(fall, 0.0)


def low_pass(signal: np.ndarray, hertz: float) -> np.ndarray:
    """Without what lies above, by a short symmetric filter (a windowed sinc of 31 taps)."""
    reach = 15
    place = np.arange(-reach, reach + 1)
    cut = hertz / RATE
    near = np.where(place == 0, 1, place)
    taps = np.where(place == 0, 2 * cut, sine(cut * place) / (3.141592653589793 * near))
    taps = taps * (0.54 + 0.46 * sine(place / (2.0 * reach) + 0.25))
    taps = taps / taps.sum()
    padded = np.concatenate([np.zeros(reach), signal, np.zeros(reach)])
    out = np.zeros(len(signal))
    for tap, weight in enumerate(taps):
        out += weight * padded[tap : tap + len(signal)]
    return out
