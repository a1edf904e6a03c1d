"""Recipes: what an experiment is, as data.

A recipe is one short YAML file, complete and readable alone. `load` finds it by name in the recipe folders (or reads
the path it is given), applies ``--set key=value`` changes and checks it against the models, which know every key.
A stage inside an `Experiment` stands there in full or is the name of a recipe: ``tokenizer: rqvae``.
"""

from __future__ import annotations

from genrec.recipes.checkpoint import CheckpointRecipe, ImageryLoraRecipe, IpAdapterRecipe, LoraRecipe
from genrec.recipes.files import build, find, load, names, read
from genrec.recipes.models import (
    FOLDERS,
    AttributesRecipe,
    CompactRecipe,
    DataRecipe,
    EmbedRecipe,
    EvaluateRecipe,
    Experiment,
    FuseRecipe,
    ImageRecipe,
    ImageryRecipe,
    LeafRecipe,
    LmRecipe,
    PreferenceRecipe,
    PretrainRecipe,
    Recipe,
    SasrecRecipe,
    TextRecipe,
    TokenizerRecipe,
    TokenRecipe,
)

__all__ = [
    "FOLDERS",
    "AttributesRecipe",
    "CheckpointRecipe",
    "CompactRecipe",
    "DataRecipe",
    "EmbedRecipe",
    "EvaluateRecipe",
    "Experiment",
    "FuseRecipe",
    "ImageRecipe",
    "ImageryLoraRecipe",
    "ImageryRecipe",
    "IpAdapterRecipe",
    "LeafRecipe",
    "LmRecipe",
    "LoraRecipe",
    "PreferenceRecipe",
    "PretrainRecipe",
    "Recipe",
    "SasrecRecipe",
    "TextRecipe",
    "TokenRecipe",
    "TokenizerRecipe",
    "build",
    "find",
    "load",
    "names",
    "read",
]
