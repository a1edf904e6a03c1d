"""Recipes: found by name or path, changed key by key, and every mistake named with its place and its cure."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from genrec import recipes
from genrec.errors import UserError
from genrec.model.tasks import TASKS
from genrec.recipes import (
    CompactRecipe,
    Experiment,
    ImageryLoraRecipe,
    LmRecipe,
    PreferenceRecipe,
    PretrainRecipe,
    SasrecRecipe,
    TokenizerRecipe,
    TokenRecipe,
    build,
    load,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text("seed: 3\ntokenizer: rqkmeans\ntrain:\n  width: 64\n  leaf: null\n")
    return path


def test_found_by_name_wherever_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load("rqkmeans", TokenizerRecipe).kind == "rqkmeans"
    assert {"rqvae", "rqkmeans"} <= set(recipes.names(TokenizerRecipe))
    (tmp_path / "tokenizers").mkdir()
    (tmp_path / "tokenizers" / "own.yaml").write_text("kind: rqkmeans\nlevels: 2")
    (tmp_path / "tokenizers" / "rqvae.yaml").write_text("levels: 7")
    assert load("own", TokenizerRecipe).levels == 2
    assert load("rqvae", TokenizerRecipe).levels == 7  # one's own goes first
    assert load(str(ROOT / "tokenizers" / "rqvae.yaml"), TokenizerRecipe).levels == 3


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rqvae", TokenizerRecipe),
        ("rqkmeans", TokenizerRecipe),
        ("compact", CompactRecipe),
        ("sasrec", SasrecRecipe),
        ("pretrain", PretrainRecipe),
        ("demo-base", PretrainRecipe),
        ("token", TokenRecipe),
        ("lora", LmRecipe),
        ("qlora", LmRecipe),
        ("full", LmRecipe),
        ("lora-0.6b", LmRecipe),
        ("qlora-8b", LmRecipe),
        ("demo-lm", LmRecipe),
        ("grpo", PreferenceRecipe),
        ("dpo", PreferenceRecipe),
        ("imagery_lora", ImageryLoraRecipe),
    ],
)
def test_the_shipped_recipes_are_valid_and_commented(name: str, kind: type[recipes.Recipe]) -> None:
    path = recipes.find(name, kind)
    loaded = load(name, kind)
    assert not isinstance(loaded, LmRecipe) or set(loaded.tasks) == set(TASKS)
    assert path.read_text().startswith("# ")


def test_a_stage_is_a_name_or_stands_there_in_full(experiment: Path) -> None:
    loaded = load(str(experiment), Experiment)
    assert loaded.seed == 3 and loaded.tokenizer == load("rqkmeans", TokenizerRecipe)
    assert loaded.train.width == 64 and loaded.train.leaf is None and loaded.train.layers == CompactRecipe().layers
    (experiment.parent / "near.yaml").write_text("kind: rqkmeans\nlevels: 5")
    experiment.write_text("tokenizer: near.yaml")
    assert load(str(experiment), Experiment).tokenizer.levels == 5  # a path counts from the file that has it


def test_set_changes_single_keys_also_inside_a_named_stage(experiment: Path) -> None:
    changes = ["train.learning_rate=1e-4", "tokenizer.levels=4", "train.leaf.proposals=7", "embed.text.model=a/b"]
    loaded = load(str(experiment), Experiment, changes)
    assert loaded.train.learning_rate == 1e-4 and loaded.train.width == 64
    assert loaded.tokenizer.levels == 4 and loaded.tokenizer.kind == "rqkmeans"
    assert loaded.train.leaf is not None and loaded.train.leaf.proposals == 7
    assert loaded.embed.text.model == "a/b"
    swapped = load(str(experiment), Experiment, ["tokenizer=rqvae", "tokenizer.hidden=[8, 4]", "train.leaf={}"])
    assert swapped.tokenizer.kind == "rqvae" and swapped.tokenizer.hidden == [8, 4]
    assert swapped.train.leaf == recipes.LeafRecipe()


@given(st.integers(1, 10**6), st.floats(1e-8, 1e3), st.booleans())
def test_a_changed_value_is_the_value_of_yaml(width: int, rate: float, ids: bool) -> None:
    changes = [f"width={width}", f"learning_rate={rate!r}", f"item_ids={str(ids).lower()}"]
    changed = build({}, CompactRecipe, "x", changes)
    assert (changed.width, changed.learning_rate, changed.item_ids) == (width, rate, ids)


@given(st.sampled_from(sorted(CompactRecipe.model_fields)), st.integers(0, 20))
def test_a_slip_of_one_letter_is_answered_with_the_key_that_was_meant(key: str, at: int) -> None:
    slip = key[: at % len(key)] + "z" + key[at % len(key) + 1 :]
    with pytest.raises(UserError, match=rf"recipe\.yaml: unknown key '{slip}', did you mean '{key}'\?"):
        build({slip: 1}, CompactRecipe, "recipe.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("trian: {}", r"mine\.yaml: unknown key 'trian', did you mean 'train'\?"),
        ("train: {epocs: 3}", r"mine\.yaml: unknown key 'train\.epocs', did you mean 'epochs'\?"),
        ("train: {leaf: {proposal: 3}}", r"unknown key 'train\.leaf\.proposal', did you mean 'proposals'\?"),
        ("train: {epochs: ten}", r"mine\.yaml: train\.epochs is 'ten': expected a valid integer \(passes over"),
        ("train: {epochs: '10'}", r"train\.epochs is '10': expected a valid integer"),
        ("train: {epochs: yes}", r"train\.epochs is True: expected a valid integer"),
        ("train: {epochs: 0}", r"train\.epochs is 0: expected greater than or equal to 1"),
        ("train: {item_ids: 1}", r"train\.item_ids is 1: expected a valid boolean"),
        ("train: {leaf: 5}", r"train\.leaf is 5: expected a valid dictionary"),
        ("tokenizer: {kind: rqvea}", r"tokenizer\.kind is 'rqvea': expected 'rqvae' or 'rqkmeans'"),
        ("tokenizer: rqkmean", r"no recipe 'rqkmean' in .*tokenizers.*: did you mean 'rqkmeans'\?"),
        ("tokenizer: other.yaml", r"no recipe file .*other\.yaml"),
        ("evaluate: {baselines: [itemkn]}", r"evaluate\.baselines\.0 is 'itemkn': expected 'popularity'"),
        ("seed: 1\nseed: 2", r"mine\.yaml, line 2: not valid YAML: the key 'seed' comes twice"),
        ("seed: [1", r"mine\.yaml, line 1: not valid YAML"),
        ("just words", r"mine\.yaml is no recipe"),
        ("", r"mine\.yaml is no recipe"),
    ],
)
def test_a_mistake_in_the_file_is_named(experiment: Path, text: str, said: str) -> None:
    experiment.write_text(text)
    with pytest.raises(UserError, match=said):
        load(str(experiment), Experiment)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("train.epocs=3", r"^--set train\.epocs=3: unknown key 'train\.epocs', did you mean 'epochs'\?"),
        ("train.epochs=ten", r"^--set train\.epochs=ten: train\.epochs is 'ten': expected a valid integer"),
        ("train.epochs.first=3", r"^--set train\.epochs\.first=3: train\.epochs is .*: expected a valid integer"),
        ("train.epochs", r"write it as key=value"),
        ("=3", r"write it as key=value"),
        ("train..epochs=3", r"write it as key=value"),
        ("seed=[1", r"^--set seed=\[1.*not valid YAML"),
        ("tokenizer=rqvea", r"did you mean 'rqvae'\?"),
    ],
)
def test_a_mistake_on_the_command_line_is_named(experiment: Path, change: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        load(str(experiment), Experiment, [change])


def test_all_wrong_values_are_told_at_once(experiment: Path) -> None:
    experiment.write_text("seed: -1\ntrain: {width: a, dropout: 1.0}")
    with pytest.raises(UserError) as caught:
        load(str(experiment), Experiment)
    assert len(str(caught.value).splitlines()) == 3


def test_files_that_are_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no recipe file .*absent\.yaml"):
        load(str(tmp_path / "absent.yaml"), Experiment)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(UserError, match="cannot read the recipe"):
        load(str(tmp_path / "binary.yaml"), Experiment)


def test_a_recipe_written_out_reads_back_the_same(tmp_path: Path, experiment: Path) -> None:
    loaded = load(str(experiment), Experiment)
    path = tmp_path / "again.yaml"
    path.write_text(yaml.safe_dump(loaded.model_dump(mode="json")))
    assert load(str(path), Experiment) == loaded


def test_every_key_says_what_it_is_for() -> None:
    for name in recipes.__all__:
        kind = getattr(recipes, name)
        if isinstance(kind, type) and issubclass(kind, recipes.Recipe):
            for key, field in kind.model_fields.items():
                assert field.description or issubclass(field.annotation or object, recipes.Recipe), f"{name}.{key}"


def test_importing_genrec_loads_nothing_heavy() -> None:
    heavy = {"torch", "polars", "numpy", "transformers", "pydantic", "sklearn", "faiss", "matplotlib", "scipy"}
    code = "import sys, genrec; print(genrec.__version__, *sys.modules)"
    version, *loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert version == "0.1.0" and not heavy & set(loaded)


@pytest.mark.system
def test_recipes_travel_in_the_wheel(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip"]
    subprocess.check_call([*pip, "wheel", "-q", "--no-deps", "-w", str(tmp_path), str(ROOT)])
    (wheel,) = tmp_path.glob("genrec-*.whl")
    inside = zipfile.ZipFile(wheel).namelist()
    assert not [name for name in inside if not name.startswith("genrec")]
    # Run from the wheel alone: other packages from this environment, genrec from the archive's contents.
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = "from genrec.recipes import *; import genrec; print(genrec.__file__); load('rqvae', TokenizerRecipe)"
    said = subprocess.check_output(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path / "site")}, text=True
    )
    assert said.startswith(str(tmp_path / "site"))
