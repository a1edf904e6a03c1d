"""Pictures: reading them, and any transformers vision encoder."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, ImageOps

from genrec import progress
from genrec.embed.hub import loading
from genrec.embed.vectors import checked, item_name, write_npy
from genrec.errors import UserError


def read_picture(path: Path, item: str) -> Image.Image:
    """The picture, see `upright`. `item` names the item in errors."""
    if not path.exists():
        raise UserError(f"{path}: {item} names a picture that does not exist: add the file or empty the image cell")
    try:
        return decoded(path)
    # Pillow's readers let errors of every kind out of a broken file: OSError, ValueError, SyntaxError, struct.error …
    except Exception as error:
        raise UserError(
            f"{path}: the picture of {item} is broken ({error}): replace the file or empty the image cell"
        ) from error


def decoded(source: Path | BinaryIO) -> Image.Image:
    """A file's picture, see `upright`; what a broken one raises is Pillow's."""
    with Image.open(source) as opened:
        opened.load()
        return upright(opened)


def upright(picture: Image.Image) -> Image.Image:
    """As RGB, turned by its EXIF tag, transparency over white."""
    picture = ImageOps.exif_transpose(picture)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert("RGB")


def thumbnail(picture: Image.Image, size: int = 64) -> np.ndarray:
    """uint8 (size, size, 3): a picture keeps its proportions, on white."""
    return np.asarray(ImageOps.pad(picture, (size, size), Image.Resampling.BICUBIC, color="white"))


def read_thumbnails(
    paths: Sequence[Path | None], *, size: int = 64, ids: Sequence[str] | None = None, cache: Path | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """All pictures at one small size: (uint8 (N, size, size, 3), mask bool (N,)); None is a missing picture.

    A picture keeps its proportions, on white. cache: a folder that keeps the result for as long as no file's path,
    size or time of change differs.
    """
    mask = np.fromiter((path is not None for path in paths), dtype=bool, count=len(paths))
    fingerprint = _fingerprint(paths, size)
    if cache is not None and (cache / "thumbnails.json").exists():
        said = json.loads((cache / "thumbnails.json").read_text())
        if said["fingerprint"] == fingerprint:
            return np.load(cache / "thumbnails.npy", mmap_mode="r"), mask
    pictures = np.full((len(paths), size, size, 3), 255, dtype=np.uint8)
    with progress.bar("Reading pictures", int(mask.sum()), "picture") as bar:
        for row, path in enumerate(paths):
            if path is not None:
                pictures[row] = thumbnail(read_picture(path, item_name(ids, row)), size)
                bar.advance(1)
    if cache is not None:
        cache.mkdir(parents=True, exist_ok=True)
        (cache / "thumbnails.json").unlink(missing_ok=True)
        write_npy(cache / "thumbnails.npy", pictures)
        part = cache / "thumbnails.json.part"
        part.write_text(json.dumps({"fingerprint": fingerprint}))
        os.replace(part, cache / "thumbnails.json")
    return pictures, mask


def _fingerprint(paths: Sequence[Path | None], size: int) -> str:
    digest = hashlib.sha256(str(size).encode())
    for path in paths:
        if path is None or not path.exists():
            digest.update(f"{path}\n".encode())
        else:
            stat = path.stat()
            digest.update(f"{path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


class TransformersImageEncoder:
    """A pretrained vision encoder (ViT, CLIP, SigLIP, DINOv2, ConvNeXt …) by hub id or local folder.

    A picture's vector is what the model itself pools (the projected image embedding of a CLIP-like model, else the
    pooler's output), or the mean of the last hidden state where it pools nothing. L2-normalised.
    """

    def __init__(self, model: str, *, batch_size: int = 32, device: str | None = None) -> None:
        import torch
        from transformers import AutoImageProcessor, AutoModel

        self.name, self.batch_size = model, batch_size
        with loading("image", model):
            # The PIL backend needs no torchvision, and gives the same pixels on every machine.
            self.processor = AutoImageProcessor.from_pretrained(model, backend="pil")
            self.model, loaded = AutoModel.from_pretrained(model, output_loading_info=True, dtype=torch.float32)
        # A classification checkpoint of a ViT has no pooler; transformers then makes up a random one.
        self.random_pooler = any("pooler" in key for key in loaded["missing_keys"])
        missing = sorted(key for key in loaded["missing_keys"] if "pooler" not in key)
        if missing:
            raise UserError(
                f"image encoder {model!r} lacks weights ({missing[0]}, {len(missing)} in all), so its vectors would be "
                "random: give a complete checkpoint"
            )
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self.model.eval().to(self.device)

    def encode(self, paths: Sequence[Path | None], ids: Sequence[str] | None = None) -> tuple[np.ndarray, np.ndarray]:
        """(vectors float32 (N, d), mask bool (N,)); None is a missing picture; `ids` only name items in errors."""
        mask = np.fromiter((path is not None for path in paths), dtype=bool, count=len(paths))
        rows = np.flatnonzero(mask)
        found: list[np.ndarray] = []
        with progress.bar(f"Image vectors ({self.name})", len(rows), "picture") as bar:
            for begin in range(0, len(rows), self.batch_size):
                batch = [(row, path) for row in rows[begin : begin + self.batch_size].tolist() if (path := paths[row])]
                found.append(self._pooled([read_picture(path, item_name(ids, row)) for row, path in batch]))
                bar.advance(len(batch))
        vectors = np.zeros((len(paths), found[0].shape[1] if found else 0), np.float32)
        if found:
            vectors[rows] = np.concatenate(found)
        return checked(vectors, mask, source=f"image encoder {self.name!r}", ids=ids)

    def look(self, pictures: list[Image.Image]) -> np.ndarray:
        """float32 (N, d), L2-normalised, of pictures that were read already."""
        return self._pooled(pictures)

    def _pooled(self, pictures: list[Image.Image]) -> np.ndarray:
        import torch

        with torch.inference_mode():
            pixels = self.processor(images=pictures, return_tensors="pt")["pixel_values"].to(self.device)
            if hasattr(self.model, "get_image_features"):
                output: Any = self.model.get_image_features(pixel_values=pixels)
            else:
                output = self.model(pixel_values=pixels)
            pooled: Any = output if isinstance(output, torch.Tensor) else getattr(output, "image_embeds", None)
            if pooled is None and not self.random_pooler:
                pooled = getattr(output, "pooler_output", None)
            if pooled is None:
                state = output.last_hidden_state  # (B, tokens, d), or (B, d, h, w) from a convolutional network
                pooled = state.mean(dim=1) if state.ndim == 3 else state.mean(dim=(2, 3))
            pooled = torch.nn.functional.normalize(pooled.flatten(1).float(), dim=1)
        vectors: np.ndarray = pooled.cpu().numpy()
        return vectors
