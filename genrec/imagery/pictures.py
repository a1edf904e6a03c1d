"""A generated picture as a PNG that says what it is, how it came about, and under whose licence.

Two ways at once: XMP with IPTC's Digital Source Type, which picture agencies, search engines and shops read, and plain
text keys for everybody else. Nothing names a person: no user id, no history, no keywords of a taste. Whom a picture was
drawn for stands in the index beside the pictures alone (`genrec.imagery.batches`).
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

import genrec
from genrec.errors import UserError
from genrec.imagery.commission import Commission, Kind

XMP_KEY = "XML:com.adobe.xmp"
_SOURCES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
SOURCE_TYPES: dict[str, str] = {
    "cover": f"{_SOURCES}trainedAlgorithmicMedia",
    # A preview is somebody's photograph with a generated part.
    "tryon": f"{_SOURCES}compositeWithTrainedAlgorithmicMedia",
    "room": f"{_SOURCES}compositeWithTrainedAlgorithmicMedia",
}
"""IPTC's terms (NewsCodes, scheme «Digital Source Type»)."""
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="GenRec {version}"
    Iptc4xmpExt:DigitalSourceType="{source}"/>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


@dataclass(frozen=True)
class Provenance:
    """How a picture came about.

    model, licence: the painter's. item_id, kind, seed, love: the commission's. catalogue: the version of the run's
    catalogue. refused: why a safety check replaced it by a plain card; empty where it did not. genrec: the version
    that drew it.
    """

    model: str
    licence: str
    item_id: str
    kind: Kind
    seed: int
    love: float
    catalogue: str
    refused: str = ""
    genrec: str = genrec.__version__

    @classmethod
    def of(cls, commission: Commission, *, model: str, licence: str, catalogue: str, refused: str = "") -> Provenance:
        return cls(
            model, licence, commission.subject.item_id, commission.kind, commission.seed, commission.love, catalogue,
            refused,
        )  # fmt: skip


def write_picture(path: Path, picture: Image.Image, provenance: Provenance, *, label: bool = False) -> None:
    """Write `as_png` whole or not at all; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(as_png(picture, provenance, label=label))
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def as_png(picture: Image.Image, provenance: Provenance, *, label: bool = False) -> bytes:
    """The bytes of a PNG file that says what it is. label: draw «generated» visibly into a corner.

    What the picture itself carried (EXIF, profiles) is left out.
    """
    said = {
        "Software": f"GenRec {provenance.genrec}",
        "generated": "true",
        "model": provenance.model,
        "licence": provenance.licence,
        "item": provenance.item_id,
        "kind": provenance.kind,
        "seed": str(provenance.seed),
        "love": repr(float(provenance.love)),
        "catalogue": provenance.catalogue,
    }
    if provenance.refused:
        said["refused"] = provenance.refused
    info = PngInfo()
    for key, value in said.items():
        plain = value.replace("\0", " ")
        try:
            plain.encode("latin-1", "strict")
            info.add_text(key, plain)
        except UnicodeEncodeError:  # tEXt is Latin-1 (PNG, section 11.3.3); iTXt holds the rest
            info.add_itxt(key, plain.encode("utf-8", "replace").decode())
    info.add_itxt(XMP_KEY, _XMP.format(version=provenance.genrec, source=SOURCE_TYPES[provenance.kind]))
    plain_picture = Image.frombytes("RGB", picture.size, picture.convert("RGB").tobytes())
    held = io.BytesIO()
    (labelled(plain_picture) if label else plain_picture).save(held, "PNG", pnginfo=info)
    return held.getvalue()


def read_provenance(path: Path) -> Provenance | None:
    """What `write_picture` wrote; None for a picture that does not say that GenRec generated it.

    UserError for a file that is no picture.
    """
    try:
        with Image.open(path, formats=["PNG"]) as opened:
            said = dict(opened.text)  # type: ignore[attr-defined]
    except (OSError, ValueError, SyntaxError) as error:
        raise UserError(f"{path}: cannot be read as a PNG ({error})") from None
    if said.get("generated") != "true" or not said.get("Software", "").startswith("GenRec "):
        return None
    kind = str(said.get("kind"))
    if kind not in SOURCE_TYPES:
        return None
    try:
        return Provenance(
            model=said["model"], licence=said["licence"], item_id=said["item"], kind=kind,  # type: ignore[arg-type]
            seed=int(said["seed"]), love=float(said["love"]), catalogue=said["catalogue"],
            refused=said.get("refused", ""), genrec=said["Software"].removeprefix("GenRec "),
        )  # fmt: skip
    except (KeyError, ValueError):
        return None


def labelled(picture: Image.Image, text: str = "generated") -> Image.Image:
    """A copy with the word on a band in its lower left corner, a sixteenth of its height, at least 8 pixels."""
    copy = picture.copy()
    draw = ImageDraw.Draw(copy)
    font = ImageFont.load_default(size=max(8, copy.height // 20))
    left, top, right, bottom = (round(side) for side in draw.textbbox((0, 0), text, font=font))
    edge = max(1, copy.height // 100)
    height = bottom - top + 2 * edge
    draw.rectangle((0, copy.height - height, right - left + 2 * edge, copy.height), fill="black")
    draw.text((edge - left, copy.height - height + edge - top), text, fill="white", font=font)
    return copy
