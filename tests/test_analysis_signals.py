"""Signals from hand-made weeks: what is raised, and above all what is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tracker.analysis import weeks
from tracker.analysis.rows import (
    Before,
    CandidateBefore,
    CandidateRow,
    DocumentRow,
    OfficialRow,
    Series,
    Span,
    SubstanceRow,
    ThemeRow,
    WeekFacts,
)
from tracker.analysis.signals import first_named, signals, voices, why_known

WEEK = "2026-W40"
START = weeks.start_of(WEEK)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PLACE = Span("text", 0, 9)


def substance(name: str = "newazolam", *, finding: bool = True, nps: bool = True, **changes: Any) -> SubstanceRow:
    base = SubstanceRow(name, "designer_benzodiazepine", nps, "primary", "affirmed", finding, (PLACE,))
    return replace(base, **changes)


def document(number: int = 1, *substances: SubstanceRow, **changes: Any) -> DocumentRow:
    base = DocumentRow(
        id=number,
        story=number,
        voice=number,
        source="agency",
        publisher=f"Paper {number}",
        tier="B",
        first_seen=START + timedelta(hours=number),
        substances=substances or (substance(),),
    )
    return replace(base, **changes)


def facts(*documents: DocumentRow, **changes: Any) -> WeekFacts:
    base = WeekFacts(
        week=WEEK,
        as_of=weeks.end_of(WEEK),
        lexicon="2026.1",
        documents=documents,
        exposures=(10.0,) * 100,
        exposure=10.0,
        watched_since={"agency": LONG_AGO},
    )
    return replace(base, **changes)


def kinds(given: WeekFacts) -> list[tuple[str, str]]:
    return [(signal.kind, signal.name) for signal in signals(given)]


def test_a_substance_never_found_before_is_a_first() -> None:
    (signal,) = signals(facts(document()))
    assert (signal.kind, signal.name, signal.week, signal.observed, signal.documents) == (
        "first_ever",
        "newazolam",
        WEEK,
        1,
        (1,),
    )


@pytest.mark.parametrize(
    "row",
    [substance(finding=False), substance(assertion="negated", finding=False), substance("diazepam", nps=False)],
    ids=["named in a panel", "negated", "a medicine"],
)
def test_what_is_not_found_or_not_new_raises_nothing(row: SubstanceRow) -> None:
    assert kinds(facts(document(1, row))) == []


@pytest.mark.parametrize("changes", [{"relevant": False}, {"kept": False}, {"editorial_status": "retracted"}])
def test_irrelevant_and_retracted_documents_raise_nothing(changes: dict[str, Any]) -> None:
    assert kinds(facts(document(**changes))) == []


def test_a_source_watched_for_less_than_four_weeks_raises_nothing() -> None:
    fresh = START - timedelta(days=27)
    many = tuple(document(n) for n in range(1, 9))
    assert kinds(facts(*many, watched_since={"agency": fresh})) == []
    assert kinds(facts(*many, watched_since={"agency": START - timedelta(days=28)})) != []


@pytest.mark.parametrize(
    ("date", "known"),
    [("2019", True), ("2026-08", True), ("2026-09-27", True), ("2026", False), ("2026-10-01", False)],
)
def test_only_an_official_date_before_the_week_makes_a_substance_known(date: str, known: bool) -> None:
    official = {"newazolam": (OfficialRow("newazolam", "uk_control", date, "GB"),)}
    given = facts(document(), official=official)
    assert (why_known("newazolam", given.documents, given) is not None) == known
    assert (("first_ever", "newazolam") in kinds(given)) != known


def test_a_first_seizure_is_no_official_date() -> None:
    official = {"newazolam": (OfficialRow("newazolam", "first_seizure_or_sample", "2019", "SE"),)}
    given = facts(document(), official=official)
    assert why_known("newazolam", given.documents, given) is None


@pytest.mark.parametrize(
    ("published", "known"),
    [("2024", True), ("2026-07-01", True), ("2026-09-20", False), ("2026", False), (None, False)],
)
def test_an_old_publication_makes_a_substance_known_and_a_usual_delay_does_not(published: str, known: bool) -> None:
    given = facts(document(published=published))
    assert (why_known("newazolam", given.documents, given) is not None) == known


def test_a_copied_text_is_one_story_and_one_source() -> None:
    wire = [document(n, story=1, voice=1) for n in (1, 2, 3)]
    (signal,) = signals(facts(*wire))
    assert signal.observed == 1
    assert signal.detail["voices"] == 1


def test_sources_are_counted_by_publisher_over_all_stories() -> None:
    rows = [document(1), document(2, publisher="paper 1 "), document(3, voice=1), document(4)]
    assert voices(rows) == 2


def before(**changes: Any) -> dict[str, Before]:
    base = Before(
        first_named=LONG_AGO,
        first_seen=LONG_AGO,
        countries={"SE": LONG_AGO},
        tiers={"B": LONG_AGO},
        first_death=LONG_AGO,
        partners={"diazepam": LONG_AGO},
    )
    return {"newazolam": replace(base, **changes)}


def test_what_was_all_there_before_raises_nothing() -> None:
    assert kinds(facts(document(countries=("SE",)), before=before())) == []


def test_a_new_country_and_a_higher_tier_are_firsts() -> None:
    rows = (document(1, countries=("GB",)), document(2, tier="A", countries=("SE",)))
    found = {signal.kind: signal for signal in signals(facts(*rows, before=before()))}
    assert found["first_country"].detail["country"] == "GB"
    assert found["first_country"].documents == (1,)
    assert found["first_tier"].detail["tier"] == "A"
    assert found["first_tier"].documents == (2,)


def test_a_lower_tier_is_no_first() -> None:
    assert kinds(facts(document(tier="C"), before=before())) == []


@pytest.mark.parametrize(
    ("theme", "raised"),
    [
        (ThemeRow("death", "affirmed", PLACE, ("newazolam",)), True),
        (ThemeRow("death", "negated", PLACE, ("newazolam",)), False),
        (ThemeRow("death", "hypothetical", PLACE, ("newazolam",)), False),
        (ThemeRow("death", "affirmed", PLACE, ("otherazolam",)), False),
        (ThemeRow("poisoning", "affirmed", PLACE, ("newazolam",)), False),
    ],
)
def test_the_first_death_needs_an_affirmed_sentence_about_the_substance(theme: ThemeRow, raised: bool) -> None:
    given = facts(document(themes=(theme,)), before=before(first_death=None))
    assert (("first_death", "newazolam") in kinds(given)) == raised


def test_a_pair_is_raised_once_and_by_both_names() -> None:
    rows = (substance(), substance("xylazine", cls="sedative"))
    theme = ThemeRow("adulteration", "affirmed", PLACE, ("newazolam", "xylazine"))
    known = before() | {"xylazine": Before(first_named=LONG_AGO, first_seen=LONG_AGO, tiers={"B": LONG_AGO})}
    assert kinds(facts(document(1, *rows, themes=(theme,)), before=known)) == [("first_pair", "newazolam + xylazine")]


def test_an_old_report_that_arrives_late_is_no_first_death() -> None:
    theme = ThemeRow("death", "affirmed", PLACE, ("newazolam",))
    given = facts(document(themes=(theme,), published="2021"), before=before(first_death=None))
    assert ("first_death", "newazolam") not in kinds(given)


def past(*counts: int) -> dict[str, Any]:
    """Series of the substance and its class with these latest weeks, after weeks without a story."""
    row = Series((*(0,) * (100 - len(counts)), *counts))
    return {"before": before(), "substances": {"newazolam": row}, "classes": {"designer_benzodiazepine": row}}


def test_five_stories_of_a_rare_substance_are_more_than_expected() -> None:
    rows = tuple(document(n) for n in range(1, 6))
    found = [s for s in signals(facts(*rows, **past(1))) if s.kind == "excess"]
    assert [signal.name for signal in found] == ["newazolam"]  # the class is the same five stories and says no more
    (signal,) = found
    assert signal.observed == 5
    assert signal.expected is not None
    assert signal.expected < 0.1
    assert signal.p is not None
    assert signal.q is not None
    assert signal.p <= signal.q <= 0.05
    assert signal.detail["baseline_count"] == 1
    assert signal.documents == (1, 2, 3, 4, 5)


def test_the_same_five_are_nothing_where_the_sources_gave_much_more() -> None:
    rows = tuple(document(n) for n in range(1, 6))
    calm = facts(*rows, **past(*[1] * 60), exposure=60.0)
    assert [signal.kind for signal in signals(calm)] == []


def test_a_new_source_raises_no_alarm_even_with_many_documents() -> None:
    old, fresh = document(1), [document(n, source="fresh") for n in range(2, 30)]
    given = facts(
        old, *fresh, **past(1),
        watched_since={"agency": LONG_AGO, "fresh": START - timedelta(days=3)},
    )  # fmt: skip
    assert kinds(given) == []


def test_one_story_is_a_mention_and_not_a_rise() -> None:
    assert kinds(facts(document(), **past())) == []


def test_more_series_looked_at_make_the_same_count_less_remarkable() -> None:
    rows = tuple(document(n) for n in (1, 2))
    few = facts(*rows, **past(1), quiet_series=0)
    many = replace(few, quiet_series=500)
    assert any(signal.kind == "excess" for signal in signals(few))
    assert not any(signal.kind == "excess" for signal in signals(many))


CANDIDATE = CandidateRow("Xyzonitazene", "nitazene", "ends in -nitazene", PLACE)


@pytest.mark.parametrize(
    ("rows", "raised"),
    [
        ([document(1, substances=(), candidates=(CANDIDATE,))], False),
        ([document(n, substances=(), candidates=(CANDIDATE,)) for n in (1, 2)], True),
        ([document(1, substances=(), candidates=(CANDIDATE,), tier="A")], True),
        ([document(n, substances=(), voice=1, publisher="One", candidates=(CANDIDATE,)) for n in (1, 2)], False),
        ([document(n, substances=(), relevant=False, candidates=(CANDIDATE,)) for n in (1, 2)], False),
    ],
    ids=["one document", "two documents", "one of tier A", "two of one publisher", "irrelevant"],
)
def test_a_candidate_needs_two_independent_documents_or_one_of_tier_a(rows: list[DocumentRow], raised: bool) -> None:
    assert (kinds(facts(*rows)) == [("candidate", "Xyzonitazene")]) == raised


def test_a_candidate_is_raised_in_the_week_it_becomes_one_only() -> None:
    row = document(2, substances=(), candidates=(CANDIDATE,))
    once = {"xyzonitazene": CandidateBefore(LONG_AGO, (7,), 1, tier_a=False)}
    twice = {"xyzonitazene": CandidateBefore(LONG_AGO, (7, 8), 2, tier_a=False)}
    (signal,) = signals(facts(row, candidates=once))
    assert signal.documents == (2, 7)
    assert signals(facts(row, candidates=twice)) == ()


def test_a_substance_named_before_in_a_list_is_not_listed_as_new() -> None:
    given = facts(document(), before={"newazolam": Before(first_named=LONG_AGO)})
    assert first_named(given) == {}
    assert list(first_named(facts(document()))) == ["newazolam"]
