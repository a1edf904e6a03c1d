"""Recipes as YAML files: finding them by name, reading them, changing single keys, saying what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import ValidationError

from genrec.errors import UserError, nearest
from genrec.recipes.models import FOLDERS, Recipe

R = TypeVar("R", bound=Recipe)


def load(name: str, kind: type[R], changes: Sequence[str] = ()) -> R:
    """The recipe `name` (a name in the recipe folders, or a path that ends in .yaml) with `changes` ("key.sub=value").

    Raises UserError, naming file and dotted key, for what is unknown or of the wrong type.
    """
    path = find(name, kind)
    return build(read(path), kind, str(path), changes)


def build(values: dict[str, Any], kind: type[R], source: str, changes: Sequence[str] = ()) -> R:
    """The recipe of plain `values` that came from `source`, with `changes` applied."""
    values = _expand(values, kind, source, "", _folder_of(source))
    sources: dict[str, str] = {}
    for change in changes:
        key, equals, text = change.partition("=")
        key, flag = key.strip(), f"--set {change}"
        if not equals or not all(key.split(".")):
            raise UserError(f"{flag}: write it as key=value, for example --set train.epochs=20")
        value = _parse(text, flag)
        single: dict[str, Any] = {}
        _assign(single, key, value)
        _assign(values, key, _lookup(_expand(single, kind, flag, "", Path.cwd()), key))
        sources[key] = flag
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise UserError(_explain(error, kind, source, sources)) from None


def find(name: str, kind: type[Recipe], beside: Path | None = None) -> Path:
    """Where the recipe is: a path as given (or from `beside`), a name in ./<its folder>, then among GenRec's own."""
    if name.endswith((".yaml", ".yml")):
        path = (beside or Path.cwd()) / name
        if not path.is_file():
            raise UserError(f"there is no recipe file {path}")
        return path
    folders = _folders(kind)
    for folder in folders:
        if (folder / f"{name}.yaml").is_file():
            return folder / f"{name}.yaml"
    places = " and ".join(str(folder) for folder in folders)
    raise UserError(f"there is no recipe {name!r} in {places}: {nearest(name, names(kind))}")


def names(kind: type[Recipe]) -> list[str]:
    """The names that `load` finds for this kind of recipe (its folder may hold other kinds too)."""
    return sorted({path.stem for folder in _folders(kind) for path in folder.glob("*.yaml")})


def read(path: Path) -> dict[str, Any]:
    """The plain values of one YAML file."""
    try:
        values = _parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read the recipe {path}: {error}") from None
    if not isinstance(values, dict):
        raise UserError(f"{path} is no recipe: lines of the form «key: value» are expected")
    return values


def _folders(kind: type[Recipe]) -> list[Path]:
    # In a wheel the recipe folders lie beside this file, in a checkout at its top.
    here = Path(__file__).parent
    home = here if (here / FOLDERS[kind]).is_dir() else here.parent.parent
    return list(dict.fromkeys([Path.cwd() / FOLDERS[kind], home / FOLDERS[kind]]))


def _folder_of(source: str) -> Path:
    return Path(source).parent if source.endswith((".yaml", ".yml")) else Path.cwd()


class _Loader(yaml.SafeLoader):
    """YAML 1.1 with two of its traps closed: 1e-3 is a number, and no key may come twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key.value!r} comes twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)


def _parse(text: str, source: str) -> Any:
    try:
        return yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UserError(f"{source}{line}: not valid YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise UserError(f"{source}: not valid YAML: {error}") from None


def _expand(values: Any, model: type[Recipe], source: str, prefix: str, beside: Path) -> Any:
    """`values` with names of recipes replaced by what stands in them; UserError at the first key nobody knows."""
    if isinstance(values, str) and model in FOLDERS and prefix:
        path = find(values, model, beside)
        return _expand(read(path), model, str(path), "", path.parent)
    if not isinstance(values, dict):
        return values
    expanded = {}
    for key, value in values.items():
        if key not in model.model_fields:
            hint = nearest(str(key), model.model_fields)
            raise UserError(f"{source}: unknown key {prefix + str(key)!r}, {hint}")
        inner = _inner(model, key)
        expanded[key] = value if inner is None else _expand(value, inner, source, f"{prefix}{key}.", beside)
    return expanded


def _inner(model: type[Recipe], key: str) -> type[Recipe] | None:
    """The recipe model that the field holds, also within `X | None`."""
    annotation = model.model_fields[key].annotation
    for choice in (annotation, *get_args(annotation)):
        if isinstance(choice, type) and issubclass(choice, Recipe):
            return choice
    return None


def _assign(values: dict[str, Any], dotted: str, value: Any) -> None:
    *way, last = dotted.split(".")
    for key in way:
        if not isinstance(values.get(key), dict):
            values[key] = {}
        values = values[key]
    values[last] = value


def _lookup(values: Any, dotted: str) -> Any:
    for key in dotted.split("."):
        values = values[key]
    return values


def _explain(error: ValidationError, kind: type[Recipe], source: str, sources: dict[str, str]) -> str:
    """Every wrong value on a line of its own: where it stands, what it is, what is expected, what it is for."""
    lines = []
    for wrong in error.errors():
        dotted = ".".join(str(part) for part in wrong["loc"])
        given = source
        for key, flag in sources.items():
            if f"{dotted}.".startswith(f"{key}.") or key.startswith(f"{dotted}."):
                given = flag
        model: type[Recipe] | None = kind
        meaning = ""
        for part in wrong["loc"]:
            if model is None or str(part) not in model.model_fields:
                break
            meaning = model.model_fields[str(part)].description or ""
            model = _inner(model, str(part))
        expected = wrong["msg"].replace("Input should be", "expected").replace("Value error, ", "")
        lines.append(f"{given}: {dotted} is {wrong['input']!r}: {expected}" + (f" ({meaning})" if meaning else ""))
    return "\n".join(lines)
