"""What the silence monitor finds is said alike by `tracker status`, the API and the page of sources."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from web_kit import NOW, client, desk

from tracker.archive import Archive
from tracker.cli import cli
from tracker.model import Fetch, FetchState, Source, SourceResult

WEEK = timedelta(weeks=1)
SOURCES = {
    "moved": ("ok", {"moved_to": "https://new.example.org/feed"}, "moved for good to https://new.example.org/feed"),
    "ended": ("gone", {"error": "HTTP 410"}, "the address or interface has ended"),
    "refusing": ("blocked", {"error": "HTTP 403"}, "refuses us"),
    "changed": ("empty", {}, "has its layout changed?"),
    "failing": ("error", {"error": "HTTP 500", "failures": 4}, "failed 4 times in a row"),
    "well": ("ok", {}, None),
}


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("findings") / "tracker.db"
    with Archive.open(path, create=True) as archive:
        for name, (status, state, _) in SOURCES.items():
            source = Source(name, "listing", f"https://{name}.example.org/", name=name)
            for at, said, items in ((NOW - 2 * WEEK, "ok", 3), (NOW - WEEK, status, 0)):
                row = Fetch(name, at, source.url, said, http=200, items=items)
                next_state = FetchState(name, last_polled=at, status=said, **(state if said == status else {}))
                archive.store(SourceResult(source, said, (), (row,), next_state), [], now=at, lexicon="test")
    return path


@pytest.fixture(scope="module")
def said(db: Path) -> dict[str, list[dict]]:
    status = CliRunner().invoke(cli, ["--db", str(db), "status", "--format", "json"], standalone_mode=False)
    with client(desk(db)) as web:
        return {
            "status": json.loads(status.output)["sources"],
            "api": web.get("/api/status").json()["sources"],
            "page": [{"page": html.unescape(web.get("/sources").text)}],
        }


def test_status_and_the_api_say_the_same_of_every_source(said: dict[str, list[dict]]) -> None:
    assert said["api"] == said["status"]
    assert {row["id"] for row in said["api"]} == set(SOURCES)


@pytest.mark.parametrize("name", SOURCES)
def test_a_finding_is_named_in_the_api_and_on_the_page(said: dict[str, list[dict]], name: str) -> None:
    (row,) = [row for row in said["api"] if row["id"] == name]
    page = said["page"][0]["page"]
    attention = page[page.index("Needs attention") : page.index("</section>", page.index("Needs attention"))]
    shown = re.search(rf'<tr id="src-{name}">.*?</tr>', page, re.DOTALL)
    assert shown is not None
    wanted = SOURCES[name][2]
    if wanted is None:
        assert (row["findings"], f"#src-{name}" in attention) == ([], False)
        return
    assert any(wanted in finding for finding in row["findings"])
    assert f"#src-{name}" in attention
    assert wanted in attention
    assert all(finding in shown[0] for finding in row["findings"])
