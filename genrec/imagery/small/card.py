"""What stands beside weights that are given away: model card, recipe, checksums."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from genrec.errors import UserError

SUMS = "SHA256SUMS"


def write_card(folder: Path, recipe: Mapping[str, Any], trained: Mapping[str, Any], figures: Mapping[str, Any]) -> None:
    """README.md, recipe.yaml and SHA256SUMS into the pipeline's folder.

    trained: what training.json says. figures: what `genrec.imagery.measures.evaluate` found; empty before that.
    """
    recipe = dict(recipe)
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True), encoding="utf-8")
    (folder / "README.md").write_text(card(recipe, trained, figures), encoding="utf-8")
    lines = [f"{checksum(path)}  {path.relative_to(folder).as_posix()}" for path in _files(folder)]
    (folder / SUMS).write_text("\n".join(lines) + "\n")


def with_figures(folder: Path, figures: Path) -> None:
    """The card of a painter, in the folder that it was trained in, written anew with imagery.json's figures.

    UserError where one of them is missing.
    """
    for path in (folder / "recipe.yaml", folder.parent / "training.json", figures):
        if not path.exists():
            raise UserError(f"there is no {path}: train the painter, measure it, then write its card")
    recipe = yaml.safe_load((folder / "recipe.yaml").read_text(encoding="utf-8"))
    trained = json.loads((folder.parent / "training.json").read_text())
    write_card(folder, recipe, trained, json.loads(figures.read_text(encoding="utf-8")))


def verify(folder: Path) -> None:
    """UserError, naming the file, where a file is not what SHA256SUMS says, or is missing."""
    if not (folder / SUMS).exists():
        raise UserError(f"{folder} has no {SUMS}: fetch the weights again")
    for line in (folder / SUMS).read_text().splitlines():
        said, _, name = line.partition("  ")
        if not (folder / name).exists() or checksum(folder / name) != said:
            raise UserError(f"{folder / name} is not the file that {SUMS} lists: fetch the weights again")


def checksum(path: Path) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)


def card(recipe: Mapping[str, Any], trained: Mapping[str, Any], figures: Mapping[str, Any]) -> str:
    """The model card, Markdown with the front matter that model hubs read."""
    domain = recipe["domain"]
    lines = [
        "---",
        f"license: {'other' if recipe.get('run') else 'apache-2.0'}",
        "library_name: diffusers",
        "tags: [genrec, recommendation, text-to-image]",
        "---",
        "",
        f"# genrec-small-{domain}",
        "",
        *_about(recipe, int(trained.get("parameters", 0))),
        "",
        "| stage | seconds |",
        "|---|---|",
        *(f"| {name} | {said['seconds']} |" for name, said in trained.items() if isinstance(said, Mapping)),
        "",
        *(["## Figures", "", *_rows(figures)] if figures else []),
    ]
    return "\n".join(lines) + "\n"


def _about(recipe: Mapping[str, Any], parameters: int) -> list[str]:
    made = f"at 64 × 64: latent flow matching, {parameters:,} parameters, half precision."
    if recipe.get("run"):
        return [f"Draws pictures like those of one catalogue {made} Whose pictures they were decides on its licence."]
    return [
        f"Draws pictures of the synthetic world `{recipe['domain']}` {made} For demos and tests of personalised item "
        "imagery; it knows no other world, no people and no real products.",
        "",
        f"Trained from nothing on drawings that GenRec makes itself (seed {recipe['seed']}; `recipe.yaml`). No picture "
        "or text of anybody else went in. A tenth of all combinations of the judged attributes was left out; the "
        f"figures are on those. `genrec imagery train FOLDER --recipe imagery_{recipe['domain']}` makes it again.",
    ]


def _rows(figures: Mapping[str, Any]) -> list[str]:
    lines = ["| measure | figure | 95 % interval |", "|---|---|---|"]

    def told(name: str, found: Mapping[str, float]) -> None:
        lines.append(f"| {name} | {found['mean']:.3f} | {found['low']:.3f} to {found['high']:.3f} |")

    for way in ("embedding-only", "reference"):
        for column, found in figures.get(way, {}).get("columns", {}).items():
            told(f"{way}: {column}", found)
    taste = figures.get("taste", {})
    for step in taste.get("slider", []):
        told(f"love {step['love']:g}: alignment", step["alignment"])
    for name in ("personalised_minus_plain", "own_minus_anothers_taste"):
        if name in taste:
            told(name.replace("_", " "), taste[name])
    for name, found in figures.items():
        if name.startswith("previews"):
            for who in (who for who, said in found.items() if isinstance(said, Mapping)):
                for column, share in found[who].items():
                    told(f"{name}, {who}: {column}", share)
    for name, said in figures.items():
        for column, kinds in said.get("unseen", {}).items() if name.startswith("judge") else ():
            lines += ["", f"The {name} cannot tell {column} on {', '.join(kinds)}: left out of that column's figures."]
    void = [column for name, said in figures.items() if name.startswith("judge") for column in said["void"]]
    if void:
        lines += ["", f"The judge missed its gate on {', '.join(sorted(set(void)))}: figures about these are void."]
    return lines
