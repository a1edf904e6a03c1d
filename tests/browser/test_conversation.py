"""Talking: streamed answers with cards, what was heard, opinions that count, stopping, failures that can be mended."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Shop

pytestmark = pytest.mark.system


def test_an_answer_comes_in_pieces_with_cards(shop: Shop) -> None:
    shop.become("u00003")
    # Every state of the answer's text, as somebody in front of the screen would see it.
    shop.page.evaluate(
        """() => { window.seen = []; new MutationObserver(() => {
            const words = document.querySelector('.turn.answer .prose')?.textContent;
            if (words && words !== window.seen.at(-1)) window.seen.push(words);
        }).observe(document.getElementById('log'), {childList: true, subtree: true, characterData: true}); }"""
    )
    answer = shop.say("Show me a jacket")
    cards = answer.locator(".card")
    expect(cards).to_have_count(5)
    for card in cards.all():
        assert card.locator(".open img").evaluate("one => one.decode().then(() => one.naturalWidth)") > 0
        expect(card.locator(".title")).not_to_be_empty()
        expect(card.locator(".price")).to_have_text(re.compile(r"^\d+[.,]\d\d$"))
        expect(card.locator(".why")).not_to_be_empty()
    streamed = [request for request in shop.asked if request.endswith("/v1/chat/completions")]
    assert len(streamed) == 1
    seen = shop.page.evaluate("window.seen")
    assert len(seen) > 1, "the text came at once"


def test_what_was_heard_can_be_taken_back(shop: Shop) -> None:
    answer = shop.say("A dress, not black, under 120")
    heard = answer.get_by_role("list", name="What was heard")
    expect(heard.get_by_role("listitem")).to_have_text(["dress", "not black", "under 120"])
    before = shop.answers.count()
    heard.get_by_role("button", name="Remove: not black").click()
    expect(shop.answers).to_have_count(before + 1)
    left = shop.last().get_by_role("list", name="What was heard")
    expect(left.get_by_role("listitem")).to_have_text(["dress", "under 120"])


def test_a_conversation_goes_on_from_what_was_said(shop: Shop) -> None:
    shop.say("I need a coat")
    cheaper = shop.say("Under 100, please")
    heard = cheaper.get_by_role("list", name="What was heard")
    expect(heard.get_by_role("listitem")).to_have_text(["coat", "under 100"])
    prices = [float(text.replace(",", "")) for text in cheaper.locator(".price").all_inner_texts()]
    assert prices and all(price < 100 for price in prices)


def test_a_dislike_changes_the_next_answer(shop: Shop) -> None:
    shop.become("u00004")
    first = shop.say("Something for me")
    unloved = shop.items(first)[0]
    card = first.locator(f'[data-item="{unloved}"]')
    with shop.page.expect_response("**/v1/events") as sent:
        card.get_by_role("button", name=re.compile("^Not for me")).click()
    body = sent.value.request.post_data_json["events"][0]
    assert (body["user"], body["item_id"], body["kind"]) == ("u00004", unloved, "dislike")
    assert body["event_id"]
    expect(card.get_by_text("you will not see it again")).to_be_visible()
    expect(card).to_have_class(re.compile("gone"))
    assert unloved not in shop.items(shop.say("Something for me"))
    # It is the server that knows: a page that was loaded anew does not show it either.
    shop.open()
    assert unloved not in shop.items(shop.say("Something for me"))


def test_a_like_stands_in_the_history(shop: Shop) -> None:
    shop.become("u00005")
    before = shop.page.locator("#history .thumb").count()
    answer = shop.say("Something for me")
    title = answer.locator(".card .title").nth(1).inner_text()
    button = answer.locator(".card").nth(1).get_by_role("button", name=re.compile("^Like"))
    with shop.page.expect_response("**/v1/events"):
        button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(shop.page.locator("#history .thumb")).to_have_count(before + 1)
    expect(shop.page.locator("#history .thumb").first).to_have_accessible_name(title)
    # The newest thing of the history is evidence now.
    shop.open()
    expect(shop.page.locator("#history .thumb").first).to_have_accessible_name(title)


def test_evidence_shows_what_an_item_rests_on(shop: Shop) -> None:
    shop.become("u00006")
    answer = shop.say("Something for me")
    folded = answer.locator(".because").first
    folded.locator("summary").click()
    meters = folded.get_by_role("meter")
    assert meters.count() >= 1
    shares = [float(str(one.get_attribute("value"))) for one in meters.all()]
    assert shares[0] == 100 and shares == sorted(shares, reverse=True)
    had = {thumb.get_attribute("title") for thumb in shop.page.locator("#history .thumb").all()}
    assert set(folded.locator(".bar-name").all_inner_texts()) <= had


def test_details_and_others_like_it(shop: Shop) -> None:
    answer = shop.say("A bag")
    title = answer.locator(".card .title").first.inner_text()
    answer.locator(".card .open").first.click()
    details = shop.page.get_by_role("dialog", name=title)
    expect(details.get_by_role("heading", name=title)).to_be_visible()
    expect(details.get_by_role("term").filter(has_text="Category")).to_be_visible()
    details.get_by_role("textbox", name="What should be different").fill("in red")
    details.get_by_role("button", name="Find").click()
    expect(details).to_be_hidden()
    changed = shop.last()
    expect(changed).to_contain_text(f"like {title}, but in red")
    assert changed.locator(".card").count() > 1


def test_suggestions_begin_a_conversation(shop: Shop) -> None:
    ideas = shop.page.get_by_role("list", name="Suggestions").get_by_role("button")
    assert ideas.count() >= 3
    words = ideas.nth(1).inner_text()
    ideas.nth(1).click()
    expect(shop.page.locator(".turn.you")).to_have_text(words)
    assert shop.last().locator(".card").count() > 0
    shop.page.get_by_role("button", name="New conversation").click()
    expect(shop.page.get_by_role("heading", name="What are you looking for?")).to_be_visible()
    expect(shop.answers).to_have_count(0)


def test_an_answer_can_be_stopped(shop: Shop) -> None:
    held: list[Route] = []
    shop.page.route("**/v1/chat/completions", lambda route: held.append(route))
    shop.page.get_by_role("textbox", name="Message").fill("A hat")
    shop.page.keyboard.press("Enter")
    shop.page.get_by_role("button", name="Stop").click()
    expect(shop.answers.last).to_contain_text("Stopped.")
    expect(shop.page.get_by_role("button", name="Send")).to_be_visible()
    shop.page.unroute("**/v1/chat/completions")
    assert shop.say("A hat").locator(".card").count() > 0


def test_a_server_that_is_away_is_said_and_can_be_asked_again(shop: Shop) -> None:
    shop.expected = ["ERR_INTERNET_DISCONNECTED"]
    shop.page.context.set_offline(True)
    answer = shop.say("A hat")
    expect(answer).to_contain_text("The server cannot be reached.")
    shop.page.context.set_offline(False)
    answer.get_by_role("button", name="Try again").click()
    expect(answer.locator(".card").first).to_be_visible()
    expect(answer).not_to_contain_text("cannot be reached")
