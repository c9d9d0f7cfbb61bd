"""What became of a fetch, decided from plain values: the statuses of the contract and the reasons beside them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from tracker.model import Payload, SourceStatus

REFUSAL_REST = timedelta(days=1)  # a source that says no is asked at most once a day
_LONGEST_REST = timedelta(days=30)  # nobody means more than that with Retry-After
_TOO_MANY_REST = timedelta(minutes=10)  # after a 429 that does not say how long

HTML_KINDS = frozenset({"listing", "watch"})
_EMPTY_404 = frozenset({"openfda", "federal_register"})  # both answer 404 when nothing matches
_REFUSALS = {
    401: "asks for a login or key (401)",
    403: "refuses us (403)",
    406: "refuses this kind of client (406)",
    407: "the proxy asks for a login (407)",
    451: "refuses for legal reasons (451)",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`status` None: the payload is to be read. `not_before`: when the source may be asked again at the earliest."""

    status: SourceStatus | None
    error: str | None = None
    not_before: datetime | None = None


_READ = Verdict(None)


def judge(payload: Payload, *, kind: str, asked_conditionally: bool, html_due: bool, now: datetime) -> Verdict:
    """Decide what an answer means before anything is read in it."""
    code = payload.status
    if is_challenge(payload, html_due=html_due):
        return refused(f"a challenge or block page came instead of content ({code})", payload, now)
    if code == 304:
        if asked_conditionally:
            return Verdict("not_modified")
        return Verdict("error", "304 Not Modified came though nothing was asked conditionally")
    if code in _REFUSALS:
        return refused(f"the server {_REFUSALS[code]}", payload, now)
    if code in (404, 410):
        if code == 404 and kind in _EMPTY_404:
            return Verdict("empty")
        return Verdict("gone", f"the address no longer exists ({code}); look for the source's new one")
    if code in (204, 205):
        return Verdict("empty")
    if code in (429, 503):
        return _held(payload, now)
    if not 200 <= code < 300:
        return Verdict("error", f"the server answered {code}{_said(payload)}")
    if not payload.body.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        return Verdict("empty")
    return _READ


def refused(error: str, payload: Payload | None, now: datetime) -> Verdict:
    """A refusal: blocked, and asked again in a day (or later where the server says so)."""
    rest = retry_after(payload.headers.get("retry-after") if payload else None, now=now)
    return Verdict("blocked", error, max(filter(None, (now + REFUSAL_REST, rest))))


def _held(payload: Payload, now: datetime) -> Verdict:
    until = retry_after(payload.headers.get("retry-after"), now=now)
    why = "too many requests (429)" if payload.status == 429 else "the service is unavailable (503)"
    if until is None:
        return Verdict("error", why, now + _TOO_MANY_REST if payload.status == 429 else None)
    return Verdict("error", f"{why}; asked to wait until {until:%Y-%m-%dT%H:%M:%SZ}", until)


def retry_after(header: str | None, *, now: datetime) -> datetime | None:
    """The moment a Retry-After header names (seconds or an HTTP date), None when there is none or it is past.

    More than 30 days is taken as 30 days.
    """
    value = (header or "").strip()
    if not value:
        return None
    until: datetime
    if re.fullmatch(r"\d+(\.\d*)?", value, re.ASCII):
        seconds = min(float(value[:15]), _LONGEST_REST.total_seconds())
        until = now + timedelta(seconds=seconds)
    else:
        try:
            until = parsedate_to_datetime(value)
            until = until.replace(tzinfo=UTC) if until.tzinfo is None else until.astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return min(until, now + _LONGEST_REST) if until > now else None


def status_of(*, failed: SourceStatus | None, not_modified: bool, items: int) -> SourceStatus:
    """The status of a whole poll from what happened in it."""
    if failed is not None:
        return failed
    if not_modified:
        return "not_modified"
    return "ok" if items else "empty"


# --- pages that refuse -----------------------------------------------------------------------------------------------

# Titles that only challenge and block pages have, by the product that writes them.
_TITLES = re.compile(
    rb"<title[^>]*>\s*(?:just a moment|attention required|access denied|access to this page has been denied|"
    rb"pardon our interruption|one more step|please wait\.\.\. \| cloudflare|checking your browser|ddos-guard|"
    rb"security check|request rejected|request access|forbidden|403 |error 403|blocked|you have been blocked|"
    rb"are you a robot|robot check|human verification|verify you are human|bot verification|client challenge|"
    rb"making sure you|sucuri website firewall|vercel security checkpoint|whoa there|reddit - prove your humanity|"
    rb"validation request|captcha)",
    re.IGNORECASE,
)
# Machinery that only a challenge page loads (a page behind such a service carries other scripts of it).
_MACHINERY = re.compile(
    rb"cf-chl-|_cf_chl_opt|/cdn-cgi/challenge-platform/h/[bg]/orchestrate|cf-browser-verification|_incapsula_resource\?"
    rb"(?:cwudnsai|swudnsai)|request unsuccessful\. incapsula|captcha-delivery\.com|px-captcha|awswafcaptcha|"
    rb"gokuprops|ak_bmsc_challenge|the requested url was rejected\. please consult|whoa there, pardner|"
    rb"enable javascript and cookies to continue|anubis_challenge|id=\"sec-if-cpt-container\"",
    re.IGNORECASE,
)
_HTML = re.compile(
    rb"\s*(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*(?:<!doctype\s+html|<html|<head|<body|<title)", re.I | re.S
)
_LONG_PAGE = 60_000  # bytes; refusals are short, real pages that carry a service's script are mostly not


def is_html(body: bytes) -> bool:
    """Whether a body is an HTML page by its beginning."""
    return _HTML.match(body[:4096]) is not None


def is_challenge(payload: Payload, *, html_due: bool) -> bool:
    """Whether an answer is a challenge or block page: by its headers, its title or what it loads."""
    headers = payload.headers
    if headers.get("cf-mitigated") == "challenge" or headers.get("x-amzn-waf-action") in ("challenge", "captcha"):
        return True
    if not is_html(payload.body):
        return False
    head = payload.body[:_LONG_PAGE]
    if _TITLES.search(head[:8192]):
        return not html_due or len(payload.body) < _LONG_PAGE
    return bool(_MACHINERY.search(head)) and (not html_due or len(payload.body) < _LONG_PAGE)


def _said(payload: Payload) -> str:
    """What the server says about its refusal, in a few words, when it says it in plain text or JSON."""
    if is_html(payload.body) or not payload.body.strip():
        return ""
    words = " ".join(payload.body[:400].decode("utf-8", "replace").split())
    words = "".join(c for c in words if c.isprintable())
    return f": {words[:160]}"
