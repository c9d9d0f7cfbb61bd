"""What the web's tests share: a desk over a small archive, a client, a real server, logins. Not a test itself."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker.archive import Archive, people
from tracker.model import Document, FetchState, Source, SourceResult

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
FIRST = datetime(2026, 9, 28, 7, tzinfo=UTC)
PASSWORD = "correct horse battery"
HOSTILE = "<script>alert(1)</script> \"quoted\" & 'single'"

ALERTS = Source(id="alerts", kind="feed", url="https://alerts.example.org/feed", name="Alert Centre", tier="A",
                publisher="Alert Centre", type="official_alert", country="GB", keep="all")  # fmt: skip
NEWS = Source(id="news", kind="feed", url="https://news.example.org/feed", name="Evening News",
              publisher="Evening News", tier="B", type="news")  # fmt: skip
BOARD = Source(id="board", kind="feed", url="https://board.example.org/feed", name="Board", tier="C", type="forum")
SHOP = Source(id="shop", kind="feed", url="https://shop.example.org/feed", name="Shop", tier="C", type="marketing")

SECRET_TEXT = "I took bromazolam and felt awful, two friends died after bromazolam in Leeds"


def documents(week: int) -> list[tuple[Source, list[Document]]]:
    """What each source gives in a week; the last weeks hold what the tests look for."""
    day = f"{FIRST + timedelta(weeks=week):%Y-%m-%d}"
    text = f"Police in Leeds said bromazolam was found in tablets sold as Xanax in week {week}. Two people died."
    given = [
        (NEWS, [_doc(f"n{week}", "https://news.example.org", f"Bromazolam tablets in week {week}", text, day)]),
        (ALERTS, []),
    ]
    if week == 0:
        given[1][1].append(_doc("a0", "https://alerts.example.org", "Alert on protonitazene",
                                "Protonitazene was detected in Dublin. No fentanyl was found.", day))  # fmt: skip
        given.append((BOARD, [_doc("b0", "https://board.example.org", "Question about bromazolam", SECRET_TEXT, day)]))
        given.append((SHOP, [_doc("s0", "https://shop.example.org", "Buy bromazolam powder",
                                  "Buy bromazolam online, fast shipping, best price 50 USD.", day)]))  # fmt: skip
        given[0][1].append(_doc("h0", "javascript:alert(1)//", f"Bromazolam {HOSTILE}",
                                f"Bromazolam was seized. {HOSTILE}", day, url="javascript:alert(1)"))  # fmt: skip
    if week == 6:
        given[1][1].append(_doc("a6", "https://alerts.example.org", "Unknown benzodiazepine fluetazolam",
                                "The powder sold as bromazolam contained fluetazolam. The benzodiazepine fluetazolam "
                                "was confirmed by the laboratory in Cork.", day))  # fmt: skip
        given.append(
            (
                NEWS,
                [
                    _doc(
                        "i6",
                        "https://news.example.org",
                        "Tablets in Ireland",
                        "Bromazolam was found in tablets in Ireland, the health service said.",
                        day,
                    )
                ],
            )
        )
    return given


def _doc(n: str, site: str, title: str, text: str, day: str, url: str | None = None) -> Document:
    return Document(external_id=n, url=url or f"{site}/{n}", title=title, text=text, published=day, precision="day",
                    language="en")  # fmt: skip


def build(path: Path) -> None:
    """Seven weekly collects; in the last a text of the first week is changed."""
    from tracker.lexicon import load
    from tracker.tag import Tagger

    tagger = Tagger(load())
    with Archive.open(path, create=True) as archive:
        for week in range(7):
            now = FIRST + timedelta(weeks=week)
            for source, found in documents(week):
                _store(archive, tagger, source, found, now)
        changed = documents(0)[1][1][0]
        now = FIRST + timedelta(weeks=6, hours=1)
        text = "Protonitazene was detected in Dublin and Cork. No fentanyl was found."
        _store(archive, tagger, ALERTS, [replace(changed, text=text)], now)


def _store(archive: Archive, tagger: Any, source: Source, found: list[Document], now: datetime) -> None:
    tags = [
        tagger.tag(d.text or "", title=d.title, language=d.language, published=d.published, url=d.url,
                   source_type=source.type)
        for d in found
    ]  # fmt: skip
    state = FetchState(source=source.id, last_polled=now, last_ok=now, status="ok")
    result = SourceResult(source, "ok", tuple(found), (), state)
    archive.store(result, tags, now=now, lexicon=tagger.version if hasattr(tagger, "version") else "test")


def desk(db: Path, **changes: Any) -> Any:
    """A desk as `tracker serve` makes it, with a fixed clock."""
    from tracker.analysis.official import load_official
    from tracker.lexicon import load
    from tracker.tag.wire import tags_json
    from tracker.web import Desk

    own = db.with_name("substances.local.csv")
    given = {
        "db": db, "secret": "a secret of the tests, long enough", "now": lambda: NOW,
        "lexicon": lambda: load(own if own.exists() else None), "official": load_official, "tags_json": tags_json,
        "additions": own, "check_additions": load, "searches": {"deaths": "theme:death"},
    }  # fmt: skip
    return Desk(**{**given, **changes})


@contextmanager
def client(made: Any, **how: Any) -> Iterator[Any]:
    """A client of a real server; redirects are not followed."""
    import httpx

    with serving(made) as address, httpx.Client(base_url=address, timeout=30, **how) as web:
        yield web


def add_users(db: Path) -> None:
    """An analyst, another, and a reader, all with one password."""
    from tracker.web.auth import hash_password

    hashed = hash_password(PASSWORD)
    with Archive.open(db) as archive:
        for name, role in (("anna", "analyst"), ("ben", "analyst"), ("rita", "reader")):
            people.add_user(archive, name, role=role, hash=hashed, now=NOW)


def token_of(page: str) -> str:
    """The token that a page's forms bring back."""
    found = re.search(r'data-token="([0-9a-f]+)"', page)
    assert found, "the page has no token"
    return found[1]


def log_in(web: Any, name: str = "anna", password: str = PASSWORD, target: str = "/") -> Any:
    """Through the login page, as a browser does."""
    token = token_of(web.get("/login").text)
    form = {"name": name, "password": password, "token": token, "next": target}
    return web.post("/login", data=form)


@contextmanager
def serving(made: Any) -> Iterator[str]:
    """A real server on a free port of this machine, in a thread; yields its address."""
    import socket
    import threading
    import time

    import uvicorn

    from tracker.web.app import create_app

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(create_app(made), host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        for _ in range(500):
            if server.started:
                break
            time.sleep(0.02)
        assert server.started, "the server did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
