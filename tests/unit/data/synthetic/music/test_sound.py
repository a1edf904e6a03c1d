"""Clips: what one hears follows from what the catalogue says, measured on the samples."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from genrec.data.synthetic.music.attributes import GENRES, INSTRUMENTS, KEYS, MINOR, MOODS
from genrec.data.synthetic.music.sound import RHYTHMS, TOUCHES, clip, onsets, root, write
from genrec.data.synthetic.music.tracks import tracks
from genrec.data.synthetic.music.waves import RATE, TIMBRES, low_pass, pitch, sine, tone

PLAIN = {
    "genre": "classical", "mood": "calm", "bpm": 100, "key": "C major", "instrument": "piano", "backing": "bass",
    "era": "today", "artist": "Ensemble Quince", "title": "Paper Train",
}  # fmt: skip


def spectrum(sound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    return np.fft.rfftfreq(len(sound), 1 / RATE), power


def centroid(sound: np.ndarray) -> float:
    frequency, power = spectrum(sound.astype(float))
    return float((frequency * power).sum() / power.sum())


def beats(sound: np.ndarray) -> int:
    """How often the sound grows suddenly louder: peaks of the rise in energy, in steps of 10 ms."""
    step = RATE // 100
    steep = np.diff(sound.astype(float), append=0.0) ** 2
    energy = np.log1p(1000 * (loud := steep[: len(steep) // step * step].reshape(-1, step).sum(axis=1)) / loud.max())
    rise = np.maximum(np.diff(energy), 0.0)
    around = [rise[max(0, i - 4) : i + 5].max() for i in range(len(rise))]
    return sum(1 for i in range(2, len(rise)) if rise[i] == around[i] and rise[i] > 0.25 * rise.max())


def test_sines_are_sines() -> None:
    turns = np.linspace(-4, 4, 20_001)
    assert np.abs(sine(turns) - np.sin(2 * np.pi * turns)).max() < 1e-5
    assert pitch(69) == 440.0 and pitch(57) == 220.0
    assert pitch(60) == pytest.approx(440 * 2 ** (-9 / 12))


def test_the_filter_keeps_the_lows_alone() -> None:
    time = np.arange(RATE) / RATE
    low, high = np.sin(2 * np.pi * 400 * time), np.sin(2 * np.pi * 6000 * time)
    assert low_pass(low, 2600)[200:-200].std() > 0.95 * low.std()
    assert low_pass(high, 2600)[200:-200].std() < 0.02 * high.std()


@pytest.mark.parametrize("instrument", sorted(TIMBRES))
def test_every_instrument_plays_the_note_it_is_asked_for(instrument: str) -> None:
    noise = np.random.default_rng(1).random(RATE) * 2 - 1
    sound = tone(TIMBRES[instrument], 64, RATE, noise)
    frequency, power = spectrum(sound)
    base = pitch(64)
    near = [power[np.abs(frequency - base * k) < 12].sum() for k in range(1, 12)]
    assert sum(near) > 0.85 * power.sum()
    assert near[0] > 0.02 * power.sum()


@pytest.mark.parametrize("genre", GENRES)
def test_notes_come_as_fast_as_the_tempo_says(genre: str) -> None:
    slow, middle, fast = (
        np.mean(
            [
                beats(clip(PLAIN | {"genre": genre, "mood": "upbeat", "bpm": bpm, "title": name}))
                for name in ("A", "B", "C")
            ]
        )
        for bpm in (64, 104, 168)
    )
    assert slow < middle < fast
    assert fast > 1.5 * slow
    counts = [len(onsets(RHYTHMS[genre].lead, RATE * 15 / bpm)) for bpm in (64, 168)]
    assert counts[1] == pytest.approx(counts[0] * 168 / 64, abs=3)


def test_instruments_sound_different() -> None:
    bright = {name: centroid(clip(PLAIN | {"instrument": name})) for name in INSTRUMENTS}
    assert bright["flute"] < bright["acoustic guitar"] < bright["violin"] < bright["trumpet"]
    spectra = {}
    for name in INSTRUMENTS:
        frequency, power = spectrum(clip(PLAIN | {"instrument": name}).astype(float))
        bands = np.array([power[(frequency >= low) & (frequency < low + 200)].sum() for low in range(0, 4000, 200)])
        spectra[name] = np.sqrt(bands / bands.sum())
    for one in INSTRUMENTS:
        for other in INSTRUMENTS:
            assert one == other or spectra[one] @ spectra[other] < 0.995, (one, other)


def test_moods_have_their_scale_and_register() -> None:
    height = {mood: np.mean([root(PLAIN | {"mood": mood, "key": f"{key} major"}) for key in KEYS]) for mood in MOODS}
    assert height["dark"] < height["melancholic"] < height["calm"] < height["romantic"] < height["upbeat"]
    for mood in MOODS:
        assert (3 in TOUCHES[mood].scale) == (mood in MINOR) == (4 not in TOUCHES[mood].scale)
    heard = {mood: centroid(clip(PLAIN | {"mood": mood})) for mood in MOODS}
    assert heard["dark"] < heard["calm"] < heard["upbeat"]
    # The classes of pitch that sound are those of the scale.
    for mood in MOODS:
        sound = clip(PLAIN | {"mood": mood, "instrument": "flute", "backing": "organ"}).astype(float)
        frequency, power = spectrum(sound)
        here = (frequency > 120) & (frequency < 1000) & (power > 0.02 * power.max())
        classes = {round(12 * np.log2(f / 440) + 9) % 12 for f in frequency[here]}
        own = {(root(PLAIN | {"mood": mood}) + step) % 12 for step in TOUCHES[mood].scale} | {7, 3, 4, 0}
        assert len(classes - own) <= 2, (mood, classes, own)


def test_eras_are_recorded_as_they_were() -> None:
    def high(era: str, above: float) -> float:
        sounds = [clip(PLAIN | {"genre": "rock", "instrument": "synthesizer", "era": era, "title": t}) for t in "ABC"]
        frequency, power = np.mean([spectrum(sound.astype(float)) for sound in sounds], axis=0)
        return float(power[frequency > above].sum() / power.sum())

    assert high("eighties", 5000) < 0.3 * high("today", 5000)
    assert high("sixties", 3400) < high("today", 3400)
    loud = {
        era: np.abs(clip(PLAIN | {"genre": "rock", "era": era}).astype(float)).mean()
        for era in ("eighties", "noughties")
    }
    assert loud["noughties"] > 1.2 * loud["eighties"]
    crackling = np.abs(np.diff(clip(PLAIN | {"era": "sixties"}).astype(float), n=2))
    clean = np.abs(np.diff(clip(PLAIN | {"era": "eighties"}).astype(float), n=2))
    assert crackling.max() / np.median(crackling) > 2 * clean.max() / np.median(clean)


def test_clips_are_whole_and_the_same_on_every_machine(tmp_path: Path) -> None:
    digest = hashlib.sha256()
    for number, one in enumerate(tracks(40, 3)):
        sound = clip(asdict(one) | {"title": f"Track {number}"})
        assert sound.shape == (32_000,) and sound.dtype == np.int16 and np.abs(sound.astype(int)).max() == 28_000
        assert np.abs(sound[-16_000:].astype(float)).mean() > 100
        digest.update(sound.astype("<i2").tobytes())
    write(PLAIN, tmp_path / "a.wav")
    write(PLAIN, tmp_path / "b.wav")
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    assert digest.hexdigest()[:16] == "7a33cc5f8cccaaa7"
