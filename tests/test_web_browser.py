"""In a real browser: accessibility of every page, three people's ways through them, keys, life without script."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path

import pytest
import web_kit as kit

from tracker.archive import Archive, people
from tracker.lexicon import load
from tracker.tag import Tagger

CHROMIUM = Path("/usr/bin/chromium")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra dev)")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}; install the package chromium"),
]

PAGES = ("/", "/week/2026-W46", "/search", "/search?q=bromazolam", "/search?q=nothingatall", "/document/1",
         "/document/2", "/document/3", "/document/4", "/document/12", "/story/1", "/substances",
         "/substance/bromazolam", "/substance/xylazine", "/signals?week=2026-W46", "/candidates",
         "/candidates?decided=true", "/sources", "/about", "/login", "/decisions", "/nothing")  # fmt: skip


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    path = tmp_path_factory.mktemp("web") / "tracker.db"
    kit.build(path)
    kit.add_users(path)
    with Archive.open(path) as archive:
        people.decide(archive, "document:1", "important", who="ben", now=kit.NOW, note="for Monday")
    return path


@pytest.fixture(scope="module")
def address(db):
    with kit.serving(kit.desk(db)) as found:
        yield found


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as engine:
        made = engine.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield made
        made.close()


@contextmanager
def visit(browser, address, *, login=True, **how):
    """A page in a fresh browser profile; what the browser complains of, and requests to other hosts, fail the test."""
    context = browser.new_context(base_url=address, locale="en-GB", **how)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: complaints.append(str(e)))
    page.on("request", lambda r: complaints.append(r.url) if not r.url.startswith(address) else None)
    try:
        if login:
            page.goto("/login")
            page.get_by_label("Name", exact=True).fill("anna")
            page.get_by_label("Password").fill(kit.PASSWORD)
            page.get_by_role("main").get_by_role("button", name="Log in").click()
            page.wait_for_url(address + "/")
        yield page
        assert [c for c in complaints if not re.search(r"status of 40[14]", c)] == []
    finally:
        context.close()


# --- accessibility ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "width", "login"),
    [("light", 1280, True), ("dark", 1280, True), ("light", 320, True), ("dark", 320, False)],
)
def test_no_page_breaks_a_rule_of_accessibility(browser, address, scheme, width, login):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    found = {}
    with visit(browser, address, login=login, viewport={"width": width, "height": 800}, color_scheme=scheme) as page:
        for path in PAGES:
            page.goto(path)
            wrong = axe.Axe().run(page, options=rules).response["violations"]
            if wrong:
                found[path] = [(v["id"], [n["html"][:120] for n in v["nodes"][:3]]) for v in wrong]
    assert found == {}


@pytest.mark.parametrize("width", [320, 390, 640, 1280])
def test_no_page_scrolls_sideways(browser, address, width):
    """320 px; and 640 px is 1280 px at 200 % zoom."""
    with visit(browser, address, viewport={"width": width, "height": 700}) as page:
        for path in PAGES:
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_every_mark_can_be_reached_and_explains_itself_by_keyboard(browser, address):
    with visit(browser, address, login=False) as page:
        page.goto("/document/3")
        place = page.locator(".text a.m").first
        for _ in range(80):
            page.keyboard.press("Tab")
            if place.evaluate("e => e === document.activeElement"):
                break
        assert place.evaluate("e => e === document.activeElement")
        assert place.locator(".tip").is_visible()
        assert "affirmed" in place.locator(".tip").inner_text()
        page.keyboard.press("Escape")
        assert not place.locator(".tip").is_visible()


# --- three people ----------------------------------------------------------------------------------------------------


def test_monday_morning_from_digest_to_a_marked_document(browser, address, db):
    with visit(browser, address) as page:
        page.goto("/")
        page.get_by_role("link", name=re.compile("Last complete week")).click()
        assert "2026-W46" in page.get_by_role("heading", level=1).inner_text()
        page.get_by_role("link", name=re.compile("All signals of 2026-W46")).click()
        page.locator(".behind a.open").first.click()
        number = page.url.rsplit("/", 1)[1]
        page.get_by_role("button", name="Important").first.click()
        page.get_by_text("Marked: important").wait_for()
        page.reload()
        assert "important" in page.get_by_role("list", name="Decisions").inner_text()
    with Archive.open(db) as archive:
        found = people.standing(archive, [f"document:{number}"])[f"document:{number}"]
    assert ("anna", "important") in {(d.who, d.verdict) for d in found}


def test_a_mark_is_taken_back_where_it_was_made(browser, address, db):
    with visit(browser, address) as page:
        page.goto("/document/7")
        page.get_by_role("button", name="Important").first.click()
        page.get_by_role("button", name="Undo", exact=True).click()
        page.get_by_text("Undone", exact=True).wait_for()
        page.keyboard.press("n")
        page.get_by_text("Marked: not relevant").wait_for()
        page.reload()
        page.get_by_role("button", name="Undo not relevant on document:7").click()
        page.wait_for_url("**/document/7")
        page.keyboard.press("x")
        page.get_by_text("Marked: read").wait_for()
        page.keyboard.press("u")
        page.get_by_text("Undone", exact=True).wait_for()
    with Archive.open(db) as archive:
        assert people.standing(archive, ["document:7"]).get("document:7", []) == []


@pytest.mark.parametrize("path", ["/", "/week/2026-W40", "/search?q=protonitazene", "/document/3", "/signals"])
def test_every_page_that_can_look_back_says_so_at_its_head(browser, address, path):
    with visit(browser, address, login=False) as page:
        page.goto(path)
        page.locator("header").get_by_text("As known on").click()
        page.get_by_label("Show only what was known by").fill("2026-10-10T12:00")
        page.get_by_role("button", name="Go back").click()
        assert "As known at 10 Oct 2026, 12:00 UTC" in page.get_by_role("main").inner_text()
        page.get_by_role("link", name="Back to now").click()
        assert page.url == address + path


def test_who_looks_at_the_past_stays_there_until_going_back(browser, address):
    with visit(browser, address, login=False) as page:
        page.goto("/search?q=protonitazene&as_of=2026-10-10T12:00")
        page.get_by_role("link", name="Alert on protonitazene").click()
        assert "Cork" not in page.locator(".text").inner_text()
        page.get_by_role("link", name="protonitazene", exact=True).first.click()
        assert "As known at 10 Oct 2026" in page.get_by_role("main").inner_text()
        page.get_by_role("link", name="This week").click()
        assert "2026-W41" in page.get_by_role("heading", level=1).inner_text()


def test_a_researcher_searches_narrows_exports_and_follows(browser, address):
    with visit(browser, address, login=False, accept_downloads=True) as page:
        page.goto("/search")
        page.get_by_role("searchbox").fill("bromazolam")
        page.keyboard.press("Enter")
        total = int(re.search(r"\d+", page.locator(".count").inner_text())[0])
        page.locator("details.facet", has_text="Theme").get_by_role("link", name="death", exact=True).click()
        narrowed = int(re.search(r"\d+", page.locator(".count").inner_text())[0])
        assert 0 < narrowed < total
        with page.expect_download() as download:
            page.get_by_role("link", name="RIS").click()
        ris = Path(download.value.path()).read_text("utf-8")
        assert ris.count("\nER  -") == narrowed
        feed = page.get_by_role("link", name="JSON feed").get_attribute("href")
        found = page.request.get(feed).json()["items"]
        assert 0 < len(found) <= narrowed  # marketing is counted and not linked


def test_a_new_name_becomes_a_substance_that_is_found(browser, address, db):
    with visit(browser, address) as page:
        page.goto("/candidates")
        item = page.locator("article", has=page.get_by_role("heading", name="fluetazolam", exact=True))
        item.get_by_label("Class").select_option(label="designer benzodiazepine")
        item.get_by_role("button", name="Make it a new substance").click()
        page.wait_for_url("**/candidates")
        assert page.get_by_role("heading", name="fluetazolam", exact=True).count() == 0
        with Archive.open(db) as archive:
            archive.retag(Tagger(load(db.with_name("substances.local.csv"))), now=kit.NOW)
        page.goto("/search?substance=fluetazolam")
        page.get_by_role("link", name="Unknown benzodiazepine fluetazolam").click()
        assert page.get_by_role("link", name=re.compile(r"^fluetazolam \(affirmed")).count() >= 1
        page.goto("/decisions")
        assert "new substance" in page.get_by_role("main").inner_text()


# --- keys, and without script ----------------------------------------------------------------------------------------


def test_keys_move_mark_and_open(browser, address, db):
    with visit(browser, address) as page:
        page.goto("/search?q=police")
        page.keyboard.press("j")
        page.keyboard.press("j")
        assert page.evaluate("[...document.querySelectorAll('[data-item]')].indexOf(document.activeElement)") == 1
        page.keyboard.press("x")
        page.get_by_text("Marked: read").wait_for()
        page.keyboard.press("k")
        title = page.evaluate("document.activeElement.querySelector('a.open').textContent.trim()")
        page.keyboard.press("o")
        page.wait_for_url("**/document/*")
        assert page.get_by_role("heading", level=1).inner_text() == title
        page.keyboard.press("?")
        assert page.get_by_role("dialog").is_visible()
        page.get_by_label("Keys are on").uncheck()
        page.keyboard.press("Escape")
        page.keyboard.press("/")
        assert not page.locator("#quick-q").evaluate("e => e === document.activeElement")
        page.get_by_role("button", name=re.compile("^Keys")).click()
        page.get_by_label("Keys are on").check()
        page.keyboard.press("Escape")
        page.keyboard.press("/")
        assert page.locator("#quick-q").evaluate("e => e === document.activeElement")
    with Archive.open(db) as archive:
        assert "read" in {d.verdict for d in people.own_decisions(archive, "anna")}


def test_reading_searching_and_marking_work_without_script(browser, address):
    with visit(browser, address, java_script_enabled=False) as page:
        page.goto("/search?q=protonitazene")
        page.get_by_role("link", name=re.compile("Alert on protonitazene")).first.click()
        assert page.locator(".text mark, .text a.m").count() >= 1
        page.get_by_role("button", name="Important").first.click()
        assert page.url.endswith("/document/3")
        assert "important" in page.get_by_role("list", name="Decisions").inner_text()
        assert page.locator("ins").inner_text().strip().startswith("put in:")
