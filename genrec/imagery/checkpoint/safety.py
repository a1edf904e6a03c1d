"""Pictures that are not shown: what a check refuses is replaced by a plain card.

A check is any function of some pictures that says of each why it is refused, or nothing. A checkpoint may bring one of
its own (SD 1.5 does); diffusers then blackens what it flags and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw, ImageFont

from genrec import progress

SafetyCheck = Callable[[Sequence[Image.Image]], Sequence[str | None]]

OWN = "the checkpoint's own safety checker"


def checked(
    pictures: Sequence[Image.Image], flagged: Sequence[bool] | None, check: SafetyCheck | None
) -> list[Image.Image]:
    """The pictures, refused ones as cards whose `info["refused"]` says why. flagged: by the checkpoint's own check."""
    reasons: list[str | None] = [OWN if flag else None for flag in flagged or [False] * len(pictures)]
    if check is not None:
        said = list(check(pictures))
        if len(said) != len(pictures):
            raise ValueError(f"the safety check was given {len(pictures)} pictures and judged {len(said)}")
        reasons = [own or other for own, other in zip(reasons, said, strict=True)]
    for reason in reasons:
        if reason:
            progress.say(f"A picture is replaced by a plain card: refused by {reason}")
    return [card(one.size, why) if why else one for one, why in zip(pictures, reasons, strict=True)]


def card(size: tuple[int, int], reason: str) -> Image.Image:
    """Grey, with the words «not shown» where there is room for them."""
    made = Image.new("RGB", size, (200, 200, 200))
    draw = ImageDraw.Draw(made)
    font = ImageFont.load_default(size=max(8, size[1] // 12))
    left, top, right, bottom = draw.textbbox((0, 0), "not shown", font=font)
    if right - left < size[0] and bottom - top < size[1]:
        place = ((size[0] - right - left) // 2, (size[1] - bottom - top) // 2)
        draw.text(place, "not shown", fill=(90, 90, 90), font=font)
    made.info["refused"] = reason
    return made
