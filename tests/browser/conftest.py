"""A real server on a copy of the small run, and a real browser in front of it.

Every test ends with the same three questions: did the console stay silent, did every request go to the server, and
did none of them fail? `Shop.expected` says what a test provokes on purpose.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests.serving import Served

PATIENCE = 30_000  # milliseconds that an answer may take on a machine that is busy with other things


@dataclass
class Shop:
    """The page in a browser, with what one does on it."""

    page: Page
    url: str
    console: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def open(self) -> Shop:
        self.page.goto(self.url)
        self.page.wait_for_selector("html[data-ready]", timeout=PATIENCE)
        return self

    @property
    def answers(self) -> Locator:
        return self.page.locator(".turn.answer")

    def last(self) -> Locator:
        """The last answer, finished."""
        done = self.answers.nth(self.answers.count() - 1)  # not `.last`, which would become the next one
        expect(done).not_to_have_attribute("aria-busy", "true", timeout=PATIENCE)
        return done

    def say(self, text: str) -> Locator:
        """Type and send; the finished answer."""
        before = self.answers.count()
        self.page.get_by_role("textbox", name="Message").fill(text)
        self.page.keyboard.press("Enter")
        expect(self.answers).to_have_count(before + 1, timeout=PATIENCE)
        return self.last()

    def items(self, answer: Locator) -> list[str]:
        """Ids of an answer's cards, in their order."""
        return [str(card.get_attribute("data-item")) for card in answer.locator(".card").all()]

    def become(self, name: str) -> None:
        """Choose somebody of the store."""
        self.page.get_by_role("button", name="Shopping as").click()
        self.page.get_by_role("searchbox", name="Find a person").fill(name)
        self.page.get_by_role("list", name="People").get_by_role("button", name=name, exact=False).first.click()
        expect(self.page.get_by_role("button", name=f"Shopping as {name}")).to_be_visible()

    def problems(self) -> list[str]:
        """What a quiet page that stays at home has none of."""
        host = urlsplit(self.url).netloc
        away = [
            one for one in self.asked if urlsplit(one).scheme not in ("data", "blob") and urlsplit(one).netloc != host
        ]
        # Aborted is what the page itself let go of, by leaving or by stopping; and Chromium now and then says so of a
        # streamed body that was read to its end. Whether an answer came to its end is asserted where it is read.
        failed = [one for one in self.failed if not one.endswith("net::ERR_ABORTED")]
        found = [*self.console, *(f"request to elsewhere: {one}" for one in away), *failed]
        return [one for one in found if not any(part in one for part in self.expected)]


def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("needs a Chromium: on Debian the package chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with its module: while Playwright is open its event loop runs, and nobody else may run one."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def shop_at(browser: Browser) -> Iterator[Callable[..., Shop]]:
    """``shop_at(url, viewport=…)``: a fresh browser profile with the page in it; ends with the three questions."""
    opened: list[tuple[BrowserContext, Shop]] = []

    def make(url: str, **options: object) -> Shop:
        context = browser.new_context(**({"viewport": {"width": 1440, "height": 900}} | options))  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        shop = Shop(page, url)
        page.on("console", lambda said: shop.console.append(f"console {said.type}: {said.text}"))
        page.on("pageerror", lambda error: shop.console.append(f"error: {error}"))
        context.on("request", lambda request: shop.asked.append(request.url))
        page.on("requestfailed", lambda request: shop.failed.append(f"failed: {request.url} {request.failure}"))
        opened.append((context, shop))
        return shop

    yield make
    for context, shop in opened:
        problems = shop.problems()
        context.close()
        assert not problems


@pytest.fixture
def shop(shop_at: Callable[..., Shop], server: Served) -> Shop:
    """The page, open on a wide screen."""
    return shop_at(server.url).open()
