"""Decisions of people: marking, undoing, candidates into the lexicon, what decisions say of sources; and the verbs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import web_kit as kit

from tracker.archive import Archive, people
from tracker.errors import UsageError
from tracker.lexicon import load
from tracker.tag import Tagger


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    path = tmp_path_factory.mktemp("web") / "tracker.db"
    kit.build(path)
    kit.add_users(path)
    return path


@pytest.fixture
def db(template, tmp_path):
    with Archive.open(template) as archive:
        archive.backup(tmp_path / "tracker.db")
    return tmp_path / "tracker.db"


@pytest.fixture
def web(db):
    with kit.client(kit.desk(db)) as made:
        kit.log_in(made)
        yield made


def token(web):
    return kit.token_of(web.get("/about").text)


def decide(web, subject, verdict, **more):
    return web.post(
        "/decide", data={"subject": subject, "verdict": verdict, "token": token(web), "next": "/about", **more}
    )


def test_a_mark_has_name_and_time_and_is_seen_by_those_who_are_logged_in(db, web):
    assert decide(web, "document:1", "important").headers["location"] == "/about"
    page = web.get("/document/1").text
    assert "<strong>important</strong>" in page
    assert "anna, 18 Nov 2026, 09:00 UTC" in page
    with kit.client(kit.desk(db)) as other:
        assert "anna" not in other.get("/document/1").text


def test_the_pages_script_gets_an_answer_in_json(web):
    answer = web.post(
        "/decide",
        data={"subject": "story:1", "verdict": "read", "token": token(web)},
        headers={"accept": "application/json"},
    )
    assert answer.json() == {"id": 1, "subject": "story:1", "verdict": "read", "who": "anna"}


def test_decisions_survive_a_retag(db, web):
    decide(web, "document:1", "not_relevant", note="a rerun")
    with Archive.open(db) as archive:
        archive.retag(Tagger(load()), now=kit.NOW)
        found = people.standing(archive, ["document:1"])["document:1"]
    assert [(d.verdict, d.note, d.who) for d in found] == [("not_relevant", "a rerun", "anna")]


def test_nothing_is_lost_when_many_decide_at_once(db):
    def one(n: int) -> int:
        with Archive.open(db) as archive:
            return people.decide(archive, f"document:{n % 12 + 1}", "read", who=f"p{n % 4}", now=kit.NOW)

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(one, range(80)))
    assert len(set(numbers)) == 80
    with Archive.open(db) as archive:
        assert len(list(people.all_decisions(archive))) == 80


def test_the_last_twenty_decisions_can_be_undone_and_no_others(db, web):
    with Archive.open(db) as archive:
        numbers = [people.decide(archive, "document:1", "read", who="anna", now=kit.NOW) for _ in range(22)]
        other = people.decide(archive, "document:1", "important", who="ben", now=kit.NOW)
    for number, status in ((numbers[0], 400), (numbers[1], 400), (other, 400), (numbers[2], 303), (numbers[2], 400)):
        answer = web.post("/undo", data={"id": number, "token": token(web)})
        assert answer.status_code == status, number
    with Archive.open(db) as archive:
        assert numbers[2] not in {d.id for d in people.standing(archive, ["document:1"])["document:1"]}
        assert len(people.own_decisions(archive, "anna")) == people.UNDOABLE


def test_a_wrong_tag_keeps_the_rule_that_made_it(db, web):
    with Archive.open(db) as archive:
        tag = archive.document(1).tags.themes[0]
    decide(web, "document:1", "wrong_tag", tag=f"theme:{tag.theme}", note="no")
    with Archive.open(db) as archive:
        (found,) = people.all_decisions(archive)
    assert (found.detail["theme"], found.detail["rule"]) == (tag.theme, tag.rule)


def test_precision_counts_the_newest_verdict_on_each_document(db):
    with Archive.open(db) as archive:
        for number, verdict in ((1, "important"), (6, "not_relevant"), (7, "not_relevant"), (7, "read"), (3, "read")):
            people.decide(archive, f"document:{number}", verdict, who="anna", now=kit.NOW)
        assert [(p.name, p.month, p.right, p.judged) for p in people.precision_of_sources(archive)] == [
            ("alerts", "2026-11", 1, 1), ("news", "2026-11", 2, 3),
        ]  # fmt: skip
        last = people.own_decisions(archive, "anna")[1]
        people.undo(archive, last.id, who="anna", now=kit.NOW)  # document 7 is not relevant again
        assert [p.right for p in people.precision_of_sources(archive)] == [1, 1]


def test_precision_of_a_rule_falls_with_a_wrong_tag(db):
    with Archive.open(db) as archive:
        tags = archive.document(1).tags.themes
        name = f"{tags[0].theme}: {tags[0].rule}"
        people.decide(archive, "document:1", "read", who="anna", now=kit.NOW)
        before = {p.name: (p.right, p.judged) for p in people.precision_of_rules(archive)}
        detail = {"theme": tags[0].theme, "rule": tags[0].rule}
        people.decide(archive, "document:1", "wrong_tag", who="ben", now=kit.NOW, detail=detail)
        after = {p.name: (p.right, p.judged) for p in people.precision_of_rules(archive)}
    assert (before[name], after[name]) == ((1, 1), (0, 1))
    assert {k: v for k, v in before.items() if k != name} == {k: v for k, v in after.items() if k != name}


def test_decisions_are_exported_without_formulas(db, web):
    decide(web, "document:1", "note", note="=HYPERLINK()")
    csv = web.get("/decisions.csv").text
    assert "'=HYPERLINK()" in csv
    (row,) = web.get("/decisions.json").json()["items"]
    assert (row["subject"], row["verdict"], row["note"], row["who"]) == ("document:1", "note", "=HYPERLINK()", "anna")
    assert "Precision of sources" in web.get("/decisions").text


# --- candidates ------------------------------------------------------------------------------------------------------


def candidate(web, verdict, **more):
    form = {"candidate": "fluetazolam", "verdict": verdict, "token": token(web), **more}
    return web.post("/candidates", data=form)


def retag(db):
    own = db.with_name("substances.local.csv")
    with Archive.open(db) as archive:
        archive.retag(Tagger(load(own if own.exists() else None)), now=kit.NOW)
        tags = archive.document(12).tags
    return {s.name for s in tags.substances}, {c.surface for c in tags.candidates}


def test_an_unknown_name_becomes_a_substance_that_retag_finds(db, web):
    assert "<h2>fluetazolam</h2>" in web.get("/candidates").text
    answer = candidate(web, "new_substance", name="Fluetazolam", cls="designer_benzodiazepine")
    assert answer.status_code == 303
    assert retag(db) == ({"bromazolam", "fluetazolam"}, set())
    assert "fluetazolam" not in web.get("/candidates").text
    assert web.get("/substance/fluetazolam").status_code == 200


def test_an_unknown_name_becomes_another_name(db, web):
    candidate(web, "alias", name="flutazolam")
    assert "flutazolam" in retag(db)[0]


def test_a_name_that_is_no_substance_never_comes_up_again(db, web):
    candidate(web, "never", note="a trade name")
    substances, unknown = retag(db)
    assert "fluetazolam" not in substances | unknown
    assert "fluetazolam" not in web.get("/candidates").text


def test_undoing_takes_the_name_out_of_the_lexicon(db, web):
    for verdict, more in (("new_substance", {"cls": "nitazene"}), ("alias", {"name": "flutazolam"}), ("never", {})):
        assert candidate(web, verdict, **more).status_code == 303
        assert load(db.with_name("substances.local.csv")).find("fluetazolam") is not None
        with Archive.open(db) as archive:
            last = people.own_decisions(archive, "anna")[0]
        assert web.post("/undo", data={"id": last.id, "token": token(web)}).status_code == 303
        assert load(db.with_name("substances.local.csv")).find("fluetazolam") is None
        assert "<h2>fluetazolam</h2>" in web.get("/candidates").text


@pytest.mark.parametrize(
    "more",
    [
        {"verdict": "alias", "name": "no such"}, {"verdict": "new_substance", "cls": "fun"}, {"verdict": "love"},
        {"verdict": "never", "candidate": "a|b"}, {"verdict": "never", "candidate": ""},
    ],
)  # fmt: skip
def test_a_candidate_decided_badly_changes_nothing(db, web, more):
    form = {"candidate": "fluetazolam", "token": token(web), **more}
    assert web.post("/candidates", data=form).status_code == 400
    assert not db.with_name("substances.local.csv").exists()
    with Archive.open(db) as archive:
        assert list(people.all_decisions(archive)) == []


# --- the verbs -------------------------------------------------------------------------------------------------------


def tracker(db, *words, stdin="", **environ):
    return subprocess.run(
        [sys.executable, "-m", "tracker", "--db", str(db), *words], input=stdin, capture_output=True, text=True,
        timeout=60, cwd=db.parent, env={**os.environ, **environ}, check=False,
    )  # fmt: skip


def test_users_are_added_listed_and_removed(db):
    assert tracker(db, "user", "add", "Dora", "--role", "reader", stdin="long enough words\n").returncode == 0
    rows = json.loads(tracker(db, "user", "list", "--format", "json").stdout)
    assert ("dora", "reader") in {(row["name"], row["role"]) for row in rows}
    assert tracker(db, "user", "add", "dora", stdin="long enough words\n").returncode == 2
    short = tracker(db, "user", "password", "dora", stdin="short\n")
    assert (short.returncode, "at least" in short.stderr) == (2, True)
    assert tracker(db, "user", "remove", "dora").returncode == 0
    assert tracker(db, "user", "remove", "dora").returncode == 2
    with Archive.open(db) as archive:
        assert {"user added", "user removed"} <= {row[2] for row in people.audit_rows(archive)}


@pytest.mark.parametrize("name", ["", "a b", "x" * 61, "a\nb"])
def test_names_of_users_are_plain(db, name):
    with Archive.open(db) as archive, pytest.raises(UsageError, match="cannot be a user"):
        people.add_user(archive, name, role="reader", hash="x", now=kit.NOW)


def test_serving_other_machines_needs_a_secret_and_a_user(db, tmp_path):
    refused = tracker(db, "serve", "--host", "0.0.0.0", "--port", "0", TRACKER_WEB_SECRET="")
    assert refused.returncode == 2
    assert "TRACKER_WEB_SECRET" in refused.stderr
    empty = tmp_path / "empty.db"
    Archive.open(empty, create=True).close()
    refused = tracker(empty, "serve", "--host", "0.0.0.0", "--port", "0", TRACKER_WEB_SECRET="x" * 32)
    assert (refused.returncode, "nobody can log in" in refused.stderr) == (2, True)
    short = tracker(db, "serve", TRACKER_WEB_SECRET="x")
    assert (short.returncode, "too short" in short.stderr) == (2, True)


def test_a_server_ends_well_when_it_is_told_to(db):
    command = [sys.executable, "-m", "tracker", "--db", str(db), "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=db.parent) as server:
        address = server.stderr.readline().split()[0]
        assert address.startswith("http://127.0.0.1:")
        import httpx

        assert httpx.get(address + "about", timeout=30).status_code == 200
        server.terminate()
        assert server.wait(20) == 0


def test_a_port_that_is_taken_is_wrong_usage(db):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = tracker(db, "serve", "--port", str(taken.getsockname()[1]))
    assert (refused.returncode, "choose another --port" in refused.stderr) == (2, True)


def test_serving_a_missing_archive_is_wrong_usage(tmp_path):
    refused = tracker(tmp_path / "none.db", "serve")
    assert (refused.returncode, "no archive" in refused.stderr) == (2, True)


def test_the_desk_follows_an_archive_that_was_replaced(template, db):
    made = kit.desk(db)
    assert made.archive().count_documents() == 13
    empty = db.with_name("empty.db")
    Archive.open(empty, create=True).close()
    for rest in ("-wal", "-shm"):
        db.with_name(db.name + rest).unlink(missing_ok=True)
    shutil.move(empty, db)
    assert made.archive().count_documents() == 0
