"""Logging in with a real browser, and what is seen then."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.browser import SCREENS, complaints_of, too_wide, visiting
from tests.support.keys import new_key
from tests.support.photographs import write_photograph
from tests.support.service import RunningService


def log_in(page: Page, service: RunningService, key: str) -> None:
    page.goto(service.url)
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{service.url}/")


def test_the_story_of_a_visit(
    context: BrowserContext, guarded: RunningService, tmp_path: Path
) -> None:
    page = context.new_page()
    complaints = complaints_of(page)
    log_in(page, guarded, new_key(guarded.data, "upload", "read"))
    expect(page.get_by_label("Choose photographs")).to_be_visible()
    assert not page.evaluate("document.cookie")

    page.set_input_files("#file", write_photograph(tmp_path / "seen.jpg", 900, 700))
    pictures = page.locator("#uploads figure img")
    expect(pictures).to_have_count(3)
    pictures.evaluate_all("images => Promise.all(images.map(image => image.decode()))")
    address = str(pictures.first.get_attribute("src"))
    assert "sig=" in address
    assert httpx.get(address).status_code == 200
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("Download 800x600")).click()
    assert download.value.suggested_filename == "seen.jpg"

    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("API key")).to_be_visible()
    page.goto(f"{guarded.url}/")
    expect(page.get_by_label("API key")).to_be_visible()
    assert complaints == []


def test_a_visit_without_javascript(
    browser: Browser, guarded: RunningService, tmp_path: Path
) -> None:
    with visiting(browser, java_script_enabled=False) as context:
        page = context.new_page()
        log_in(page, guarded, new_key(guarded.data, "upload", "read"))
        page.set_input_files("#file", write_photograph(tmp_path / "plain.jpg", 600, 400))
        page.get_by_role("button", name="Upload").click()
        page.wait_for_url(re.compile(r"/images/img_"))
        expect(page.locator("article figure img")).to_have_count(3)
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_label("API key")).to_be_visible()


def test_the_printed_link_opens_the_page_once(
    context: BrowserContext, guarded: RunningService
) -> None:
    link = re.search(r"http\S+token=\S+", guarded.welcome)
    assert link
    assert link[0].startswith(guarded.url)
    assert httpx.get(link[0]).status_code == 200  # what previews it takes nothing
    page = context.new_page()
    page.goto(link[0])
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_label("Choose photographs")).to_be_visible()
    context.clear_cookies()
    page.goto(link[0])
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("has been used")
    expect(page.get_by_label("API key")).to_be_visible()


def test_a_key_that_only_reads_is_offered_no_upload(
    context: BrowserContext, guarded: RunningService
) -> None:
    page = context.new_page()
    log_in(page, guarded, new_key(guarded.data, "read"))
    expect(page.get_by_role("heading", name="Recent images")).to_be_visible()
    expect(page.get_by_label("Choose photographs")).to_have_count(0)


def test_a_page_that_lost_its_session_says_so(
    context: BrowserContext, guarded: RunningService, tmp_path: Path
) -> None:
    page = context.new_page()
    log_in(page, guarded, new_key(guarded.data, "upload", "read"))
    expect(page.get_by_label("Choose photographs")).to_be_visible()
    context.clear_cookies()
    page.set_input_files("#file", write_photograph(tmp_path / "late.jpg", 300, 200))
    expect(page.locator("#uploads .reason")).to_contain_text("You are logged out")


def test_another_site_can_do_nothing_with_the_cookie(
    context: BrowserContext, guarded: RunningService
) -> None:
    page = context.new_page()
    log_in(page, guarded, new_key(guarded.data, "admin"))
    assert context.cookies(guarded.url)
    before = len(guarded.images())
    page.goto("about:blank")  # a site of its own
    with page.expect_response(f"{guarded.url}/images") as answer:
        page.evaluate(
            """(target) => {
                const form = document.createElement("form");
                form.method = "post";
                form.action = target;
                document.body.append(form);
                form.submit();
            }""",
            f"{guarded.url}/images",
        )
    assert answer.value.status == 403
    assert "cookie" not in answer.value.request.all_headers()
    assert len(guarded.images()) == before


@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_is_wider_than_the_screen(
    browser: Browser, guarded: RunningService, screen: dict[str, Any]
) -> None:
    paths = ("/login", "/login?token=abc", "/docs")
    assert too_wide(browser, screen, [f"{guarded.url}{path}" for path in paths]) == []
