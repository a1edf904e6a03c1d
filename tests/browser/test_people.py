"""Who is shopping: somebody of the store, or somebody invented."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Shop
from tests.serving import Served

pytestmark = pytest.mark.system


def test_somebody_of_the_store_is_chosen(shop: Shop) -> None:
    shop.page.get_by_role("button", name="Shopping as Just looking").click()
    people = shop.page.get_by_role("dialog", name="Who is shopping?")
    people.get_by_role("searchbox", name="Find a person").fill("u0000")
    names = people.get_by_role("list", name="People").get_by_role("button").all_inner_texts()
    assert 0 < len(names) <= 60 and all("u0000" in name for name in names)
    people.get_by_role("button", name="u00007").click()
    expect(people).to_be_hidden()
    known = shop.page.request.get(f"{shop.url}/v1/users/u00007").json()["history"]
    shown = shop.page.locator("#history .thumb")
    assert [one.get_attribute("title") for one in shown.all()] == [item["title"] for item in reversed(known)][:24]
    with shop.page.expect_request("**/v1/chat/completions") as sent:
        shop.say("Something for me")
    assert sent.value.post_data_json["user"] == "u00007"
    # The next visit begins as the same person.
    shop.open()
    expect(shop.page.get_by_role("button", name="Shopping as u00007")).to_be_visible()


def test_faces_on_the_first_page_are_people_of_the_store(shop: Shop) -> None:
    faces = shop.page.locator(".face")
    assert faces.count() == 3
    name = faces.nth(1).locator(".face-name").inner_text()
    faces.nth(1).click()
    expect(shop.page.get_by_role("button", name=f"Shopping as {name}")).to_be_visible()
    expect(faces.nth(1)).to_have_attribute("aria-pressed", "true")


def test_somebody_is_invented_and_forgotten(shop: Shop, server: Served) -> None:
    shop.page.get_by_role("button", name="Shopping as").click()
    shop.page.get_by_role("button", name="Invent somebody").click()
    dialog = shop.page.get_by_role("dialog", name="Invent somebody")
    dialog.get_by_role("textbox", name="Name").fill("Kim Lee")
    dialog.get_by_role("searchbox").fill("striped dress")
    found = dialog.get_by_role("list", name="Found items").get_by_role("button")
    expect(found.nth(2)).to_be_visible()
    picked = [str(found.nth(i).get_attribute("data-item")) for i in (0, 2)]
    for place in (0, 2):
        found.nth(place).click()
    dialog.get_by_role("button", name="Shop as Kim Lee").click()
    expect(shop.page.get_by_role("button", name="Shopping as Kim Lee")).to_be_visible()
    expect(shop.page.locator("#history .thumb")).to_have_count(2)
    with shop.page.expect_request("**/v1/chat/completions") as sent:
        answer = shop.say("Something for me")
    asked = sent.value.post_data_json
    assert asked["genrec"]["history"] == picked
    assert not set(picked) & set(shop.items(answer)), "what somebody has is not recommended to them"
    # The name stays in the browser: nothing that was ever sent has it.
    assert "Kim" not in str(asked) and re.fullmatch(r"invented-[0-9a-f]{24}", asked["user"])
    with shop.page.expect_response("**/v1/events"):
        answer.locator(".card .like").first.click()
    expect(shop.page.locator("#history .thumb")).to_have_count(3)
    person = f"{server.url}/v1/users/{asked['user']}"
    assert len(shop.page.request.get(person).json()["history"]) == 1
    shop.page.get_by_role("button", name="Shopping as Kim Lee").click()
    shop.page.get_by_role("button", name="Forget Kim Lee").click()
    expect(shop.page.get_by_role("button", name="Forget Kim Lee")).to_have_count(0)
    assert shop.page.request.get(person).json()["history"] == []
    shop.page.keyboard.press("Escape")
    expect(shop.page.get_by_role("button", name="Shopping as Just looking")).to_be_visible()
