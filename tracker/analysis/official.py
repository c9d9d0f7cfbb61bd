"""Official dates: the packaged file, and the analyst's, whose word wins for the substances it names."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from importlib import resources
from pathlib import Path

from tracker.analysis import weeks
from tracker.analysis.rows import OfficialRow
from tracker.errors import UsageError

# The events that are official dates; the others (first paper, first seizure, notices of intent …) are kept for the
# profile.
OFFICIAL_EVENTS = (
    "eu_ews_formal_notification",
    "unodc_ewa_first_report",
    "cfsre_first_alert",
    "national_first_alert",
    "us_temporary_scheduling",
    "us_permanent_scheduling",
    "un_scheduling",
    "eu_control",
    "uk_control",
)
OTHER_EVENTS = ("first_scientific_paper", "first_seizure_or_sample", "other")
COLUMNS = ("substance", "event", "date", "country_or_body")
CONTROL_EVENTS = tuple(event for event in OFFICIAL_EVENTS if event.endswith(("_scheduling", "_control")))

Official = Mapping[str, tuple[OfficialRow, ...]]


def load_official(
    analyst: Path | None = None, *, canonical: Callable[[str], str] = str
) -> dict[str, tuple[OfficialRow, ...]]:
    """Rows by substance, oldest first. A substance named in the analyst's file has that file's rows only.

    `canonical` turns a name as the analyst writes it into the lexicon's.
    """
    shipped = resources.files("tracker.analysis").joinpath("data/first_reports.csv").read_text(encoding="utf-8")
    rows = by_substance(read_rows(shipped, "first_reports.csv", origin="shipped"))
    if analyst is not None:
        mine = (replace(row, substance=canonical(row.substance)) for row in read_file(analyst))
        rows |= by_substance(mine)
    return rows


def with_control_dates(official: Official) -> dict[str, tuple[OfficialRow, ...]]:
    """The rows; for substances without any the dates of control that the lexicon states (coarse ones from their end).

    Only to know what is no news; the ledger of lead times rests on the official files alone.
    """
    text = resources.files("tracker.lexicon").joinpath("data/control.csv").read_text(encoding="utf-8")
    rows = [
        OfficialRow(
            cells["name"], "other", cells["date"], cells["country"], cells["source"], cells["status"], origin="lexicon"
        )
        for cells in csv.DictReader(io.StringIO(text))
        if cells["date"]
    ]
    return by_substance(rows) | dict(official)


def read_file(path: Path) -> list[OfficialRow]:
    """The rows of one file in the format of the packaged one; UsageError names line and column of each mistake."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as UTF-8 text ({error})") from None
    return read_rows(text, str(path), origin="analyst")


def read_rows(text: str, name: str, *, origin: str) -> list[OfficialRow]:
    """Parse CSV text with the columns substance, event, date, country_or_body, source_url, note, confidence."""
    reader = csv.DictReader(io.StringIO(text))
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise UsageError(f"{name}: line 1: column {missing[0]} is missing; needed are {', '.join(COLUMNS)}")
    rows, mistakes = [], []
    for cells in reader:
        mistake = _mistake(cells)
        if mistake:
            mistakes.append(f"{name}: line {reader.line_num}: {mistake}")
            continue
        rows.append(
            OfficialRow(
                substance=cells["substance"].strip().casefold(),
                event=cells["event"].strip(),
                date=cells["date"].strip(),
                body=cells["country_or_body"].strip(),
                source_url=(cells.get("source_url") or "").strip(),
                note=(cells.get("note") or "").strip(),
                confidence=(cells.get("confidence") or "stated").strip(),
                origin=origin,
            )
        )
    if mistakes:
        raise UsageError("\n".join(mistakes))
    return rows


def by_substance(rows: Iterable[OfficialRow]) -> dict[str, tuple[OfficialRow, ...]]:
    """Group rows by substance, by date within it."""
    grouped: dict[str, list[OfficialRow]] = {}
    for row in rows:
        grouped.setdefault(row.substance, []).append(row)
    return {name: tuple(sorted(mine, key=_by_date)) for name, mine in sorted(grouped.items())}


def official_dates(rows: Iterable[OfficialRow]) -> tuple[OfficialRow, ...]:
    """The official rows proper, each event of one body once: where a coarse date holds a finer one, the finer stays."""
    mine = [row for row in rows if row.event in OFFICIAL_EVENTS]
    return tuple(row for row in mine if not any(_refines(other, row) for other in mine))


def first_official(rows: Iterable[OfficialRow]) -> OfficialRow | None:
    """The earliest official date (a coarse one counts from its first day); None where there is none."""
    return min(official_dates(rows), key=_by_date, default=None)


def known_rows(rows: Iterable[OfficialRow], day: date) -> tuple[OfficialRow, ...]:
    """The rows whose date, however it is read, had come by the day."""
    return tuple(row for row in rows if weeks.period(row.date)[1] <= day)


def _refines(fine: OfficialRow, coarse: OfficialRow) -> bool:
    return len(fine.date) > len(coarse.date) and fine.date.startswith(coarse.date)


def _by_date(row: OfficialRow) -> tuple[date, date, str, str]:
    first, last = weeks.period(row.date)
    return first, last, row.event, row.body


def _mistake(cells: Mapping[str, str | None]) -> str | None:
    for column in COLUMNS[:3]:
        if not (cells.get(column) or "").strip():
            return f"column {column} is empty"
    event, claimed = str(cells["event"]).strip(), str(cells["date"]).strip()
    if event not in OFFICIAL_EVENTS + OTHER_EVENTS:
        return f"column event: {event!r} is unknown; use one of {', '.join(OFFICIAL_EVENTS + OTHER_EVENTS)}"
    try:
        if not re.fullmatch(r"\d{4}(-\d\d){0,2}", claimed):
            raise ValueError
        weeks.period(claimed)
    except ValueError:
        return f"column date: {claimed!r} is no date; write YYYY, YYYY-MM or YYYY-MM-DD"
    return None
