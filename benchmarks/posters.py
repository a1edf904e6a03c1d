"""Film posters by the small painter: its contact sheet by genre, of films whose posters it never saw.

    python benchmarks/posters.py runs/posters                 # an hour on a CPU: a short run, and marked so
    python benchmarks/posters.py runs/posters --set steps=60000 --set sketch_steps=30000 --set batch=128   # on a GPU

Reads ml100k_posters where GENREC_DATA points and makes an ordinary run of it, then calls what anybody would call:

    genrec run OUT/run --recipe posters …
    genrec imagery train OUT/painter --recipe imagery_posters --run OUT/run
    genrec imagery sheet OUT/run --by genre --painter OUT/painter/pipeline --out OUT/sheet

No picture of the data goes anywhere but into OUT.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import polars as pl
from machine import line, machine

GENRES = (
    "Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary", "Drama", "Fantasy", "FilmNoir",
    "Horror", "Musical", "Mystery", "Romance", "SciFi", "Thriller", "War", "Western",
)  # fmt: skip
GENREC = Path(sys.executable).with_name("genrec")


def tables(source: Path, out: Path) -> tuple[Path, Path]:
    """items.csv and events.csv in the form that everybody's data has. A film's genre is its rarest one, which says most
    of it: nearly every second film is a drama too."""
    films = pl.read_csv(source / "data" / "items.csv", infer_schema_length=None).unique("movie_id", keep="first")
    films = films.sort("movie_id")
    counts = {name: int(films[name].fill_null(0).sum()) for name in GENRES}
    rows = []
    for film in films.iter_rows(named=True):
        own = sorted((name for name in GENRES if film[name]), key=lambda name: counts[name])
        poster = f"{film['movie_id']}.jpg"
        year = film["year"]
        rows.append(
            {
                "item_id": str(film["movie_id"]),
                "title": film["title"],
                "text": f"{film['title']}. {' '.join(own)}. {film['overview'] or ''}",
                "image": poster if (source / "data" / "posters" / poster).exists() else None,
                "genre": own[0] if own else None,
                "decade": f"{int(year) // 10 * 10}s" if year else None,
            }
        )
    out.mkdir(parents=True, exist_ok=True)
    items, events = out / "items.csv", out / "events.csv"
    pl.DataFrame(rows, infer_schema_length=None).write_csv(items)
    ratings = pl.read_csv(source / "data" / "ratings.csv")
    known = {row["item_id"] for row in rows}
    (
        ratings.select(
            pl.col("user_id").cast(pl.String),
            pl.col("movie_id").cast(pl.String).alias("item_id"),
            pl.col("unix_timestamp").alias("timestamp"),
        )
        .filter(pl.col("item_id").is_in(list(known)))
        .write_csv(events)
    )
    return items, events


def call(*words: object) -> float:
    """Seconds that a command took."""
    said = [str(word) for word in words]
    print("$ genrec", *said, flush=True)
    begun = time.perf_counter()
    subprocess.run([str(GENREC), *said], check=True)
    return time.perf_counter() - begun


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of the painter's recipe")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args(arguments)
    source = Path(os.environ.get("GENREC_DATA", "")) / "ml100k_posters"
    if "GENREC_DATA" not in os.environ or not source.is_dir():
        raise SystemExit("GENREC_DATA names no folder that holds ml100k_posters")
    out: Path = chosen.out
    items, events = tables(source, out / "tables")
    data = [f"data.items={items}", f"data.events={events}", f"data.images={source / 'data' / 'posters'}"]
    run, painter = out / "run", out / "painter"
    spent = {"run": call("run", run, "--recipe", "posters", *(word for one in data for word in ("--set", one)))}
    changes = [word for one in chosen.set for word in ("--set", one)]
    spent["painter"] = call("imagery", "train", painter, "--recipe", "imagery_posters", "--run", run, *changes)
    asked = ("--by", "genre", "--painter", painter / "pipeline", "--out", out / "sheet")
    spent["sheet"] = call("imagery", "sheet", run, *asked)
    trained = json.loads((painter / "training.json").read_text())
    lessons = trained["lessons"]
    print(f"\n{lessons['things']:,} posters, {lessons['held']} of them never seen; seconds:", end=" ")
    print(", ".join(f"{name} {seconds:.0f}" for name, seconds in spent.items()))
    print(f"{out / 'sheet' / 'index.html'}\n{line(machine())}")
    if chosen.json:
        chosen.json.write_text(json.dumps({"seconds": spent, "trained": trained, "machine": machine()}, indent=1))


if __name__ == "__main__":
    main()
