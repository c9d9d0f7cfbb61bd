"""The JSON API and the feeds, to the letter of the contract, over a real server."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ET
from datetime import timedelta
from urllib.parse import quote

import pytest
import web_kit as kit

from tracker.archive import Archive
from tracker.lexicon import load
from tracker.tag import Tagger

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    path = tmp_path_factory.mktemp("web") / "tracker.db"
    kit.build(path)
    return path


@pytest.fixture(scope="module")
def web(db):
    with kit.client(kit.desk(db)) as made:
        yield made


def test_documents_are_listed_newest_first_with_the_keys_of_search(web):
    found = web.get("/api/documents").json()
    assert found["next_cursor"] is None
    assert found["total"] == 13
    assert [i["id"] for i in found["items"]] == list(range(13, 0, -1))
    assert set(found["items"][0]) >= {
        "id", "title", "url", "source", "publisher", "published", "first_seen", "tier", "doctype", "substances",
        "themes", "story", "editorial_status", "snippet", "score",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("q=protonitazene", [3]), ("substance=protonitazene", [3]), ("source=alerts", [12, 3]), ("tier=A", [12, 3]),
        ("class=nitazene", [3]), ("country=IE", [13, 3]),
        ("q=fluetazolam&sort=newest", [12]), ("tier=A&tier=C", [12, 5, 4, 3]), ("until=2026-10-01&tier=A", [3]),
        ("since=2026-11-09&tier=A", [12]), ("as_of=2026-10-01&tier=A", [3]), ("q=search:deaths&tier=A", []),
    ],
)  # fmt: skip
def test_filters_do_what_they_say(web, query, ids):
    assert [i["id"] for i in web.get(f"/api/documents?{query}").json()["items"]] == ids


def test_the_filter_by_type_of_document_gives_all_of_the_type_and_nothing_else(web):
    every = {item["id"]: item["doctype"] for item in web.get("/api/documents").json()["items"]}
    alerts = web.get("/api/documents?doctype=official_alert").json()["items"]
    assert {item["id"] for item in alerts} == {number for number, kind in every.items() if kind == "official_alert"}
    assert {3, 12} <= {item["id"] for item in alerts}


@pytest.mark.parametrize("query", ["", "q=bromazolam&sort=relevance", "q=bromazolam&sort=newest", "as_of=2026-11-10"])
def test_pages_by_cursor_give_every_document_once(web, query):
    whole = [i["id"] for i in web.get(f"/api/documents?{query}&limit=200").json()["items"]]
    seen, cursor = [], ""
    while cursor is not None:
        page = web.get(f"/api/documents?{query}&limit=3&cursor={cursor}").json()
        seen += [i["id"] for i in page["items"]]
        cursor = page["next_cursor"]
    assert seen == whole
    assert len(whole) >= 9


@pytest.mark.parametrize("sort", ["newest", "relevance"])
def test_pages_stay_the_same_while_documents_arrive(db, tmp_path, sort):
    copy = tmp_path / "tracker.db"
    with Archive.open(db) as archive:
        archive.backup(copy)
    with kit.client(kit.desk(copy)) as web:
        address = f"/api/documents?q=bromazolam&sort={sort}&limit=4"
        before = _walk(web, address)
        first = web.get(address).json()
        with Archive.open(copy) as archive:
            new = [kit._doc(f"x{n}", "https://news.example.org", f"Bromazolam bromazolam {n}", "Bromazolam was found.",
                            "2026-11-17") for n in range(5)]  # fmt: skip
            kit._store(archive, Tagger(load()), kit.NEWS, new, kit.NOW - timedelta(hours=1))
        seen = [i["id"] for i in first["items"]] + _walk(web, address, first["next_cursor"])
        assert seen == before
        assert len(_walk(web, address)) == len(before) + 5


def _walk(web, address, cursor=""):
    found = []
    while cursor is not None:
        page = web.get(f"{address}&cursor={cursor}").json()
        found += [i["id"] for i in page["items"]]
        cursor = page["next_cursor"]
    return found


def test_a_document_has_its_tags_as_the_command_line_writes_them(web):
    found = web.get("/api/documents/3").json()
    assert found["id"] == 3
    assert found["tags"]["substances"][0]["name"] == "protonitazene"
    for mention in found["tags"]["substances"][0]["mentions"]:
        assert found[mention["field"]][mention["start"] : mention["end"]] == mention["surface"]
    assert len(found["revisions"]) == 2
    fentanyl = next(s for s in found["tags"]["substances"] if s["name"] == "fentanyl")
    assert fentanyl["assertion"] == "negated"


def test_as_of_shows_the_text_known_then(web):
    assert "Cork" in web.get("/api/documents/3").json()["text"]
    assert "Cork" not in web.get("/api/documents/3?as_of=2026-10-01").json()["text"]
    assert web.get("/api/documents/3?as_of=2026-09-01").status_code == 404


@pytest.mark.parametrize("number", [4, 5])
def test_text_of_forums_and_shops_is_in_no_answer(web, number):
    found = web.get(f"/api/documents/{number}").json()
    assert "text" not in found
    assert all(theme["evidence"] is None for theme in found["tags"]["themes"])
    listed = next(i for i in web.get("/api/documents?limit=50").json()["items"] if i["id"] == number)
    assert listed["snippet"] is None
    for address in ("/api/documents?limit=200", "/feeds/all.atom", "/feeds/all.json", "/search?q=bromazolam",
                    f"/document/{number}", "/export.csv", "/export.jsonl", "/substance/bromazolam"):  # fmt: skip
        text = web.get(address).text
        assert "felt awful" not in text, address
        assert "fast shipping" not in text, address


def test_substances_are_listed_by_name_and_paged(web):
    found, names, cursor = web.get("/api/substances").json(), [], ""
    assert {"bromazolam", "protonitazene", "fentanyl"} <= {i["name"] for i in found["items"]}
    while cursor is not None:
        page = web.get(f"/api/substances?limit=1&cursor={quote(cursor)}").json()
        names += [i["name"] for i in page["items"]]
        cursor = page["next_cursor"]
    assert names == sorted(i["name"] for i in found["items"])


def test_a_substance_is_found_by_any_of_its_names(web):
    found = web.get("/api/substances/" + quote("XLI-268", safe="")).json()
    assert found["name"] == "bromazolam"
    assert found["documents"] >= 9
    assert found["by_tier"]
    assert web.get("/api/substances/nothing-such").status_code == 404


def test_a_story_lists_its_documents_and_an_id_joined_away_leads_there(web):
    story = web.get("/api/stories/1").json()
    assert story["id"] == 1
    assert story["sources"] == len(story["voices"])
    assert {d["id"] for d in story["documents"]} == {n for voice in story["voices"] for n in voice}
    joined = [d["id"] for d in story["documents"] if d["id"] != 1]
    for number in joined[:1]:
        answer = web.get(f"/api/stories/{number}")
        assert (answer.status_code, answer.headers["location"]) == (307, "/api/stories/1")


def test_signals_digests_and_status_are_those_of_the_command_line(web):
    signals = web.get("/api/signals?week=2026-W46").json()
    assert signals["week"] == "2026-W46"
    assert signals["items"] == signals["signals"]
    assert {"kind", "name", "week", "observed", "expected", "interval", "p", "q", "documents"} <= set(
        signals["items"][0]
    )
    digests = web.get("/api/digests").json()
    assert [d["week"] for d in digests["items"]][:2] == ["2026-W47", "2026-W46"]
    assert [d["finished"] for d in digests["items"]][:2] == [False, True]
    digest = web.get("/api/digests/2026-W46").json()
    assert digest["week"] == "2026-W46"
    assert digest["sections"][0]["id"] == "new_substances"
    status = web.get("/api/status").json()
    assert [s["id"] for s in status["sources"]] == ["alerts", "board", "news", "shop"]
    assert status["documents"] == 13


@pytest.mark.parametrize("address", ["/api/documents", "/api/documents/3", "/api/status", "/feeds/all.atom", "/search"])
def test_an_unchanged_answer_is_304(web, address):
    first = web.get(address)
    again = web.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert web.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


def test_head_has_the_headers_and_no_body(web):
    answer = web.head("/api/documents/3")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["etag"] == web.get("/api/documents/3").headers["etag"]


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/api/documents/999", 404, "not_found"), ("/api/documents/x", 422, "bad_value"),
        ("/api/documents/99999999999999999999", 422, "bad_value"), ("/api/documents?limit=0", 422, "bad_value"),
        ("/api/documents?limit=1000", 422, "bad_value"), ("/api/documents?theme=fun", 400, "bad_value"),
        ("/api/documents?since=soon", 400, "bad_value"), ("/api/documents?cursor=abc", 400, "bad_value"),
        ("/api/documents?sort=up", 400, "bad_value"), ("/api/documents?as_of=x", 400, "bad_value"),
        ("/api/stories/999", 404, "not_found"), ("/api/digests/2026-W99", 400, "bad_value"),
        ("/api/digests/2027-W02", 400, "bad_value"), ("/api/signals?week=x", 400, "bad_value"),
        ("/api/nothing", 404, "not_found"), ("/feeds/other.atom", 404, "not_found"),
        ("/feeds/all.rss", 422, "bad_value"), ("/feeds/substance/nothing-such.atom", 404, "not_found"),
    ],
)  # fmt: skip
def test_every_error_has_one_form(web, address, status, code):
    answer = web.get(address)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    assert answer.json()["error"]["code"] == code
    assert answer.json()["error"]["message"]


def test_the_api_only_reads(web):
    for method in ("post", "put", "delete", "patch"):
        answer = getattr(web, method)("/api/documents")
        assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")


def test_the_description_names_every_address_of_the_contract(web):
    paths = set(web.get("/openapi.json").json()["paths"])
    assert {
        "/api/documents", "/api/documents/{id}", "/api/substances", "/api/substances/{name}", "/api/stories/{id}",
        "/api/signals", "/api/digests", "/api/digests/{week}", "/api/status", "/feeds/search.{form}",
    } <= paths  # fmt: skip


# --- feeds -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "entries"),
    [("all", 12), ("alerts", None), ("substance/protonitazene", 1), ("substance/XLI-268", 11), ("search", 12)],
)
def test_feeds_tell_the_same_in_atom_and_json(web, name, entries):
    atom = web.get(f"/feeds/{name}.atom")
    assert atom.headers["content-type"].startswith("application/atom+xml")
    root = ET.fromstring(atom.content)
    found = web.get(f"/feeds/{name}.json")
    assert found.headers["content-type"].startswith("application/feed+json")
    items = found.json()["items"]
    if entries is None:  # as many as there are of the type, whatever the tagger makes of the others
        entries = len(web.get("/api/documents?doctype=official_alert").json()["items"])
    assert len(items) == entries
    assert [e.findtext(f"{ATOM}id") for e in root.iter(f"{ATOM}entry")] == [i["id"] for i in items]
    assert [i["date_published"] for i in items] == sorted((i["date_published"] for i in items), reverse=True)
    assert root.find(f"{ATOM}updated") is not None
    assert found.json()["version"] == "https://jsonfeed.org/version/1.1"


def test_a_search_feed_is_that_search(web):
    found = web.get("/feeds/search.json?q=protonitazene&tier=A").json()
    assert [i["id"] for i in found["items"]] == ["urn:nps-tracker:document:3"]
    assert found["feed_url"].endswith("/feeds/search.json?q=protonitazene&tier=A")


def test_marketing_and_other_schemes_are_not_linked_in_feeds(web):
    text = web.get("/feeds/all.atom").text + json.dumps(web.get("/feeds/all.json").json())
    assert "shop.example.org" not in text
    assert "javascript:" not in text


def test_exports_are_those_of_the_command_line(web, db, tmp_path):
    from io import BytesIO

    with Archive.open(db) as archive:
        for form in ("csv", "ris", "bibtex", "jsonl", "csl"):
            stream = BytesIO()
            archive.export(form, stream, now=kit.NOW, query="bromazolam", lexicon=load())
            answer = web.get(f"/export.{form}?q=bromazolam")
            assert answer.content == stream.getvalue()
            assert answer.headers["content-disposition"].startswith('attachment; filename="nps-2026-11-18.')
    assert web.get("/export.exe").status_code == 404


def test_behind_a_proxy_addresses_have_the_root(db, tmp_path):
    copy = tmp_path / "tracker.db"
    shutil.copy(db, copy)
    with kit.client(kit.desk(copy, root_path="/nps")) as web:
        for prefix in ("", "/nps"):  # whether or not the proxy takes the prefix off
            page = web.get(f"{prefix}/search?q=bromazolam")
            assert page.status_code == 200
            assert 'href="/nps/document/' in page.text
            assert 'href="/nps/static/desk.css' in page.text
            assert 'href="/document/' not in page.text
            assert web.get(f"{prefix}/static/desk.css").status_code == 200
        assert web.get("/feeds/all.json").json()["feed_url"].endswith("/nps/feeds/all.json")
