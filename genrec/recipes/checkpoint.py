"""Recipes for drawing with a diffusers checkpoint, and for tuning one on a catalogue."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from genrec.recipes.models import FOLDERS, Count, Recipe, Share, Weight


class LoraRecipe(Recipe):
    path: str = Field(description="hub id, folder or .safetensors file")
    scale: float = Field(1.0, description="how much it counts; 1 as trained")
    weight_name: str | None = Field(None, description="which file, where there are several")
    licence: str | None = Field(None, description="of these weights; null: what their model card says")


class IpAdapterRecipe(Recipe):
    path: str = Field(description="hub id or folder of an IP-Adapter for SD 1.5 or XL")
    subfolder: str = Field("", description="where in it")
    weight_name: str = Field(description="which file")
    image_encoder: str | None = Field(None, description="folder of its CLIP encoder, relative to path; null: beside it")
    scale: float = Field(0.6, ge=0, description="how much the picture counts beside the words")
    licence: str | None = Field(None, description="of these weights; null: what their model card says")


class CheckpointRecipe(Recipe):
    """How to draw with a diffusers checkpoint."""

    model: str = Field(description="hub id, or folder in diffusers' layout")
    licence: str | None = Field(
        None, description="of the weights; null: what the model card says. Non-commercial weights need it named here"
    )
    revision: str | None = Field(None, description="hub: branch, tag or commit")
    variant: str | None = Field(None, description="which files, where there are several, for instance fp16")
    loras: list[LoraRecipe] = Field([], description="low-rank updates, all at once")
    image_prompt: str | None = Field(None, description="folder of a trained image prompt of the run's own vectors")
    item_scale: Weight = Field(1.0, description="image prompt: how much the item's vector counts beside the words")
    taste_scale: Weight = Field(1.0, description="image prompt: how much the taste's vector counts beside the words")
    ip_adapter: IpAdapterRecipe | None = Field(None, description="an IP-Adapter, which reads the item's own picture")
    scheduler: str | None = Field(None, description="for instance euler, ddim, unipc-multistep; null: the checkpoint's")
    precision: Literal["auto", "float32", "float16", "bfloat16"] = Field(
        "auto", description="auto: float32 on a CPU, on a GPU bfloat16 where it has it, else float16"
    )
    offload: Literal["none", "model", "sequential"] = Field(
        "none", description="what waits in main memory: nothing, all models but the one at work, all layers but one"
    )
    width: Count | None = Field(None, description="pixels; null: what the checkpoint was made for")
    height: Count | None = Field(None, description="pixels; null: what the checkpoint was made for")
    steps: Count = Field(30, description="denoising steps")
    item_guidance: float | None = Field(
        None, ge=0, le=30, description="how strongly the item is followed; null: the pipeline's own guidance scale"
    )
    taste_guidance: float = Field(3.0, ge=0, le=30, description="how strongly the taste is followed at love 1")
    closest: float = Field(
        0.35, gt=0, le=1, description="with a reference: share of the noise at love 0, where the item stays as it is"
    )
    freest: float = Field(0.75, gt=0, le=1, description="with a reference: share of the noise at love 1")
    beside: bool | None = Field(
        None, description="previews: the item's picture stands beside the scene; null: if trained so"
    )
    batch: Count | None = Field(
        None, description="pictures at once, at most; null: 4 on a GPU, on a CPU 1, which rounds always alike"
    )
    safety: Literal["checkpoint", "none"] = Field("checkpoint", description="use the checkpoint's own safety checker")

    @model_validator(mode="after")
    def _freer_with_love(self) -> CheckpointRecipe:
        if self.closest > self.freest:
            raise ValueError("closest must not exceed freest")
        if self.image_prompt is not None and self.ip_adapter is not None:
            raise ValueError("take image_prompt or ip_adapter, not both")
        return self


class ImageryLoraRecipe(Recipe):
    """Fine-tuning of a diffusers checkpoint on a catalogue."""

    checkpoint: CheckpointRecipe = Field(description="what is tuned; drawing takes the same keys")
    task: Literal["pictures", "pairs"] = Field(
        "pictures", description="pictures of items from their texts; or pairs: into a scene's mask, item beside it"
    )
    rank: int = Field(16, ge=0, description="of the update; 0: no update, the image prompt alone")
    alpha: Count = Field(16, description="the update is scaled by alpha / rank")
    targets: list[str] = Field(["to_q", "to_k", "to_v", "to_out.0"], description="layers of the denoiser that get one")
    tokens: int = Field(4, ge=0, description="image prompt: tokens per vector; 0: none is trained")
    drop_words: Share = Field(0.1, description="how often training hides the words, which guidance needs")
    drop_vectors: Share = Field(0.1, description="how often it hides item and taste vector, each on its own")
    snr_gamma: float | None = Field(
        5.0, gt=0, description="min-SNR weight of the loss, for noise predictions; null: all steps alike"
    )
    width: Count | None = Field(None, description="pixels in training; null: the checkpoint's")
    height: Count | None = Field(None, description="pixels in training; null: the checkpoint's")
    epochs: Count = Field(10, description="passes over the pictures, at most")
    patience: Count = Field(3, description="validations without a smaller loss before it stops")
    learning_rate: float = Field(1e-4, gt=0, description="highest learning rate")
    weight_decay: Weight = Field(0.01, description="of AdamW")
    batch: Count = Field(4, description="pictures a step")
    checkpoint_every: int = Field(100, ge=0, description="steps between checkpoints within an epoch; 0 for none")
    gradient_checkpointing: bool = Field(False, description="compute activations twice instead of keeping them")
    held_out: Share = Field(0.1, description="share of the items whose loss decides which epoch is kept")
    seed: int = Field(0, ge=0, description="everything random follows from it")

    @model_validator(mode="after")
    def _something_to_train(self) -> ImageryLoraRecipe:
        if not self.rank and not self.tokens:
            raise ValueError("rank: 0 and tokens: 0 leave nothing to train")
        return self


FOLDERS[CheckpointRecipe] = FOLDERS[ImageryLoraRecipe] = "train"
