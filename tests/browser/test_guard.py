"""What the page does not let happen: code out of the catalogue, requests elsewhere, a key that stays."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import expect

from genrec.serve.safety.keys import PREFIX
from tests.browser.conftest import Shop
from tests.serving import Served

pytestmark = pytest.mark.system
EVIL = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script> **bold** dress"
KEY, GUEST = (PREFIX + secrets.token_urlsafe(32) for _ in range(2))


def test_item_text_is_text(shop: Shop, server: Served) -> None:
    item = {
        "item_id": "<b>evil</b>",
        "title": EVIL,
        "category": "dress",
        "colour": EVIL[:60],
        "description": EVIL,
        "price": 10,
    }
    httpx.put(f"{server.url}/v1/items", json={"items": [item]}, timeout=60).raise_for_status()
    event = {"event_id": "evil-1", "user": "<i>eve", "item_id": item["item_id"], "kind": "like"}
    httpx.post(f"{server.url}/v1/events", json={"events": [event]}).raise_for_status()
    try:
        shop.become("<i>eve")
        expect(shop.page.locator("#history .thumb")).to_have_attribute("title", EVIL)
        shop.page.locator("#history .thumb").click()
        details = shop.page.locator("#details")
        expect(details.get_by_role("heading", level=2)).to_have_text(EVIL)
        expect(details.locator("dd").filter(has_text=EVIL[:60]).first).to_be_visible()
        shop.page.keyboard.press("Escape")
        shop.page.get_by_label("Price: to").fill("10")
        shop.page.get_by_label("Price: to").press("Tab")
        shop.page.get_by_role("button", name="Shopping as").click()
        shop.page.get_by_role("button", name="Just looking no history").click()
        answer = shop.say("A dress")
        expect(answer.locator(".title")).to_have_text([EVIL])
        assert shop.page.title() == "GenRec"
        assert shop.page.locator("img[src='x'], .card script, .card b, #details b").count() == 0
    finally:
        httpx.request("DELETE", f"{server.url}/v1/items", json={"item_ids": [item["item_id"]]}).raise_for_status()


def test_text_cannot_become_html_even_by_mistake(shop: Shop) -> None:
    shop.expected = ["require-trusted-types-for", "TrustedHTML", "TrustedScript"]
    for way in (
        "document.body.insertAdjacentHTML('beforeend', '<b>x</b>')",
        "document.body.setAttribute('onclick', 'x()')",
    ):
        refused = f"() => {{ try {{ {way}; return ''; }} catch (error) {{ return error.message; }} }}"
        assert "Trusted" in shop.page.evaluate(refused)


def test_the_page_is_the_apis_client_and_nothing_more(shop: Shop) -> None:
    shop.say("A bag")
    paths = {one.removeprefix(shop.url).split("?")[0] for one in shop.asked if one.startswith("http")}
    assert all(path == "/" or path.startswith(("/page/", "/v1/")) for path in paths)
    document = httpx.get(f"{shop.url}/openapi.json").json()["paths"]
    assert {path.split("{")[0] for path in document} >= {
        "/v1/catalogue",
        "/v1/chat/completions",
        "/v1/events",
        "/v1/search",
    }


def test_imagery_is_shown_only_where_it_is_offered(shop: Shop) -> None:
    ids = [one["id"] for one in httpx.get(f"{shop.url}/v1/models").json()["data"]]
    place = shop.page.get_by_role("region", name="Drawn for you")
    expect(place).to_have_count(1 if "genrec-imagery" in ids else 0)
    # The same server, as if it drew.
    more = {
        "data": [{"id": one, "object": "model", "created": 0, "owned_by": "genrec"} for one in (*ids, "genrec-imagery")]
    }
    shop.page.route("**/v1/models", lambda route: route.fulfill(json={"object": "list", **more}))
    shop.open()
    expect(place).to_be_visible()


def test_a_key_is_asked_for_and_kept_for_the_tab(serve: Callable[..., Served], shop_at: Callable[..., Shop]) -> None:
    served = serve(GENREC_API_KEYS=f"page:read+events+admin:{KEY}, guest:read+events:{GUEST}")
    shop = shop_at(served.url)
    shop.expected = ["401"]
    shop.page.goto(shop.url)
    dialog = shop.page.get_by_role("dialog", name="This server wants an API key")
    expect(dialog).to_be_visible()
    dialog.get_by_label("API key").fill("wrong")
    dialog.get_by_role("button", name="Use the key").click()
    expect(dialog).to_contain_text("was refused")
    dialog.get_by_label("API key").fill(KEY)
    dialog.get_by_role("button", name="Use the key").click()
    expect(dialog).to_be_hidden()
    shop.page.wait_for_selector("html[data-ready]")
    answer = shop.say("A bag")
    image = answer.locator(".card img").first
    expect(image).to_have_attribute("src", re.compile("^blob:"))
    assert image.evaluate("one => one.decode().then(() => one.naturalWidth)") > 0
    kept = shop.page.evaluate("[JSON.stringify(localStorage), document.cookie, sessionStorage.getItem('genrec-key')]")
    assert KEY not in kept[0] and kept[1] == "" and kept[2] == KEY
    assert not [one for one in shop.asked if KEY in one]
    # A key that may not list people leaves all the rest.
    guest = shop_at(served.url)
    guest.expected = ["401", "403"]
    guest.page.goto(guest.url)
    guest.page.get_by_role("textbox", name="API key").fill(GUEST)
    guest.page.keyboard.press("Enter")
    guest.page.wait_for_selector("html[data-ready]")
    expect(guest.page.get_by_role("region", name="Shop as somebody")).to_have_count(0)
    answer = guest.say("A bag")
    answer.locator(".card .dislike").first.click()
    expect(answer.get_by_text("you will not see it again")).to_be_visible()
    assert guest.items(answer)[0] not in guest.items(guest.say("A bag"))
    guest.page.get_by_role("button", name="Shopping as").click()
    expect(guest.page.get_by_text("This key may not list people.")).to_be_visible()
