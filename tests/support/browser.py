"""A real browser, and what tests of the page ask of it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")

# Every page must look right with each: a telephone and a desk, by day and by night.
SCREENS = [
    {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    for width in (390, 1280)
    for scheme in ("light", "dark")
]


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser, until the block ends."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        with playwright.chromium.launch(executable_path=CHROMIUM, args=arguments) as browser:
            yield browser


@contextmanager
def visiting(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """A visitor with cookies of their own, who is more patient than a busy machine is slow."""
    usual = {"viewport": {"width": 1280, "height": 900}}
    with browser.new_context(**usual | options) as context:
        context.set_default_timeout(60_000)
        yield context


def complaints_of(page: Page) -> list[str]:
    """What the page writes to its console from now on."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


def too_wide(browser: Browser, screen: dict[str, Any], addresses: Iterable[str]) -> list[str]:
    """The pages that are wider than a screen."""
    found = []
    with visiting(browser, **screen) as context:
        page = context.new_page()
        for address in addresses:
            page.goto(address)
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append(address)
    return found
