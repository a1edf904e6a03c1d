"""Item vectors as a recipe wants them: one encoder per modality, fused; learned once, then frozen for items to come."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genrec.data.catalog import Catalog
from genrec.data.interactions import Sequences
from genrec.embed.attributes import AttributeEncoder
from genrec.embed.fuse.concat import Modality, WhitenedConcat
from genrec.errors import UserError
from genrec.recipes import EmbedRecipe

if TYPE_CHECKING:
    from PIL import Image


class ItemEncoder:
    """Vectors of text, image, attributes and co-occurrence, fused. metrics: what the encoders say of themselves."""

    def __init__(self, recipe: EmbedRecipe) -> None:
        self.recipe = recipe
        self.metrics: dict[str, Any] = {}
        self.text: Any = None
        self.image: Any = None
        self.attributes: AttributeEncoder | None = None

    def fit(
        self, catalog: Catalog, train: Sequences, *, seed: int, scratch: Path
    ) -> tuple[dict[str, Modality], np.ndarray]:
        """Vectors of every modality, and the fused ones, float32 (N, D). train: what collaborative vectors may see."""
        self._start_text(catalog, seed)
        modalities = self._text(catalog)
        if self.recipe.image.kind == "contrastive":
            from genrec.embed.contrastive import ContrastiveEncoder
            from genrec.embed.images import read_thumbnails

            if "text" not in modalities:
                raise UserError("embed.image.kind contrastive learns pictures from text: set embed.text.kind")
            self.image = ContrastiveEncoder(self.recipe.image.dim, epochs=self.recipe.image.epochs)
            cache = scratch / "thumbnails"
            pictures, mask = read_thumbnails(_paths(catalog), ids=catalog.ids, cache=cache)
            self.image.fit(pictures, mask, *modalities["text"], seed=seed, folder=scratch / "contrastive")
            self.metrics |= {"contrastive": self.image.metrics}
            modalities["image"] = self.image.encode(pictures, mask, catalog.ids)
        elif self.recipe.image.kind == "transformers":
            from genrec.embed.images import TransformersImageEncoder

            if not self.recipe.image.model:
                raise UserError("embed.image.model is not set: the hub id or folder of a vision model")
            self.image = TransformersImageEncoder(self.recipe.image.model)
            modalities |= self._image(catalog)
        if self.recipe.attributes.kind == "columns":
            learned = AttributeEncoder(self.recipe.attributes.columns, self.recipe.attributes.values).fit(catalog)
            if learned.columns:
                self.attributes = learned
                self.metrics |= {"attributes_read": list(learned.columns)}
                modalities["attributes"] = learned.encode(catalog)
        if self.recipe.fuse.collaborative:
            from genrec.embed.collaborative import collaborative_vectors

            modalities["collaborative"] = collaborative_vectors(
                train, len(catalog), dim=self.recipe.fuse.collaborative_dim, seed=seed
            )
        if not modalities:
            raise UserError(
                "the recipe asks for no modality at all, or the catalogue has none: set embed.text.kind, "
                "embed.image.kind or embed.attributes.kind"
            )
        weights = {name: getattr(self.recipe.fuse, name) for name in modalities}
        self.fuser = WhitenedConcat(weights=weights, shrinkage=self.recipe.fuse.shrinkage, dim=self.recipe.fuse.dim)
        self.fuser.fit(modalities, catalog.ids)
        return modalities, self.fuser.transform(modalities, catalog.ids)

    def encode(self, catalog: Catalog) -> tuple[dict[str, Modality], np.ndarray]:
        """The same for items that came later; they have no collaborative vectors, the fusion predicts those."""
        modalities = self._text(catalog) | self._image(catalog)
        if self.attributes is not None:
            modalities["attributes"] = self.attributes.encode(catalog)
        return modalities, self.fuser.transform(modalities, catalog.ids)

    def look(self, pictures: list[Image.Image]) -> np.ndarray:
        """float32 (N, d), of unit length: pictures that were read already, as the items' own are seen.

        UserError where the recipe reads no pictures.
        """
        if self.image is None:
            raise UserError(
                "this run reads no pictures (embed.image.kind is none): set it to contrastive or transformers, and "
                "run `genrec embed` and all after it again"
            )
        if self.recipe.image.kind == "contrastive":
            from genrec.embed.images import thumbnail

            small = np.stack([thumbnail(picture) for picture in pictures])
            found: np.ndarray = self.image.encode(small, np.ones(len(small), bool))[0]
            return found
        found = self.image.look(pictures)
        return found

    def _start_text(self, catalog: Catalog, seed: int) -> None:
        text = self.recipe.text
        if text.kind == "tfidf":
            from genrec.embed.text import TfidfSvd

            self.text = TfidfSvd(text.dim).fit(catalog.table["text"].to_list(), seed=seed)
        elif text.kind in ("minilm", "sentence-transformers"):
            from genrec.embed.text import SentenceTransformerEncoder

            if text.kind == "sentence-transformers" and not text.model:
                raise UserError("embed.text.model is not set: a sentence-transformers hub id or folder")
            self.text = SentenceTransformerEncoder(text.model or "minilm")

    def _text(self, catalog: Catalog) -> dict[str, Modality]:
        if self.recipe.text.kind == "none":
            return {}
        if self.recipe.text.kind == "vectors":
            from genrec.embed.vectors import read_own

            if not self.recipe.text.model:
                raise UserError("embed.text.model is not set: the .npy file with one row per item")
            return {"text": read_own(Path(self.recipe.text.model), catalog.ids)}
        return {"text": self.text.encode(catalog.table["text"].to_list(), catalog.ids)}

    def images(self, catalog: Catalog) -> Modality:
        """Vectors and mask of items' pictures alone, as the modality image of `encode`."""
        if self.recipe.image.kind == "contrastive":
            from genrec.embed.images import read_thumbnails

            found: Modality = self.image.encode(*read_thumbnails(_paths(catalog), ids=catalog.ids), catalog.ids)
            return found
        found = self.image.encode(_paths(catalog), catalog.ids)
        return found

    def _image(self, catalog: Catalog) -> dict[str, Modality]:
        return {} if self.image is None else {"image": self.images(catalog)}

    def save_pretrained(self, folder: Path) -> None:
        """What `encode` needs later: learned encoders in folders of their own, pretrained ones by name."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "recipe.json").write_text(json.dumps(self.recipe.model_dump(), indent=1))
        if self.recipe.text.kind == "tfidf":
            self.text.save_pretrained(folder / "text")
        if self.recipe.image.kind == "contrastive":
            self.image.save_pretrained(folder / "image")
        if self.attributes is not None:
            self.attributes.save_pretrained(folder / "attributes")
        self.fuser.save_pretrained(folder / "fuser")

    @classmethod
    def from_pretrained(cls, folder: Path) -> ItemEncoder:
        encoder = cls(EmbedRecipe.model_validate(json.loads((folder / "recipe.json").read_text())))
        kind = encoder.recipe.text.kind
        if kind == "tfidf":
            from genrec.embed.text import TfidfSvd

            encoder.text = TfidfSvd.from_pretrained(folder / "text")
        elif kind in ("minilm", "sentence-transformers"):
            from genrec.embed.text import SentenceTransformerEncoder

            encoder.text = SentenceTransformerEncoder(encoder.recipe.text.model or "minilm")
        if encoder.recipe.image.kind == "contrastive":
            from genrec.embed.contrastive import ContrastiveEncoder

            encoder.image = ContrastiveEncoder.from_pretrained(folder / "image")
        elif encoder.recipe.image.kind == "transformers":
            from genrec.embed.images import TransformersImageEncoder

            encoder.image = TransformersImageEncoder(str(encoder.recipe.image.model))
        if (folder / "attributes").exists():
            encoder.attributes = AttributeEncoder.from_pretrained(folder / "attributes")
        encoder.fuser = WhitenedConcat.from_pretrained(folder / "fuser")
        return encoder


def _paths(catalog: Catalog) -> list[Path | None]:
    return [catalog.image_path(item) for item in range(len(catalog))]
