"""The run's own item and taste vectors as an image prompt of a checkpoint (IP-Adapter: Ye et al. 2023, section 3.2).

A vector becomes a few tokens: one linear layer and a layer norm (section 3.2.1). UNets read them by decoupled
cross-attention (section 3.2.2): beside the keys and values of the words stand those of the tokens, with weights of
their own that begin as the words', and the two attentions are added. Item and taste are two adapters in diffusers' own
classes for several IP-Adapters, each with its scale. Transformers that let words and picture attend to each other (SD3,
FLUX) read the tokens behind the words; their scale is the tokens' own.

A picture without a taste, and the prediction for nothing, have a vector of zeros, as in training.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genrec.errors import UserError
from genrec.imagery.checkpoint.families import denoiser_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

WEIGHTS, ABOUT = "image_prompt.safetensors", "image_prompt.json"
SCHEMA = 1


class ImagePrompt:
    """Two projections, for item and taste, put into a pipeline's denoiser.

    dim: of the vectors. tokens: per vector. taste_known: whether the taste's projection was trained.
    """

    def __init__(self, pipe: Any, dim: int, tokens: int = 4, *, taste_known: bool = False) -> None:
        import torch
        from diffusers.models.embeddings import ImageProjection, MultiIPAdapterImageProjection

        self.denoiser = denoiser_of(pipe)
        self.dim, self.tokens, self.taste_known = dim, tokens, taste_known
        self.scales = (1.0, 1.0)
        self.decoupled = type(self.denoiser).__name__ == "UNet2DConditionModel"
        config = self.denoiser.config
        self.width = int(config.cross_attention_dim if self.decoupled else config.joint_attention_dim)
        made: list[nn.Module] = [ImageProjection(dim, self.width, tokens) for _ in range(2)]
        # Drawing may be in half precision or elsewhere: where the denoiser is, there go these.
        like = next(self.denoiser.parameters())
        self.projection: nn.Module = MultiIPAdapterImageProjection(made).to(like.device, torch.float32)
        if self.decoupled:
            if self.denoiser.encoder_hid_proj is not None:
                raise UserError("this checkpoint has an image prompt of its own already: take one or the other")
            self.denoiser.encoder_hid_proj = self.projection
            self.denoiser.config.encoder_hid_dim_type = "ip_image_proj"
            self.denoiser.set_attn_processor(self._processors())

    def _processors(self) -> dict[str, Any]:
        """diffusers' own: with keys and values for both vectors where words are read, as they were elsewhere."""
        from diffusers.models.attention_processor import IPAdapterAttnProcessor2_0

        found: dict[str, Any] = {}
        for name, former in self.denoiser.attn_processors.items():
            if "attn2" not in name:  # attn1 is self-attention
                found[name] = former
                continue
            attention = self.denoiser.get_submodule(name.removesuffix(".processor"))
            keys, values = _weight(attention.to_k), _weight(attention.to_v)
            made = IPAdapterAttnProcessor2_0(
                hidden_size=keys.shape[0], cross_attention_dim=keys.shape[1], num_tokens=(self.tokens,) * 2
            )
            made.to(keys.device)
            pairs: list[tuple[Any, Tensor]] = [(made.to_k_ip, keys), (made.to_v_ip, values)]
            for layers, words in pairs:
                for layer in layers:
                    layer.weight.data.copy_(words)
            found[name] = made
        return found

    def modules(self) -> Iterator[tuple[str, nn.Module]]:
        """What is trained and kept, by name."""
        yield "projection", self.projection
        if self.decoupled:
            for name, processor in self.denoiser.attn_processors.items():
                if hasattr(processor, "to_k_ip"):
                    yield name.replace(".", "/"), processor

    def set_scales(self, item: float, taste: float) -> None:
        """How much the image prompt counts beside the words: 1 as trained, 0 not at all."""
        self.scales = (item, taste if self.taste_known else 0.0)
        for name, processor in self.modules():
            if name != "projection":
                processor.scale = list(self.scales)  # type: ignore[assignment]

    def to(self, dtype: torch.dtype) -> None:
        """Into the precision in which the denoiser computes."""
        for _, module in self.modules():
            module.to(dtype)

    def batch(self, vectors: Sequence[np.ndarray | None]) -> Tensor:
        """float32 (B, d) of length √d each; zeros where there is none. UserError for one of another length."""
        import torch

        rows = torch.zeros(len(vectors), self.dim)
        for row, vector in enumerate(vectors):
            if vector is None:
                continue
            if vector.shape != (self.dim,):
                raise UserError(
                    f"the image prompt was trained on vectors of {self.dim} numbers, this one has {vector.size}: "
                    "it belongs to another run; train it on this one"
                )
            rows[row] = torch.from_numpy(np.ascontiguousarray(vector, dtype=np.float32))
        return torch.nn.functional.normalize(rows, dim=1) * math.sqrt(self.dim)

    def conditions(self, item: Tensor, taste: Tensor) -> tuple[list[Tensor] | None, Tensor | None]:
        """Of (B, d) each: what a UNet takes as `image_embeds`, or tokens (B, 2 · tokens, width) behind the words."""
        if self.decoupled:
            return [item[:, None], taste[:, None]], None
        device = next(self.projection.parameters()).device
        both = self.projection([item[:, None].to(device), taste[:, None].to(device)])
        parts = [tokens[:, 0] * scale for tokens, scale in zip(both, self.scales, strict=True) if scale]
        if not parts:
            return None, None
        import torch

        return None, torch.cat(parts, dim=1)

    # ------------------------------------------------------------------ on disk

    def save(self, folder: Path) -> None:
        from safetensors.torch import save_file

        folder.mkdir(parents=True, exist_ok=True)
        state = {
            f"{name}:{key}": tensor.detach().float().cpu().contiguous().clone()
            for name, module in self.modules()
            for key, tensor in module.state_dict().items()
        }
        save_file(state, folder / WEIGHTS)
        said = {"schema": SCHEMA, "denoiser": type(self.denoiser).__name__, "width": self.width, "dim": self.dim}
        said |= {"tokens": self.tokens, "taste": self.taste_known}
        (folder / ABOUT).write_text(json.dumps(said, indent=1))

    @classmethod
    def load(cls, pipe: Any, folder: Path) -> ImagePrompt:
        """Put the image prompt in `folder` into the pipeline; UserError where it belongs to another checkpoint."""
        from safetensors.torch import load_file

        try:
            said = json.loads((folder / ABOUT).read_text())
            state = load_file(folder / WEIGHTS)
        except Exception as error:
            raise UserError(f"{folder}: no image prompt ({error}): give the folder that training wrote") from None
        denoiser = denoiser_of(pipe)
        width = denoiser.config.get("cross_attention_dim", None) or denoiser.config.get("joint_attention_dim", None)
        found, made = (type(denoiser).__name__, width), (said["denoiser"], said["width"])
        if found != made:
            raise UserError(
                f"{folder}: the image prompt was trained for {made[0]} with words of {made[1]} numbers, this "
                f"checkpoint is {found[0]} with {found[1]}: use the checkpoint it was trained on"
            )
        prompt = cls(pipe, said["dim"], said["tokens"], taste_known=said["taste"])
        own = {f"{name}:{key}" for name, module in prompt.modules() for key in module.state_dict()}
        if own != state.keys():
            raise UserError(f"{folder}: the image prompt's layers are not this checkpoint's: it was trained on another")
        try:
            for name, module in prompt.modules():
                begin = f"{name}:"
                module.load_state_dict({k.removeprefix(begin): v for k, v in state.items() if k.startswith(begin)})
        except RuntimeError as error:
            raise UserError(f"{folder}: the image prompt is of another checkpoint ({error})") from None
        return prompt


def _weight(layer: Any) -> Tensor:
    """Also of a layer that LoRA stands around."""
    weight: Tensor = getattr(layer, "base_layer", layer).weight
    return weight.detach()
