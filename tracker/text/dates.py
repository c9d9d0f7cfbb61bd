"""Dates as claimed: cut to the precision given, impossible ones refused, seasons and ranges kept whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from re import Match, Pattern

from tracker.model import Precision

_YEARS = range(1500, 2200)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
            "sep sept september", "oct october", "nov november", "dec december",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_MON = r"(?P<mon>[A-Za-z]{3,9})\.?"
_SEASON = r"spring|summer|autumn|fall|winter|easter|christmas"
# Hours from UTC of the zone names that feeds use (RFC 822 and the common European ones).
_ZONES = {
    "UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6,
    "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10, "BST": 1, "WEST": 1, "CET": 1, "CEST": 2, "MEZ": 1,
    "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3, "IST": 5.5, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "ACST": 9.5,
    "ACDT": 10.5, "AWST": 8, "NZST": 12, "NZDT": 13, "NST": -3.5, "NDT": -2.5, "AST": -4, "ADT": -3,
}  # fmt: skip
_ZONE = r"(?P<zone>[+-]\d{1,2}:?\d{2}|[+-]\d{1,2}|[A-Za-z]{1,5})?"
_TIME = r"(?P<h>\d{1,2}):(?P<mi>\d{2})(?::(?P<s>\d{2})(?:[.,]\d+)?)?\s*(?P<ap>[AaPp]\.?[Mm]\.?)?"


@dataclass(frozen=True, slots=True)
class ClaimedDate:
    """A date as a source claims it: `value` is `YYYY`, `YYYY-MM`, `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM:SSZ`.

    `whole` holds the source's words where they say more than the value (a season, a range).
    """

    value: str
    precision: Precision
    whole: str | None = None


# Tried for dates in words: all that dateparser knows take three times as long.
_LANGUAGES = ("en de fr es it pt nl sv da nb fi pl cs sk hu ro el ru uk bg hr sl et lv lt tr ja zh ko ar he fa").split()
_TRIES = 100  # dates of one payload that may fail the slow way


def parse_date(
    s: str | None, formats: Sequence[str] = (), *, languages: Sequence[str] = (), words: bool = True
) -> ClaimedDate | None:
    """Return the date that `s` claims, or None when it has none or an impossible one (31 June, month 13).

    `formats` are strptime formats tried first (a listing's own). Moments are moved to UTC; one without a zone counts as
    UTC. Words in other languages go through dateparser, last and strictly; `languages` narrows it, `words=False`
    leaves it out (it takes 20 ms where the rest takes microseconds).
    """
    text = " ".join((s or "").split())[:200].strip(" ,;|")
    if not text or not any(c.isdigit() for c in text):
        return None
    for pattern in formats:
        if found := _by_format(text, pattern):
            return found
    for shape, read in _SHAPES:
        if match := shape.fullmatch(text):
            found = read(match)
            return found if found or not words or shape not in _MAY_BE_FOREIGN else _in_words(text, tuple(languages))
    return _in_words(text, tuple(languages)) if words else None


class DateReader:
    """`parse_date` for the many dates of one payload: after 100 that were none, the slow way is no longer tried."""

    def __init__(self, formats: Sequence[str] = (), languages: Sequence[str] = ()) -> None:
        self._formats, self._languages, self._failed = formats, languages, 0

    def __call__(self, s: str | None) -> ClaimedDate | None:
        found = parse_date(s, self._formats, languages=self._languages, words=self._failed < _TRIES)
        self._failed += bool(s) and found is None
        return found


_INSIDE = re.compile(
    r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{4}\b|"
    r"\b\d{1,2}(?:st|nd|rd|th|er|\.)?\s+(?:of\s+|de\s+|d[eo]\s+)?[^\W\d_]{3,12}\.?,?\s+(?:de\s+)?\d{4}\b|"
    r"\b[^\W\d_]{3,12}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4}\b|\b[^\W\d_]{3,12}\.?\s+\d{4}\b"
)


def find_date(s: str | None, read: Callable[[str], ClaimedDate | None] | None = None) -> ClaimedDate | None:
    """Return the first date that stands inside longer words ("Published on 3 June 2024 by the agency"), or None.

    `read` reads each candidate (a DateReader where there are many).
    """
    for match in _INSIDE.finditer((s or "")[:2000]):
        if found := (read or parse_date)(match[0]):
            return found
    return None


def of_parts(
    year: int, month: int | None = None, day: int | None = None, *, whole: str | None = None
) -> ClaimedDate | None:
    """Return the date of numeric parts, None when they are impossible."""
    if year not in _YEARS:
        return None
    if month is None:
        return ClaimedDate(f"{year:04}", "year", whole)
    try:
        datetime(year, month, day or 1)
    except ValueError:
        return None
    if day is None:
        return ClaimedDate(f"{year:04}-{month:02}", "month", whole)
    return ClaimedDate(f"{year:04}-{month:02}-{day:02}", "day", whole)


def of_moment(moment: datetime) -> ClaimedDate | None:
    """Return an aware or UTC-naive moment with precision `time`."""
    try:
        utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (OverflowError, ValueError):
        return None
    return ClaimedDate(utc.strftime("%Y-%m-%dT%H:%M:%SZ"), "time") if utc.year in _YEARS else None


def _by_format(text: str, pattern: str) -> ClaimedDate | None:
    try:
        moment = datetime.strptime(re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", "", text), pattern)
    except ValueError:
        return None
    if "%H" in pattern or "%I" in pattern or "%c" in pattern:
        return of_moment(moment)
    if "%d" in pattern or "%j" in pattern or "%x" in pattern:
        return of_parts(moment.year, moment.month, moment.day)
    return of_parts(moment.year, moment.month) if re.search("%[mbB]", pattern) else of_parts(moment.year)


def _month(name: str) -> int | None:
    return _MONTHS.get(name.lower().rstrip("."))


def _offset(zone: str | None) -> timezone | None:
    """Return the zone, UTC when none or an unknown name is given; None when the numbers are impossible."""
    if not zone:
        return UTC
    if zone[0] in "+-":
        digits = zone[1:].replace(":", "")
        hours, minutes = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits), 0)
        if hours > 15 or minutes > 59:
            return None
        return timezone((1 if zone[0] == "+" else -1) * timedelta(hours=hours, minutes=minutes))
    return timezone(timedelta(hours=_ZONES.get(zone.upper(), 0)))


def _with_time(match: Match[str], year: int, month: int, day: int) -> ClaimedDate | None:
    parts = match.groupdict()
    if parts.get("h") is None:
        return of_parts(year, month, day)
    hour, minute, second = int(parts["h"]), int(parts["mi"] or 0), min(int(parts.get("s") or 0), 59)
    if half := (parts.get("ap") or "").lower():
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half[0] == "p" else 0)
    zone = _offset(parts.get("zone"))
    if zone is None or hour > 24 or (hour == 24 and (minute or second)):
        return None
    try:
        moment = datetime(year, month, day, hour % 24, minute, second, tzinfo=zone)
        return of_moment(moment + timedelta(days=hour // 24))
    except (ValueError, OverflowError):
        return None


def _numeric(match: Match[str]) -> ClaimedDate | None:
    year, month, day = match["y"], match["m"], match["d"]
    if day is None and month and int(month) == (int(year) + 1) % 100 > 12:
        return of_parts(int(year), whole=match.string)  # 2024/25 is a range of years
    if day is None:
        return of_parts(int(year), int(month)) if month else of_parts(int(year))
    return _with_time(match, int(year), int(month), int(day))


def _month_first(match: Match[str]) -> ClaimedDate | None:
    return of_parts(int(match["y"]), int(match["m"]))


def _day_first(match: Match[str]) -> ClaimedDate | None:
    """Numbers with the day first, unless only the other order is possible."""
    day, month = int(match["d"]), int(match["m"])
    if month > 12 >= day and match["sep"] == "/":
        day, month = month, day
    return _with_time(match, _full_year(match["y"]), month, day)


def _full_year(digits: str) -> int:
    year = int(digits)
    if len(digits) > 2:
        return year
    return year + (2000 if year < 69 else 1900)


def _named(match: Match[str]) -> ClaimedDate | None:
    month = _month(match["mon"])
    if month is None:
        return None
    return _with_time(match, _full_year(match["y"]), month, int(match["d"]))


def _named_month(match: Match[str]) -> ClaimedDate | None:
    month = _month(match["mon"])
    return of_parts(int(match["y"]), month) if month else None


def _range(match: Match[str]) -> ClaimedDate | None:
    month = _month(match["mon"])
    return of_parts(int(match["y"]), month, whole=match.string) if month else None


def _year_only(match: Match[str]) -> ClaimedDate | None:
    return of_parts(int(match["y"]), whole=match.string)


_ORDINAL = r"(?:st|nd|rd|th|\.|º)?"
_WEEKDAY = r"(?:[A-Za-z]{2,9}\.?,?\s*)?"
_TAIL = rf"(?:,?\s*(?:at\s+|-\s+|T)?{_TIME}\s*{_ZONE}(?:\s*\([^)]*\))?)?"
_SOURCES: tuple[tuple[str, Callable[[Match[str]], ClaimedDate | None]], ...] = (
    (rf"(?P<y>\d{{4}})(?:[-/.](?P<m>\d{{1,2}})(?:[-/.](?P<d>\d{{1,2}})(?:[T ]\s*{_TIME}\s*{_ZONE})?)?)?", _numeric),
    (rf"(?P<y>\d{{4}})-(?P<m>\d{{2}})-(?P<d>\d{{2}})T(?P<h>\d{{2}})(?P<mi>)(?P<s>)\s*{_ZONE}", _numeric),
    (
        rf"(?P<y>\d{{4}})(?P<m>\d{{2}})(?P<d>\d{{2}})(?:T?(?P<h>\d{{2}})(?P<mi>\d{{2}})(?P<s>\d{{2}})?{_ZONE})?",
        _numeric,
    ),
    (rf"(?P<d>\d{{1,2}})(?P<sep>[./-])(?P<m>\d{{1,2}})(?P=sep)(?P<y>\d{{4}}|\d{{2}}){_TAIL}", _day_first),
    (rf"{_WEEKDAY}(?P<d>\d{{1,2}}){_ORDINAL}[\s-]*(?:of\s+)?{_MON},?[\s-]*(?P<y>\d{{4}}|\d{{2}}){_TAIL}", _named),
    (rf"{_WEEKDAY}{_MON}\s*(?P<d>\d{{1,2}}){_ORDINAL},?\s+(?P<y>\d{{4}}){_TAIL}", _named),
    (rf"{_WEEKDAY}{_MON}\s+(?P<d>\d{{1,2}})\s+{_TIME}\s+{_ZONE}\s*(?P<y>\d{{4}})", _named),
    (rf"(?P<y>\d{{4}})[\s-]{_MON}[\s-](?P<d>\d{{1,2}}){_TAIL}", _named),
    (rf"(?P<y>\d{{4}})\s+{_MON}(?:\s*\d{{1,2}})?\s*[-–/]\s*[A-Za-z]{{3,9}}.*", _range),
    (rf"(?P<y>\d{{4}})\s+{_MON}\s*\d{{1,2}}\s*[-–]\s*(?:[A-Za-z]{{3,9}}\s*)?\d{{1,2}}", _range),
    (r"(?P<m>\d{1,2})[./](?P<y>\d{4})", _month_first),
    (rf"{_MON}\s+(?P<y>\d{{4}})\s*[-–]\s*[A-Za-z]{{3,9}}\.?\s+\d{{4}}", _range),
    (rf"{_MON}\s*[-–/]\s*[A-Za-z]{{3,9}}\.?,?\s+(?P<y>\d{{4}})", _range),
    (r"(?P<y>\d{4})\s*[-–/]\s*(?:\d{4}|\d{2})", _year_only),
    (rf"(?i:(?P<y>\d{{4}})[\s,-]*(?:{_SEASON}|q[1-4])(?:\s*[-–/]\s*\w+)?)", _year_only),
    (rf"(?i:(?:{_SEASON}|q[1-4])(?:\s*[-–/]\s*[a-z]+)?,?\s+(?P<y>\d{{4}})(?:[-–/]\d{{2,4}})?)", _year_only),
    (rf"{_MON},?[\s-]+(?P<y>\d{{4}})", _named_month),
    (rf"(?P<y>\d{{4}})[\s-]{_MON}", _named_month),
)
_SHAPES: tuple[tuple[Pattern[str], Callable[[Match[str]], ClaimedDate | None]], ...] = tuple(
    (re.compile(source), read) for source, read in _SOURCES
)


# Shapes with a month in letters: what is no English month may be one of another language.
_MAY_BE_FOREIGN = frozenset(shape for shape, read in _SHAPES if read in (_named, _named_month))


@lru_cache(maxsize=4096)
def _in_words(text: str, languages: tuple[str, ...]) -> ClaimedDate | None:
    """Ask dateparser, which knows month names in many languages; relative words ("yesterday") are no claimed date."""
    if not re.search(r"\d{4}", text) or len(text) > 80 or re.search(r"\d-?W\d", text):
        return None
    import warnings

    import dateparser

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        moment = dateparser.parse(
            text,
            languages=[code for code in languages if code in _LANGUAGES] or _LANGUAGES,
            settings={
                "STRICT_PARSING": False,
                "REQUIRE_PARTS": ["month", "year"],
                "PREFER_DAY_OF_MONTH": "first",
                "RETURN_AS_TIMEZONE_AWARE": True,
                "TIMEZONE": "UTC",
                "TO_TIMEZONE": "UTC",
                "DATE_ORDER": "DMY",
                "PARSERS": ["absolute-time"],
                "RELATIVE_BASE": datetime(2000, 1, 1),
            },
        )
    if moment is None or str(moment.year) not in text:
        return None
    if re.search(r"\d:\d\d", text):
        return of_moment(moment)
    days = re.sub(r"\d{4}", "", text, count=1)
    return of_parts(moment.year, moment.month, moment.day if re.search(r"\d", days) else None)
