"""What the documents point at is there: files, recipe keys, verbs and their options."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from genrec import recipes
from genrec.cli import app
from genrec.serve.settings import ServerSettings, load

ROOT = Path(__file__).parents[3]
FOLDERS = ("benchmarks", "serve", "tokenizers", "train")
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *(ROOT / name / "README.md" for name in FOLDERS)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]
    missing = [target for target in targets if target and not (document.parent / target).exists()]
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_keys_of_recipes_exist(document: Path) -> None:
    for line in document.read_text(encoding="utf-8").splitlines():
        for change in re.findall(r"--set(?: +'([^']+)'| +([\w.]+=[^\s`|]+))", line):
            said = "".join(change)
            tokenizer = "benchmarks/semantic_ids.py" in line and "." not in said
            if tokenizer:
                recipes.load("rqvae", recipes.TokenizerRecipe, [said])
            elif said.partition(".")[0] in ServerSettings.model_fields:
                load(changes=[said])
            elif "." in said.partition("=")[0] or said.startswith(("tokenizer=", "train=", "seed=")):
                recipes.load("default", recipes.Experiment, [said])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_verbs_and_their_options_exist(document: Path) -> None:
    verbs = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    text = document.read_text(encoding="utf-8")
    for verb, rest in re.findall(r"(?:^|`|bin/)genrec ([a-z]+)([^\n`#]*)", text, re.M):
        assert verb in verbs, verb
        command = verbs[verb]
        if hasattr(command, "commands"):  # a verb of a group: genrec lm train
            inner = rest.split()[0] if rest.split() else ""
            assert inner in command.commands, f"genrec {verb} {inner}"
            command = command.commands[inner]
        branches, inner = getattr(command, "branches", {}), rest.split()[0] if rest.split() else ""
        command = branches.get(inner, command)  # genrec evaluate imagery RUN
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known, f"genrec {verb}{rest}"
