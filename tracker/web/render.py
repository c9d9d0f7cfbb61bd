"""Templates to pages: one environment, its filters, and what every page has."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from starlette.responses import HTMLResponse

from tracker.digest import words
from tracker.errors import TrackerError

if TYPE_CHECKING:
    import jinja2
    from fastapi import Request

    from tracker.archive.people import Decision, User

STATIC = Path(__file__).parent / "static"
NAV = (
    ("/", "This week"), ("/search", "Search"), ("/substances", "Substances"), ("/signals", "Signals"),
    ("/candidates", "Candidates"), ("/sources", "Sources"), ("/about", "About"),
)  # fmt: skip
TIMED = ("/", "/week", "/search", "/document", "/story", "/substance", "/signals", "/export", "/feeds/search")
SYMBOLS: Mapping[str, str] = {"affirmed": "✓", "negated": "✕", "hypothetical": "?"}


def page(request: Request, template: str, **values: Any) -> HTMLResponse:
    """One page. Values of our own win over nothing: a template that misses one fails in the tests."""
    from tracker.web import auth

    root = str(request.scope.get("root_path", ""))
    user = _user(request)
    response = HTMLResponse()
    token = auth.form_token(request, response if values.pop("begin_form", False) else None)
    here = request.url.path.removeprefix(root)
    when = moment(values.get("as_of"))
    shared = {
        "url": lambda path, *pairs, **query: address(root, path, *pairs, **_then(when, path, pairs, query)),
        "static": lambda name: f"{root}/static/{name}?v={fingerprint(name)}",
        "user": user, "may_decide": user is not None and user.role == "analyst", "token": token, "nav": NAV,
        "here": here, "here_full": here + (f"?{request.url.query}" if request.url.query else ""),
        "feed": None, "as_of": None, "timed": is_timed(here), "may_undo": _may_undo(request, user),
        "here_pairs": [(k, v) for k, v in request.query_params.multi_items() if k not in ("as_of", "cursor") and v],
    }  # fmt: skip
    content = environment().get_template(template).render({**shared, **values})
    response.body = content.encode("utf-8", "replace")
    response.headers["content-length"] = str(len(response.body))
    return response


def is_timed(path: str) -> bool:
    """Whether the page at `path` can be shown as of a past moment."""
    return path == "/" or any(path == start or path.startswith((f"{start}/", f"{start}.")) for start in TIMED[1:])


def _then(when: str | None, path: str, pairs: Sequence[Any], query: dict[str, object]) -> dict[str, object]:
    """The query of a link; who looks at the past stays there."""
    if when is None or "as_of" in query or not is_timed(path.partition("#")[0].partition("?")[0]):
        return query
    given = any(name == "as_of" for some in pairs for name, _ in some)
    return query if given or "as_of=" in path else {**query, "as_of": when}


def _may_undo(request: Request, user: User | None) -> Callable[[Decision], bool]:
    """Whether the one who looks may take a decision back: one's own of the last twenty. Asked for only where shown."""
    found: list[set[int]] = []

    def may_undo(decision: Decision) -> bool:
        if user is None or user.role != "analyst" or decision.who != user.name:
            return False
        if not found:
            from tracker.archive import people

            found.append({d.id for d in people.own_decisions(request.app.state.desk.archive(), user.name)})
        return decision.id in found[0]

    return may_undo


def _user(request: Request) -> User | None:
    """Who asks; nobody where the archive cannot be read, for then this is the page that says so."""
    from tracker.web import auth

    try:
        return auth.who(request)
    except TrackerError:
        return None


def address(root: str, path: str, *pairs: Sequence[tuple[str, str]], **query: object) -> str:
    """An address of our own: `path` below the root, with parameters; those that are None are left out."""
    found = [pair for some in pairs for pair in some] + [(k, str(v)) for k, v in query.items() if v is not None]
    return root + path + (f"?{urlencode(found)}" if found else "")


@lru_cache(maxsize=16)
def fingerprint(name: str) -> str:
    """Of a file of ours, so that browsers may keep it for good."""
    return hashlib.blake2b((STATIC / name).read_bytes(), digest_size=6).hexdigest()


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """Everything is escaped; what is missing is an error."""
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.PackageLoader("tracker.web"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {
        "day": day, "minute": minute, "moment": moment, "typed": typed, "claimed": words.claimed, "out": out,
        "label": label, "plain": plain_number, "quoted": lambda text: quote(str(text), safe=""), "clip": words.clip,
        "number": words.number,
    }  # fmt: skip
    made.globals |= {
        "grades": words.GRADES, "doctypes": words.DOCTYPES, "events": words.EVENTS, "symbols": SYMBOLS,
        "week_span": words.week_span,
    }  # fmt: skip
    return made


def day(moment: datetime | str | None) -> str:
    """`18 Nov 2026` in UTC, of a moment or a stamp."""
    return words.day(_moment(moment)) if moment else "never"


def minute(moment: datetime | str | None) -> str:
    """`18 Nov 2026, 07:00 UTC`."""
    found = _moment(moment) if moment else None
    return f"{words.day(found)}, {found.astimezone(UTC):%H:%M} UTC" if found else "never"


def typed(when: datetime | None) -> str:
    """As a field for date and time takes it."""
    return f"{when:%Y-%m-%dT%H:%M}" if when else ""


def moment(when: datetime | None) -> str | None:
    """As a parameter of an address."""
    return f"{when:%Y-%m-%dT%H:%M:%SZ}" if when else None


def _moment(moment: datetime | str) -> datetime:
    return datetime.fromisoformat(moment) if isinstance(moment, str) else moment


def out(url: str | None) -> str | None:
    """An address that may be linked to: http and https only."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def label(word: str | None) -> str:
    """`designer benzodiazepine` for `designer_benzodiazepine`."""
    return (word or "").replace("_", " ")


def plain_number(value: float) -> str:
    """`2` for 2.0, else one decimal."""
    return f"{value:.0f}" if value == int(value) else f"{value:.1f}"
