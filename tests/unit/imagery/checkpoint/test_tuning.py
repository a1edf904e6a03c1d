"""Tuning a checkpoint: learned, kept, found again, gone on from after a kill with the very same weights."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from genrec.errors import UserError
from genrec.imagery import Subject
from genrec.imagery.checkpoint.families import denoiser_of
from genrec.imagery.checkpoint.training import Example, tune
from genrec.imagery.checkpoint.training.noise import Noise
from genrec.recipes import CheckpointRecipe, ImageryLoraRecipe, LoraRecipe
from tests.unit.imagery.checkpoint import tiny
from tests.unit.imagery.checkpoint.conftest import Folder, Painting, Wanted, apart, noise, vector

LORA, PROMPT = "pytorch_lora_weights.safetensors", "image_prompt.safetensors"
Recipes = Callable[..., ImageryLoraRecipe]


def examples(count: int = 10, *, pairs: bool = False) -> list[Example]:
    mask = np.zeros((48, 40), dtype=bool)
    mask[10:34, 6:28] = True
    return [
        Example(
            f"i{row}", noise(40, 48, row), "red dress", vector(row), vector(100 + row) if row % 2 else None,
            mask if pairs else None, noise(20, 20, row) if pairs else None,
        )
        for row in range(count)
    ]  # fmt: skip


@pytest.fixture
def recipe(folder: Folder) -> Recipes:
    """(family or folder, **changes) → a recipe that runs in about a second."""

    def make(name: str, **changes: Any) -> ImageryLoraRecipe:
        model = folder(name) if name in (*tiny.FAMILIES, "pixart") else name
        given: dict[str, Any] = {"epochs": 2, "rank": 4, "alpha": 8, "learning_rate": 1e-2, "held_out": 0.2}
        given |= {"width": tiny.SIDE, "height": tiny.SIDE, "batch": 4}
        return ImageryLoraRecipe(checkpoint=CheckpointRecipe(model=model, licence="ours"), **given | changes)

    return make


@contextmanager
def at_call(number: int, what: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Within, calls of a denoiser in training are counted, and from the given one on `what` is told their batch."""
    from genrec.imagery.checkpoint.training import lesson

    calls = [0]
    asked = lesson.Lesson._asked

    def counted(self: Any, pipe: Any, *args: Any) -> Any:
        def before(_: Any, args: Any, kwargs: Any) -> None:
            calls[0] += 1
            if calls[0] >= number:
                what(len(args[0] if args else kwargs["hidden_states"]))

        hook = denoiser_of(pipe).register_forward_pre_hook(before, with_kwargs=True)
        try:
            return asked(self, pipe, *args)
        finally:
            hook.remove()

    with monkeypatch.context() as patch:
        patch.setattr(lesson.Lesson, "_asked", counted)
        yield calls


@pytest.mark.parametrize(
    ("family", "task"),
    [
        *((family, "pictures") for family in tiny.FAMILIES),
        ("flux", "pairs"),
        *(pytest.param(family, "pairs", marks=pytest.mark.slow) for family in ("sd", "sdxl", "sd3")),
    ],
)
def test_tuned_saved_loaded_seen(
    family: str, task: Any, recipe: Recipes, painting: Painting, wanted: Wanted, tmp_path: Path
) -> None:
    out = tmp_path / "tuned"
    said = tune(recipe(family, task=task), examples(pairs=task == "pairs"), out)
    assert said == json.loads((out / "training.json").read_text())
    assert said["licence"] == "ours" and said["loss"] == ("flow" if family in ("sd3", "flux") else "epsilon")
    assert [row["epoch"] for row in said["epochs"]] == [0, 1] and (said["examples"], said["held_out"]) == (8, 2)
    assert all(np.isfinite([row["loss"], row["validation"]]).all() for row in said["epochs"])
    assert not (out / "checkpoints").exists()
    tuned = load_file(out / LORA)
    assert any("lora_B" in name or "lora.up" in name for name in tuned)
    assert all(bool(one.any()) for name, one in tuned.items() if "lora_B" in name)  # B begins at zero
    tried = [wanted(), wanted("tryon")]
    bare = painting(family).draw(tried)
    lora = painting(family, loras=[LoraRecipe(path=str(out))], beside=False)
    assert lora.licence == "unknown"  # the base's own card is silent
    both = painting(family, loras=[LoraRecipe(path=str(out))], image_prompt=str(out), item_guidance=9.0, beside=False)
    for before, after in zip(bare, lora.draw(tried), strict=True):
        assert apart(before, after) > 0
    other = wanted(subject=Subject("d-2", vector=vector(8), text="red dress"))
    assert apart(both.draw(tried)[0], both.draw([other])[0]) > 0
    assert painting(family, loras=[LoraRecipe(path=str(out))])._beside == (task == "pairs")


@pytest.mark.parametrize("family", ["sd", "sdxl"])
def test_pairs_for_a_unet_made_for_inpainting(
    family: str, folder: Folder, recipe: Recipes, painting: Painting, wanted: Wanted, tmp_path: Path
) -> None:
    model = folder(family, channels=9)
    tune(recipe(model, task="pairs", tokens=0), examples(pairs=True), tmp_path / "worn")
    bare = painting(model, beside=True).draw([wanted("tryon")])[0]
    tuned = painting(model, loras=[LoraRecipe(path=str(tmp_path / "worn"))])
    assert apart(tuned.draw([wanted("tryon")])[0], bare) > 0
    assert not (tmp_path / "worn" / PROMPT).exists()


def test_alpha_is_kept(recipe: Recipes, painting: Painting, wanted: Wanted, tmp_path: Path) -> None:
    """alpha / rank scales the update: loaded without it, the picture would be another."""
    tune(recipe("flux", rank=2, alpha=16, tokens=0), examples(), tmp_path / "tuned")
    painter = painting("flux", loras=[LoraRecipe(path=str(tmp_path / "tuned"))])
    layer = next(m for m in painter._roads.words.transformer.modules() if getattr(m, "scaling", None))
    assert layer.scaling["lora0"] == 8.0


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
def test_all_predictions_of_unets(
    prediction: str, folder: Folder, recipe: Recipes, painting: Painting, wanted: Wanted, tmp_path: Path
) -> None:
    model = folder("sd", prediction=prediction)
    said = tune(recipe(model, epochs=1), examples(4), tmp_path / "tuned")
    assert said["loss"] == prediction
    assert painting(model, loras=[LoraRecipe(path=str(tmp_path / "tuned"))]).draw([wanted()])


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample", "flow"])
def test_the_target_with_the_latents_gives_the_picture_back(prediction: str) -> None:
    """What the scheduler makes of a perfect prediction is the picture, whatever it is that was predicted."""
    flow = prediction == "flow"
    scheduler = tiny.pipeline("sd3" if flow else "sd", prediction="epsilon" if flow else prediction).scheduler
    made = Noise(scheduler, 5.0)
    torch.manual_seed(0)
    clean, random = torch.randn(6, 4, 8, 8), torch.randn(6, 4, 8, 8)
    noised = made.add(clean, torch.linspace(0.05, 0.95, 6), random)
    assert (noised.timesteps[1:] > noised.timesteps[:-1]).all()
    for row in range(6):
        if flow:
            sigma = noised.timesteps[row] / 1000
            found = noised.latents[row] - sigma * noised.target[row]
        else:
            step = made.chain.step(noised.target[row], noised.timesteps[row], noised.latents[row])
            found = step.pred_original_sample
        torch.testing.assert_close(found, clean[row], rtol=1e-3, atol=1e-2)


def test_min_snr_weighs_every_prediction_alike() -> None:
    """Hang et al. 2023: min(SNR, γ) on the picture's error: 1 / SNR of the noise's, 1 / (SNR + 1) of v's."""
    kinds = ("epsilon", "v_prediction", "sample")
    made = {kind: Noise(tiny.pipeline("sd", prediction=kind).scheduler, 5.0) for kind in kinds}
    steps = torch.arange(0, 1000, 37)
    weights = {kind: made[kind].weights(steps).double() for kind in kinds}
    alphas = made["sample"].chain.alphas_cumprod[steps].double()
    snr = alphas / (1 - alphas)
    torch.testing.assert_close(weights["sample"], snr.clamp(max=5), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(weights["epsilon"] * snr, weights["sample"], rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(weights["v_prediction"] * (snr + 1), weights["sample"], rtol=1e-4, atol=1e-6)


def test_it_learns(recipe: Recipes, tmp_path: Path) -> None:
    """Eight plain pictures: their loss at held noise must fall."""
    plain = [
        Example(f"i{row}", Image.new("RGB", (32, 32), (20 * row, 200, 30)), "green", vector(row)) for row in range(10)
    ]
    said = tune(recipe("sd3", epochs=12, patience=12, rank=16, targets=["to_q", "to_v", "to_out.0", "proj_out"]), plain,
                tmp_path / "tuned")  # fmt: skip
    losses = [row["validation"] for row in said["epochs"]]
    assert min(losses) < 0.9 * losses[0]


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / LORA) | load_file(folder / PROMPT)


def equal(one: Path, other: Path) -> bool:
    mine, theirs = weights_of(one), weights_of(other)
    return mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)


@pytest.mark.parametrize("family", ["sd", pytest.param("flux", marks=pytest.mark.slow)])
def test_stopped_in_the_middle_it_ends_with_the_same_weights(
    family: str, recipe: Recipes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = recipe(family, checkpoint_every=1, epochs=2, batch=2)
    whole = tune(asked, examples(8), tmp_path / "whole")

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    for number in (3, 5):  # within an epoch, and later again
        with at_call(number, stop, monkeypatch), pytest.raises(KeyboardInterrupt):
            tune(asked, examples(8), tmp_path / "stopped")
    assert (tmp_path / "stopped" / "checkpoints" / "loop.json").exists()
    with at_call(10**6, stop, monkeypatch) as calls:
        again = tune(asked, examples(8), tmp_path / "stopped")
    with at_call(10**6, stop, monkeypatch) as all_calls:
        tune(asked, examples(8), tmp_path / "twice")
    assert calls[0] < all_calls[0]  # it did not begin anew
    assert equal(tmp_path / "whole", tmp_path / "stopped") and equal(tmp_path / "whole", tmp_path / "twice")
    assert [row["validation"] for row in again["epochs"]] == [row["validation"] for row in whole["epochs"]]


def test_checkpoints_of_another_training(recipe: Recipes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with at_call(2, stop, monkeypatch), pytest.raises(KeyboardInterrupt):
        tune(recipe("flux", checkpoint_every=1), examples(8), tmp_path / "tuned")
    for other in (lambda: tune(recipe("flux", checkpoint_every=1, rank=2), examples(8), tmp_path / "tuned"),
                  lambda: tune(recipe("flux", checkpoint_every=1), examples(9), tmp_path / "tuned")):  # fmt: skip
        with pytest.raises(UserError, match="another training"):
            other()


def test_memory_for_fewer_keeps_the_steps(
    recipe: Recipes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(rows: int) -> None:
        if rows > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")

    with at_call(4, full, monkeypatch):
        said = tune(recipe("flux", checkpoint_every=1, held_out=0.0), examples(8), tmp_path / "tuned")
    assert len(said["epochs"]) == 2 and said["best_epoch"] == -1
    assert "1 pictures at once" in capsys.readouterr().err

    def none(_: int) -> None:
        raise MemoryError

    with at_call(1, none, monkeypatch), pytest.raises(UserError, match=r"one picture of 32 × 32.*gradient_checkpoint"):
        tune(recipe("flux", batch=1), examples(8), tmp_path / "never")


def test_what_cannot_be_learned_from(recipe: Recipes, tmp_path: Path) -> None:
    one = examples(1)[0]
    refused: list[tuple[str, ImageryLoraRecipe, list[Example]]] = [
        ("no example", recipe("sd"), []),
        ("needs a mask", recipe("sd", task="pairs"), [one]),
        ("no example has one", recipe("sd"), [Example("i", one.picture, "words")]),
        ("different sizes", recipe("sd"), [one, Example("i", one.picture, "words", np.ones(3, np.float32))]),
        ("training knows", recipe("pixart"), [one]),
        ("no such layers", recipe("sd", targets=["nothing"]), [one]),
        ("multiples of 8", recipe("sd", width=33), [one]),
    ]
    for message, asked, given in refused:
        with pytest.raises(UserError, match=message):
            tune(asked, given, tmp_path / "one")  # what was refused does not claim the folder
    with pytest.raises(UserError, match="covers the whole picture"):
        Example("i", one.picture, mask=np.ones((48, 40), dtype=bool))
    with pytest.raises(ValueError, match="nothing to train"):
        recipe("sd", rank=0, tokens=0)


def test_in_half_precision_and_with_recomputed_activations(recipe: Recipes, tmp_path: Path, folder: Folder) -> None:
    for family in ("sd", "flux"):
        asked = recipe(family, epochs=1, gradient_checkpointing=True)
        half = asked.model_copy(update={"checkpoint": asked.checkpoint.model_copy(update={"precision": "bfloat16"})})
        said = tune(half, examples(4), tmp_path / family)
        assert np.isfinite(said["epochs"][0]["loss"])
        assert all(one.dtype == torch.float32 for one in load_file(tmp_path / family / LORA).values())


@pytest.mark.slow
def test_killed_for_real_it_ends_with_the_same_weights(recipe: Recipes, tmp_path: Path) -> None:
    """SIGKILL, wherever it is; the next process goes on."""
    asked = recipe("sd", checkpoint_every=1, epochs=6, batch=2)
    (tmp_path / "recipe.json").write_text(asked.model_dump_json())
    program = (
        "import sys; from pathlib import Path; from genrec.recipes import ImageryLoraRecipe\n"
        "from genrec.imagery.checkpoint.training import tune\n"
        "from tests.unit.imagery.checkpoint.test_tuning import examples\n"
        "recipe = ImageryLoraRecipe.model_validate_json(Path(sys.argv[1]).read_text())\n"
        "tune(recipe, examples(8), Path(sys.argv[2]))\n"
    )

    def command(out: str) -> list[str]:
        return [sys.executable, "-c", program, str(tmp_path / "recipe.json"), str(tmp_path / out)]

    root = Path(__file__).parents[4]
    environment = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    subprocess.run(command("whole"), check=True, cwd=root, env=environment)
    running = subprocess.Popen(command("killed"), cwd=root, env=environment)
    pointer = tmp_path / "killed" / "checkpoints" / "loop.json"
    deadline = time.monotonic() + 120
    while not pointer.exists() and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL, "it was done before it could be killed"
    assert pointer.exists() and not (tmp_path / "killed" / "training.json").exists()
    subprocess.run(command("killed"), check=True, cwd=root, env=environment)
    assert equal(tmp_path / "whole", tmp_path / "killed")
