"""For everybody: keyboard, names and roles, phone width, dark and light, less motion, enough contrast."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Shop
from tests.serving import Served

pytestmark = pytest.mark.system
PHONE = {"width": 360, "height": 740}

# Texts whose contrast with what is behind them falls short of WCAG 2.2 AA, with that contrast.
CONTRAST = """() => {
    const channel = (value) => value <= 10.3 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
    const pen = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const paint = (colour) => {
        pen.clearRect(0, 0, 1, 1); pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
        return [...pen.getImageData(0, 0, 1, 1).data];
    };
    const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
    const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const colour = paint(getComputedStyle(at).backgroundColor);
            if (colour[3] > 200) return colour;
        }
        return [255, 255, 255, 255];
    };
    const short = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode.textContent.trim();
        const element = walker.currentNode.parentElement;
        if (!text || !element.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
        if (element.closest('.visually-hidden, .gone, :disabled')) continue;
        const style = getComputedStyle(element);
        const [a, b] = [light(paint(style.color)), light(ground(element))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        if (ratio < (large ? 3 : 4.5)) short.push([ratio.toFixed(2), text]);
    }
    return short;
}"""


def test_keyboard_only(shop: Shop) -> None:
    page = shop.page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the conversation")).to_be_focused()
    page.keyboard.press("/")
    box = page.get_by_role("textbox", name="Message")
    expect(box).to_be_focused()
    page.keyboard.type("A bag")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("for spring")
    expect(box).to_have_value("A bag\nfor spring")
    page.keyboard.press("Enter")
    answer = shop.last()
    expect(box).to_have_value("")
    expect(box).to_be_focused()
    # Back through the page to the cards: one of them is in the Tab order, arrows go on from it.
    for _ in range(30):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.closest('.card') !== null"):
            break
    cards = answer.locator(".card")
    expect(cards.first).to_be_visible()
    assert page.evaluate("document.activeElement.closest('.card') === document.querySelector('.card')")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.closest('.card') === document.querySelectorAll('.card')[1]")
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.closest('.card') === document.querySelector('.card:last-child')")
    page.keyboard.press("Home")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", "the focus is seen"
    cards.first.locator(".open").focus()
    page.keyboard.press("Enter")
    dialog = page.locator("#details")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(cards.first.locator(".open")).to_be_focused()
    # A slash in the box is a slash.
    box.focus()
    page.keyboard.press("/")
    expect(box).to_have_value("/")


def test_everything_has_a_role_and_a_name(shop: Shop) -> None:
    shop.become("u00008")
    expect(shop.page.locator("body")).to_match_aria_snapshot(
        """
        - link "To the conversation"
        - banner:
          - button "Shopping as u00008"
          - button "New conversation"
          - button "Dark theme"
        - complementary "You and your filters":
          - region "History":
            - heading "History" [level=2]
            - list:
              - listitem:
                - button:
                  - img
          - region "Filters":
            - heading "Filters" [level=2]
            - group:
              - text: Price from
              - 'spinbutton "Price: from"'
              - text: to
              - 'spinbutton "Price: to"'
            - group:
              - text: Category
              - list "Category":
                - listitem:
                  - button /\\d+ items$/
            - group: Colour
        - main:
          - region "What are you looking for?":
            - heading "What are you looking for?" [level=1]
            - list "Suggestions":
              - listitem:
                - button
            - region "Shop as somebody"
          - log "Conversation"
          - button "Search with a picture"
          - textbox "Message"
          - button "Send"
        - status
        """
    )
    answer = shop.say("A bag")
    expect(shop.page.get_by_role("log")).to_match_aria_snapshot(
        """
        - log "Conversation":
          - article "You":
            - paragraph: A bag
          - article "GenRec":
            - paragraph
            - list "What was heard":
              - listitem:
                - 'button "Remove: bag"'
            - list "5 recommendations":
              - listitem:
                - button
                - paragraph
                - 'button /^Like: /'
                - 'button /^Not for me: /'
        """
    )
    title = answer.locator(".title").first.inner_text()
    expect(shop.page.get_by_role("status").filter(has_text=title)).to_contain_text("5 items")
    for role in ("button", "textbox", "searchbox", "img", "dialog"):
        for one in shop.page.get_by_role(role).all():  # type: ignore[arg-type]
            assert one.evaluate("one => one.checkVisibility()") is False or one.aria_snapshot().strip() != f"- {role}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out(shop_at: Callable[..., Shop], server: Served, scheme: str) -> None:
    shop = shop_at(server.url, color_scheme=scheme, reduced_motion="reduce").open()
    assert shop.page.evaluate("document.documentElement.dataset.theme") == scheme
    assert shop.page.evaluate(CONTRAST) == []
    shop.become("u00009")
    answer = shop.say("A red dress, not black")
    answer.locator(".because summary").first.click()
    answer.locator(".card .dislike").last.click()
    shop.page.wait_for_timeout(100)
    assert shop.page.evaluate(CONTRAST) == []
    answer.locator(".card .open").first.click()
    assert shop.page.evaluate(CONTRAST) == []


def test_the_theme_can_be_changed_and_is_kept(shop: Shop) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    before = shop.page.evaluate(ground)
    toggle = shop.page.get_by_role("button", name="Dark theme")
    expect(toggle).to_have_attribute("aria-pressed", "false")
    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "true")
    after = shop.page.evaluate(ground)
    assert after != before
    shop.open()
    assert shop.page.evaluate(ground) == after


@pytest.mark.parametrize("width", [360, 820])
def test_narrow_screens_have_it_all_and_scroll_one_way(
    shop_at: Callable[..., Shop], server: Served, width: int
) -> None:
    shop = shop_at(server.url, viewport={**PHONE, "width": width}, has_touch=True).open()

    def fits() -> bool:
        return bool(shop.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))

    assert fits()
    shop.become("u00010")
    answer = shop.say("A warm coat with a very long wish: " + "warm" * 40)
    answer = shop.say("A warm coat")
    assert fits()
    answer.locator(".card .open").first.click()
    assert fits()
    shop.page.keyboard.press("Escape")
    shop.page.get_by_role("button", name="Filters and history").click()
    drawer = shop.page.get_by_role("dialog", name="Filters and history")
    expect(drawer.get_by_role("heading", name="History")).to_be_visible()
    drawer.locator('[data-column="category"] .value').first.click()
    assert fits()
    drawer.get_by_role("button", name="Done").click()
    expect(shop.page.get_by_role("button", name="Filters and history, 1 set")).to_be_visible()
    small = shop.page.evaluate(
        "[...document.querySelectorAll('button')].filter((one) => one.checkVisibility())"
        ".map((one) => [one.getBoundingClientRect(), one.ariaLabel ?? one.textContent])"
        ".filter(([box]) => box.width < 24 || box.height < 24).map(([, name]) => name)"
    )
    assert small == [], "too small for a finger (WCAG 2.2, 2.5.8)"


def test_motion_is_left_out_where_it_is_not_wanted(shop_at: Callable[..., Shop], server: Served) -> None:
    shop = shop_at(server.url, reduced_motion="reduce").open()
    card = shop.say("A bag").locator(".card").first
    assert card.evaluate("one => parseFloat(getComputedStyle(one).animationDuration)") < 0.001
    assert shop.page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
