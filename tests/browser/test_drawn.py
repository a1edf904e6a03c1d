"""«Drawn for you»: an item drawn for the person who shops, a slider of how much for them, what was drawn before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Shop
from tests.serving import Served

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def painting(serve: Callable[..., Served], tiny_painter: Path) -> Served:
    """A server with a painter of the smallest kind."""
    return serve("--set", f"imagery.painter={tiny_painter}", "--set", "imagery.steps=2")


def shown(page: Page) -> str:
    """What stands at the slider: where the picture is, when it has been loaded."""
    picture = page.locator("#drawn-picture")
    expect(picture).to_be_visible(timeout=PATIENCE)
    page.wait_for_function(
        "() => { const one = document.getElementById('drawn-picture'); return one.complete && one.naturalWidth; }"
    )
    return str(picture.get_attribute("src"))


def test_what_comes_next_is_drawn_and_the_slider_shows_five_steps(
    shop_at: Callable[..., Shop], painting: Served
) -> None:
    shop = shop_at(painting.url).open()
    page = shop.page
    shop.become("u00003")
    place = page.get_by_role("region", name="Drawn for you")
    place.get_by_role("button", name="Draw what comes next").click()
    shown(page)
    slider = place.get_by_role("slider", name="How much for me")
    expect(slider).to_have_attribute("max", "4")
    slider.focus()
    seen = []
    page.keyboard.press("Home")
    for _ in range(5):
        seen.append(shown(page))
        page.keyboard.press("ArrowRight")
    assert len(set(seen)) == 5 and all("/v1/imagery/img-" in one for one in seen)
    expect(slider).to_have_attribute("aria-valuetext", "as I would love it")
    expect(place.get_by_text("generated", exact=True)).to_be_visible()
    # Another item from its details; the first stays at hand.
    first = page.locator("#drawn-title-of").inner_text()
    shop.say("a red dress")
    shop.last().locator(".card").first.get_by_role("button").first.click()
    page.get_by_role("button", name="Draw it for me").click()
    expect(place.get_by_role("list", name="Drawn before").get_by_role("button")).to_have_count(1, timeout=PATIENCE)
    place.get_by_role("button", name=f"Show {first} again").click()
    expect(page.locator("#drawn-title-of")).to_have_text(first)
    # Another person's pictures are another person's.
    shop.become("u00007")
    expect(page.locator("#drawn-picture")).to_be_hidden()


def test_somebody_unknown_gets_the_item_as_it_is_and_may_stop(shop_at: Callable[..., Shop], painting: Served) -> None:
    shop = shop_at(painting.url, viewport={"width": 1440, "height": 900}).open()
    page = shop.page
    place = page.get_by_role("region", name="Drawn for you")
    place.get_by_role("button", name="Draw what comes next").click()
    shown(page)
    expect(page.locator("#drawn-slider")).to_be_hidden()
    place.get_by_role("button", name="Draw what comes next").click()
    place.get_by_role("button", name="Stop").click()
    expect(place.get_by_role("button", name="Draw what comes next")).to_be_visible()


def test_the_painter_that_comes_with_genrec_draws_along_the_slider(shop: Shop) -> None:
    shop.become("u00005")
    place = shop.page.get_by_role("region", name="Drawn for you")
    place.get_by_role("button", name="Draw what comes next").click()
    first = shown(shop.page)
    expect(shop.page.locator("#drawn-slider")).to_be_visible(timeout=PATIENCE)
    assert "/v1/imagery/" in first or first.startswith("blob:")


def test_a_server_that_does_not_draw_has_no_place_for_it(
    serve: Callable[..., Served], shop_at: Callable[..., Shop], copy: Callable[..., Path]
) -> None:
    run = copy()
    for name in ("experiment.json", "data/manifest.json"):
        path = run / name
        path.write_text(path.read_text().replace('"kind": "fashion"', '"kind": "tabular"'))
    shop = shop_at(serve(run=run).url).open()
    expect(shop.page.locator("#drawn")).to_be_hidden()
