"""Filters from the catalogue's columns, and searches by a picture."""

from __future__ import annotations

import base64
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Shop
from tests.serving import Served

pytestmark = pytest.mark.system


def column(served: Served, name: str) -> dict[str, object]:
    """By item id, as the catalogue has it."""
    table = pl.read_parquet(served.run / "data" / "catalog.parquet")
    return dict(zip(table["item_id"], table[name], strict=True))


def test_filters_are_the_catalogues_and_hold(shop: Shop, server: Served) -> None:
    categories = column(server, "category")
    group = shop.page.locator('[data-column="category"]')
    expect(group.get_by_role("list", name="Category")).to_be_visible()
    group.get_by_role("button", name="more").click()
    shown = {text.split("\n")[0] for text in group.locator(".value").all_inner_texts()}
    assert {value for value in categories.values() if value} == {
        "".join(c for c in one if not c.isdigit()).strip() for one in shown
    }
    group.get_by_role("button", name="shirt", exact=False).first.click()
    chosen = group.locator('[aria-pressed="true"]').first.evaluate("one => one.firstChild.textContent")
    shop.page.get_by_label("Price: to").fill("90")
    shop.page.get_by_label("Price: to").press("Tab")
    with shop.page.expect_request("**/v1/chat/completions") as sent:
        answer = shop.say("Something for me")
    assert sent.value.post_data_json["genrec"]["where"] == {"category": [chosen], "price": {"max": 90}}
    prices = column(server, "price")
    found = shop.items(answer)
    assert found and all(categories[item] == chosen and prices[item] <= 90 for item in found)
    shop.page.get_by_role("button", name="Clear all").click()
    with shop.page.expect_request("**/v1/chat/completions") as sent:
        shop.say("Something for me")
    assert "where" not in sent.value.post_data_json["genrec"]
    expect(group.locator('[aria-pressed="true"]')).to_have_count(0)


def test_a_picture_is_searched_with_and_changed(shop: Shop, server: Served) -> None:
    categories, colours = column(server, "category"), column(server, "colour")
    item = next(one for one, kind in categories.items() if kind == "dress" and colours[one] not in ("red", None))
    shop.page.set_input_files("#file", server.run / "data" / "images" / f"{item}.png")
    expect(shop.page.get_by_role("img", name="Your picture")).to_be_visible()
    with shop.page.expect_request("**/v1/search") as sent:
        answer = shop.say("")
    assert sent.value.post_data_json["image"].startswith("data:image/png;base64,")
    assert item in shop.items(answer), "the garment of the picture itself"
    shop.page.set_input_files("#file", server.run / "data" / "images" / f"{item}.png")
    expect(shop.page.locator("#attached")).to_be_visible()
    changed = shop.say("but in red")
    expect(shop.page.locator(".turn.you").last).to_contain_text("Like this, but in red")
    expect(shop.page.locator("#attached")).to_be_hidden()
    found = shop.items(changed)
    red = [one for one in found[:3] if colours[one] == "red"]
    assert len(red) > sum(colours[one] == "red" for one in shop.items(answer)[:3])


def test_what_is_no_picture_is_refused_with_a_sentence(shop: Shop, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    shop.page.set_input_files("#file", broken)
    expect(shop.answers.last).to_contain_text("cannot be read")
    text = tmp_path / "notes.txt"
    text.write_text("no picture")
    shop.page.set_input_files("#file", text)
    expect(shop.answers.last).to_contain_text("Only PNG, JPEG and WebP")


@pytest.mark.parametrize("way", ["paste", "drop"])
def test_pictures_are_pasted_and_dropped(shop: Shop, server: Served, way: str) -> None:
    picture = base64.b64encode((server.run / "data" / "images" / "F00001.png").read_bytes()).decode()
    shop.page.evaluate(
        """([way, packed]) => {
            const bytes = Uint8Array.from(atob(packed), (one) => one.charCodeAt(0));
            const data = new DataTransfer();
            data.items.add(new File([bytes], 'a.png', {type: 'image/png'}));
            const event = way === 'paste'
                ? new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})
                : new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true});
            document.body.dispatchEvent(event);
        }""",
        [way, picture],
    )
    expect(shop.page.get_by_role("img", name="Your picture")).to_be_visible()
    shop.page.get_by_role("button", name="Remove the picture").click()
    expect(shop.page.locator("#attached")).to_be_hidden()
