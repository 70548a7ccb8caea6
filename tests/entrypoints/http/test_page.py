"""The page in a real browser."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.browser import SCREENS, complaints_of, too_wide, visiting
from tests.support.photographs import write_photograph
from tests.support.service import RunningService


@pytest.fixture
def page(context: BrowserContext, service: RunningService) -> Iterator[Page]:
    """The page, which must not complain about anything in its console."""
    opened = context.new_page()
    complaints = complaints_of(opened)
    opened.goto(service.url)
    yield opened
    assert complaints == []


def drop(page: Page, name: str, content: bytes) -> None:
    """Drop a file on the form, as a hand with a mouse does."""
    page.evaluate(
        """([name, bytes]) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([new Uint8Array(bytes)], name));
            const drop = new DragEvent("drop", {dataTransfer, bubbles: true, cancelable: true});
            document.querySelector("#upload").dispatchEvent(drop);
        }""",
        [name, list(content)],
    )


def test_a_dropped_picture_shows_its_three_variants(page: Page, jpeg: bytes) -> None:
    drop(page, "dropped <b>&.jpg", jpeg)
    card = page.locator("#uploads article")
    expect(card.locator(".state")).to_have_text("Done")
    expect(card.locator(".name")).to_have_text("dropped <b>&.jpg")
    pictures = card.locator("figure img")
    expect(pictures).to_have_count(3)
    pictures.evaluate_all("images => Promise.all(images.map(image => image.decode()))")
    widths = pictures.evaluate_all("images => images.map(image => image.naturalWidth)")
    assert widths == [800, 400, 200]
    captions = card.locator("figcaption .small").all_inner_texts()
    assert re.fullmatch(r"800 . 600 · JPEG · [\d.]+ kB", captions[0])
    expect(page.locator("#announcement")).to_have_text("dropped <b>&.jpg: Done")


def test_several_chosen_files_each_have_their_outcome(page: Page, tmp_path: Path) -> None:
    good = [write_photograph(tmp_path / f"chosen-{n}.jpg", 600, 400, seed=n) for n in range(4)]
    bad = tmp_path / "notes.jpg"
    bad.write_text("these are notes")
    large = tmp_path / "large.jpg"
    large.write_bytes(bytes(2_000_001))
    page.set_input_files("#file", [*good, bad, large])
    states = page.locator("#uploads .state")
    expect(states.filter(has_text="Done")).to_have_count(4)
    expect(states.filter(has_text="Refused")).to_have_count(2)
    reasons = page.locator("#uploads .reason")
    expect(reasons.filter(has_text="The file is not an image. Send a JPEG, PNG")).to_have_count(1)
    expect(reasons.filter(has_text="larger than the 2,000,000 bytes allowed")).to_have_count(1)


def test_a_link_is_copied(page: Page, jpeg: bytes, service: RunningService) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    drop(page, "copied.jpg", jpeg)
    button = page.get_by_role("button", name="Copy link to 400x300 of copied.jpg")
    button.click()
    expect(page.locator("#announcement")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"{service.url}/400x300/copied")
    assert service.client.get(copied).status_code == 200


def test_the_form_is_reached_and_named_by_keyboard(page: Page) -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.id")
    assert focused == "file"
    expect(page.get_by_label("Choose photographs")).to_have_attribute("type", "file")


def test_recent_images_lead_to_their_own_page_and_older_ones_follow(
    page: Page, service: RunningService, jpeg: bytes
) -> None:
    for number in range(26):
        service.upload(f"recent-{number}.jpg", jpeg)
    page.reload()
    expect(page.locator(".tile")).to_have_count(24)
    newest = page.locator(".tile").first
    expect(newest.locator(".name")).to_have_text(re.compile(r"recent-25"))
    page.get_by_role("link", name="Older").click()
    expect(page.locator(".tile .name").first).to_have_text(re.compile(r"recent-1"))
    page.get_by_role("link", name="Newest").click()
    page.locator(".tile").first.click()
    expect(page.locator("article .state")).to_have_text("Done")
    expect(page.locator("article figure img")).to_have_count(3)


def test_it_works_without_javascript(
    browser: Browser, service: RunningService, tmp_path: Path
) -> None:
    with visiting(browser, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(service.url)
        page.set_input_files("#file", write_photograph(tmp_path / "plain.jpg", 600, 400))
        page.get_by_role("button", name="Upload").click()
        page.wait_for_url(re.compile(r"/images/img_"))
        expect(page.locator("article figure img")).to_have_count(3)
        page.goto(f"{service.url}/images/img_nobody")
        expect(page.locator(".reason")).to_have_text("There is no such image.")


@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_is_wider_than_the_screen(
    browser: Browser, service: RunningService, jpeg: bytes, screen: dict[str, Any]
) -> None:
    image = service.upload("a-name-without-any-place-to-break-it-" * 5 + ".jpg", jpeg, wait="60")
    addresses = (service.url, f"{service.url}/images/{image['id']}")
    assert too_wide(browser, screen, addresses) == []


def test_the_page_lets_nothing_foreign_in(service: RunningService) -> None:
    policy = service.client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
