"""Pipelines of the real classes and the real shapes, with next to no weights: made on the spot, without a download."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

FAMILIES = ("sd", "sdxl", "sd3", "flux")
SIDE = 32
"""Pixels of a side of what they draw: 8 × 8 latents of an autoencoder that halves twice."""


def clip_tokenizer() -> Any:
    """CLIP's own tokenizer over letters: a word is as many tokens as it has letters."""
    from transformers import CLIPTokenizer

    letters = [*string.ascii_lowercase, *string.digits, *",.:-'"]
    entries = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={entry: i for i, entry in enumerate(entries)}, merges=[], model_max_length=77)


def t5_tokenizer() -> Any:
    from transformers import T5TokenizerFast

    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    pieces += [(letter, -3.0) for letter in string.ascii_lowercase]
    return T5TokenizerFast(vocab=pieces, extra_ids=0, model_max_length=64)


def clip_text(width: int, *, projected: bool = False) -> Any:
    import transformers

    config = transformers.CLIPTextConfig(
        vocab_size=100, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=2, num_attention_heads=2,
        projection_dim=width, bos_token_id=82, eos_token_id=83, pad_token_id=83, hidden_act="gelu",
    )  # fmt: skip
    kind = transformers.CLIPTextModelWithProjection if projected else transformers.CLIPTextModel
    return kind(config).eval()


def t5_text(width: int) -> Any:
    import transformers

    config = transformers.T5Config(
        vocab_size=64, d_model=width, d_kv=8, d_ff=2 * width, num_layers=1, num_heads=2, is_encoder_decoder=False
    )
    return transformers.T5EncoderModel(config).eval()


def autoencoder(channels: int = 4, *, plain: bool = False) -> Any:
    """plain: as SD3's and FLUX's, without the convolutions around the latents."""
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=(8, 16, 16), down_block_types=("DownEncoderBlock2D",) * 3, norm_num_groups=4,
        up_block_types=("UpDecoderBlock2D",) * 3, latent_channels=channels, layers_per_block=1, sample_size=SIDE,
        shift_factor=0.1 if plain else None, use_quant_conv=not plain, use_post_quant_conv=not plain,
    ).eval()  # fmt: skip


def unet(channels: int, cross: int, **more: Any) -> Any:
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=SIDE // 4, in_channels=channels, out_channels=4, block_out_channels=(8, 16), layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=cross, norm_num_groups=4, attention_head_dim=(2, 2), **more,
    ).eval()  # fmt: skip


def pipeline(family: str, *, channels: int = 4, prediction: str = "epsilon", guided: bool = False) -> Any:
    """channels: 9 for a UNet made for inpainting. prediction: of UNets. guided: FLUX with embedded guidance (dev)."""
    import diffusers
    import torch

    torch.manual_seed(0)
    noise = diffusers.DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False,
        steps_offset=1, prediction_type=prediction,
    )  # fmt: skip
    flow = diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0)
    if family == "sd":
        kind = diffusers.StableDiffusionPipeline if channels == 4 else diffusers.StableDiffusionInpaintPipeline
        return kind(
            vae=autoencoder(), text_encoder=clip_text(16), tokenizer=clip_tokenizer(), unet=unet(channels, 16),
            scheduler=noise, safety_checker=None, feature_extractor=None, requires_safety_checker=False,
        )  # fmt: skip
    if family == "sdxl":
        made = diffusers.StableDiffusionXLPipeline if channels == 4 else diffusers.StableDiffusionXLInpaintPipeline
        added = {"addition_embed_type": "text_time", "addition_time_embed_dim": 8}
        return made(
            vae=autoencoder(), text_encoder=clip_text(16), text_encoder_2=clip_text(16, projected=True),
            tokenizer=clip_tokenizer(), tokenizer_2=clip_tokenizer(), scheduler=noise,
            unet=unet(channels, 32, projection_class_embeddings_input_dim=6 * 8 + 16, **added),
        )  # fmt: skip
    if family == "sd3":
        transformer = diffusers.SD3Transformer2DModel(
            sample_size=SIDE // 4, patch_size=1, in_channels=16, num_layers=2, attention_head_dim=8,
            num_attention_heads=2, joint_attention_dim=32, caption_projection_dim=16, pooled_projection_dim=32,
            out_channels=16,
        )  # fmt: skip
        return diffusers.StableDiffusion3Pipeline(
            transformer=transformer.eval(), scheduler=flow, vae=autoencoder(16, plain=True),
            text_encoder=clip_text(16, projected=True), tokenizer=clip_tokenizer(),
            text_encoder_2=clip_text(16, projected=True), tokenizer_2=clip_tokenizer(),
            text_encoder_3=t5_text(32), tokenizer_3=t5_tokenizer(),
        )  # fmt: skip
    if family == "flux":
        transformer = diffusers.FluxTransformer2DModel(
            patch_size=1, in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16,
            num_attention_heads=2, joint_attention_dim=32, pooled_projection_dim=16, axes_dims_rope=(4, 4, 8),
            guidance_embeds=guided,
        )  # fmt: skip
        return diffusers.FluxPipeline(
            scheduler=flow, vae=autoencoder(4, plain=True), text_encoder=clip_text(16), tokenizer=clip_tokenizer(),
            text_encoder_2=t5_text(32), tokenizer_2=t5_tokenizer(), transformer=transformer.eval(),
        )  # fmt: skip
    if family == "pixart":  # neither image-to-image nor inpainting, and none of the four
        transformer = diffusers.PixArtTransformer2DModel(
            sample_size=32, num_layers=1, patch_size=2, attention_head_dim=8, num_attention_heads=2,
            in_channels=4, out_channels=8, caption_channels=32, cross_attention_dim=16, norm_num_groups=4,
        )  # fmt: skip
        return diffusers.PixArtSigmaPipeline(
            transformer=transformer.eval(), scheduler=noise, vae=autoencoder(), text_encoder=t5_text(32),
            tokenizer=t5_tokenizer(),
        )  # fmt: skip
    raise ValueError(family)


def folder(family: str, where: Path, **more: Any) -> Path:
    """The pipeline as a folder in diffusers' layout."""
    import diffusers

    diffusers.utils.logging.set_verbosity_error()
    path = where / "-".join([family, *(str(value) for value in more.values())])
    pipeline(family, **more).save_pretrained(path)
    return path
