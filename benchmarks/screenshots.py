"""What the page costs and how it looks: the table and the pictures of docs/page.md.

    python benchmarks/screenshots.py runs/demo --out docs/images

Serves a copy of the run, opens the page in a headless Chromium and talks to it as somebody of the store. Sizes are what
came over the wire, headers included; times are from the navigation to the event, the median of several cold loads (an
empty cache) and warm ones (the same browser comes back). «Usable» is when people, filters and suggestions are there.
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from machine import line, machine
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

LOADS, PERSON = 7, 1
SIZES = {"wide": (1280, 940), "tablet": (820, 1100), "phone": (360, 760)}
READY = "html[data-ready]"


@contextmanager
def server(run: Path) -> Iterator[str]:
    """The address of `genrec serve` on a copy of the run."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(run, Path(folder) / "run", ignore=shutil.ignore_patterns("serve")))
        command = [str(Path(sys.executable).with_name("genrec")), "serve", str(copy), "--port", str(port)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.2)
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            process.wait(60)


def weigh(page: Page, url: str) -> dict[str, Any]:
    """One load: requests and bytes by kind, foreign hosts, milliseconds to DOMContentLoaded and until it is ready."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    kinds: dict[str, str] = {}
    parts: dict[str, list[int]] = {}
    foreign: set[str] = set()

    def sent(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event.get("type", "Other")
        if not event["request"]["url"].startswith((url, "data:", "blob:")):
            foreign.add(event["request"]["url"].split("/")[2])

    def came(event: dict[str, Any]) -> None:
        parts.setdefault(kinds.get(event["requestId"], "Other"), []).append(int(event["encodedDataLength"]))

    devtools.on("Network.requestWillBeSent", sent)
    devtools.on("Network.loadingFinished", came)
    begun = time.perf_counter()
    page.goto(url)
    page.wait_for_selector(READY)
    ready = (time.perf_counter() - begun) * 1000
    page.wait_for_load_state("networkidle")
    timing = json.loads(page.evaluate("JSON.stringify(performance.getEntriesByType('navigation')[0])"))
    return {
        "parts": {kind: (len(sizes), sum(sizes)) for kind, sizes in parts.items()},
        "foreign": sorted(foreign),
        "content": timing["domContentLoadedEventEnd"],
        "ready": ready,
    }


def measure(browser: Browser, url: str) -> list[tuple[str, dict[str, Any]]]:
    """The median load of several, cold and warm."""
    loads: dict[str, list[dict[str, Any]]] = {"cold": [], "warm": []}
    for _ in range(LOADS):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        for kind in loads:
            page = context.new_page()
            loads[kind].append(weigh(page, url))
            page.close()
        context.close()
    found = []
    for kind, several in loads.items():
        times = {name: statistics.median(one[name] for one in several) for name in ("content", "ready")}
        found.append((kind, several[-1] | times))
    return found


def show(found: list[tuple[str, dict[str, Any]]]) -> None:
    print("| load | requests | kB | page itself | scripts | style | API | pictures | HTML parsed, ms | usable, ms |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for kind, one in found:
        parts = one["parts"]
        count, size = (sum(part[i] for part in parts.values()) for i in (0, 1))
        own = [parts.get(name, (0, 0)) for name in ("Document", "Script", "Stylesheet")]
        cells = [
            f"{part[0]}: {part[1] / 1000:.1f}" for part in (*own, *(parts.get(n, (0, 0)) for n in ("Fetch", "Image")))
        ]
        times = f"{one['content']:.0f} | {one['ready']:.0f}"
        print(f"| {kind} | {count} | {size / 1000:.0f} | {' | '.join(cells)} | {times} |")
    away = sorted({host for _, one in found for host in one["foreign"]})
    print(f"\nHosts other than the server: {', '.join(away) or 'none'}\n")


def talk(page: Page, url: str) -> None:
    """Choose somebody, ask, dislike one thing and like another."""
    page.goto(url)
    page.wait_for_selector(READY)
    page.locator(".face").nth(PERSON).click()
    page.wait_for_selector('.face[aria-pressed="true"]')
    say(page, "A warm coat, not black, under 150")
    cards = page.locator(".turn.answer").last.locator(".card")
    cards.nth(1).locator(".dislike").click()
    cards.nth(2).locator(".like").click()
    cards.locator(".because summary").first.click()  # not every reason is in the history
    page.mouse.move(0, 0)
    page.locator(".turn.you").scroll_into_view_if_needed()


def say(page: Page, text: str) -> None:
    count = page.locator(".turn.answer").count()
    page.fill("#box", text)
    page.keyboard.press("Enter")
    page.locator(".turn.answer:not([aria-busy])").nth(count).wait_for()


def look(browser: Browser, url: str, out: Path) -> None:
    """The pictures of the document."""
    out.mkdir(parents=True, exist_ok=True)
    for name, size, theme in (
        ("welcome", "wide", "light"), ("chat", "wide", "light"), ("chat-dark", "wide", "dark"),
        ("details", "wide", "light"), ("picture", "wide", "dark"), ("invent", "tablet", "light"),
        ("drawn", "wide", "light"),
        ("phone", "phone", "light"), ("phone-filters", "phone", "dark"),
    ):  # fmt: skip
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce"
        )
        page = context.new_page()
        if name in ("welcome", "drawn"):
            page.goto(url)
            page.wait_for_selector(READY)
        elif name == "picture":
            page.goto(url)
            page.wait_for_selector(READY)
            page.locator(".face").nth(PERSON).click()
            picture = page.locator(".face img").nth(1).get_attribute("src")
            page.set_input_files(
                "#file", {"name": "a.png", "mimeType": "image/png", "buffer": fetch(url, str(picture))}
            )
            page.wait_for_selector("#attached:not([hidden])")
            say(page, "but in red")
        else:
            talk(page, url)
        if name == "drawn":
            page.locator(".face").nth(PERSON).click()
            place = page.get_by_role("region", name="Drawn for you")
            place.get_by_role("button", name="Draw what comes next").click()
            page.locator("#drawn-slider").wait_for(timeout=60_000)
            page.locator("#drawn-slider").get_by_role("slider").press("End")
            place.get_by_role("heading").evaluate("heading => heading.scrollIntoView({block: 'center'})")
        if name == "details":
            page.locator(".card .open").first.click()
        if name == "invent":
            page.click("#who")
            page.click("#invent")
            page.fill("#inventing-search", "striped dress")
            page.wait_for_selector(".pick")
            for place in (0, 2, 5):
                page.locator(".pick").nth(place).click()
        if name == "phone-filters":
            page.click("#panels-open")
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(300)
        path = out / f"page-{name}.png"
        page.screenshot(path=path)
        Image.open(path).convert("RGB").save(path, optimize=True)
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB", file=sys.stderr)
        context.close()


def fetch(url: str, path: str) -> bytes:
    with urllib.request.urlopen(url + path.lstrip("/")) as response:
        return bytes(response.read())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a finished run")
    parser.add_argument("--out", type=Path, help="a folder for the pictures; without it there are none")
    parser.add_argument("--json", type=Path, help="write all that was measured")
    asked = parser.parse_args()
    chromium = next(
        (found for found in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if found), None
    )
    with sync_playwright() as playwright, server(asked.run) as url:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        found = measure(browser, url)
        show(found)
        if asked.out:
            look(browser, url, asked.out)
        about = {"browser": f"Chromium {browser.version}"}
        browser.close()
    print(f"{about['browser']}, headless; {line(machine())}")
    if asked.json:
        asked.json.write_text(json.dumps({"loads": dict(found), "about": about | machine()}, indent=1))


if __name__ == "__main__":
    main()
