"""The digest's content from archives made by hand: what stands in which section, and as of when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from digest_archive import document, new_archive, poll, source, tags, watched, week

from tracker.archive import Archive
from tracker.digest import Digest, make_digest
from tracker.digest.as_json import as_mapping
from tracker.digest.bottom_line import MOST, NOTHING_NEW
from tracker.digest.model import SECTION_IDS
from tracker.errors import ConfigError, UsageError

AGENCY = source()
LAB = source("lab", tier="A", type="official_alert")
DEATH = "Two people died after taking newazolam sold as diazepam."


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with new_archive(tmp_path) as archive:
        watched(archive, AGENCY, 20)
        watched(archive, LAB, 20)
        yield archive


def add(archive: Archive, number: str, text: str, *names: str, at: int = 0, of: Any = AGENCY, **changes: Any) -> None:
    """One document in the Monday poll of week `at`; keywords of the document start with `doc_`."""
    fields = {name[4:]: changes.pop(name) for name in list(changes) if name.startswith("doc_")}
    made = tags(text, *names, **changes)
    poll(archive, of, week(at), (document(number, text, of=of.id, **fields), made))


def digest(archive: Archive, at: int = 1, **settings: Any) -> Digest:
    return make_digest(archive, as_of=week(at), settings=settings)


def substances(made: Digest, section: str) -> list[str | None]:
    return [item.substance for item in made.section(section).items]


def test_the_sections_stand_in_the_order_of_the_contract(archive: Archive) -> None:
    assert tuple(section.id for section in digest(archive).sections) == SECTION_IDS


def test_it_covers_the_last_complete_week_unless_told_otherwise(archive: Archive) -> None:
    assert digest(archive).week == "2026-W40"
    current = make_digest(archive, week="2026-W41", as_of=week(1))
    assert (current.week, current.finished, digest(archive).finished) == ("2026-W41", False, True)


def test_a_week_that_has_not_begun_is_refused(archive: Archive) -> None:
    with pytest.raises(UsageError, match="begins after"):
        make_digest(archive, week="2026-W45", as_of=week(1))


def test_a_quiet_week_says_so_plainly(archive: Archive) -> None:
    made = digest(archive)
    assert made.bottom_line == (NOTHING_NEW,)
    assert made.section("new_substances").items == ()
    assert all(section.quiet for section in made.sections)


def test_a_new_substance_is_listed_with_its_sentence(archive: Archive) -> None:
    add(
        archive,
        "1",
        f"Police in Leeds seized tablets. {DEATH}",
        "newazolam",
        themes={"death": DEATH},
        countries=("GB",),
    )
    made = digest(archive)
    (item,) = made.section("new_substances").items
    assert (item.substance, item.known, item.sources, item.evidence.text) == ("newazolam", None, 1, DEATH)
    assert item.evidence.url == "https://agency.example.org/1"
    assert item.first_seen == week(0)
    assert "newazolam" in " ".join(made.bottom_line)
    assert [item.extra["kind"] for item in made.section("signals").items] == ["first_ever", "first_death"]


def test_known_substances_stand_last_and_are_marked(archive: Archive) -> None:
    add(archive, "1", "Etizolam was found in a sample.", "etizolam")
    add(archive, "2", "Newazolam was found in a sample.", "newazolam", at=0)
    made = digest(archive)
    assert [(item.substance, item.known) for item in made.section("new_substances").items] == [
        ("newazolam", None),
        ("etizolam", True),
    ]
    assert "official date" in made.section("new_substances").items[1].text
    assert [item.substance for item in made.section("signals").items] == ["newazolam"]


def test_what_was_found_stands_before_what_a_list_names(archive: Archive) -> None:
    order = "Listazolam is placed under control."
    add(archive, "1", order, "listazolam", context="schedule", doctype="legal_notice", themes={"control": order})
    assert "though not as found: listazolam" in " ".join(digest(archive).bottom_line)
    add(archive, "2", "Newazolam was found in Leeds.", "newazolam")
    made = digest(archive)
    assert substances(made, "new_substances") == ["newazolam", "listazolam"]
    assert "not reported as found" in made.section("new_substances").items[1].text
    assert "1 new substance: newazolam" in " ".join(made.bottom_line)


def test_all_of_an_archive_is_known_while_its_sources_are_new(tmp_path: Path) -> None:
    with new_archive(tmp_path) as archive:
        add(archive, "1", "Newazolam was found in a sample.", "newazolam")
        made = digest(archive)
    (item,) = made.section("new_substances").items
    assert item.known
    assert "less than four weeks" in item.text
    assert made.section("signals").items == ()


def test_harm_is_told_by_confirmed_and_suspected(archive: Archive) -> None:
    poisoned = "Three people were poisoned by newazolam."
    add(archive, "1", DEATH, "newazolam", themes={"death": DEATH}, grade="clinical_suspected")
    add(archive, "2", poisoned, "newazolam", themes={"poisoning": poisoned}, grade="lab_confirmed")
    items = digest(archive).section("harm_events").items
    assert [item.group for item in items] == ["Confirmed", "Suspected"]
    assert items[0].evidence.text == poisoned
    assert items[1].text.startswith("Deaths")


def test_every_tier_a_item_stands_in_the_digest(archive: Archive) -> None:
    keep_all = replace(LAB, keep="all")
    for number in range(30):
        text = f"The laboratory warns of newazolam in lot {number}."
        add(archive, f"a{number}", text, "newazolam", of=keep_all, doctype="official_alert")
    add(archive, "other", "A new head of office was named.", of=keep_all, relevant=False, doctype="official_alert",
        doc_title="New head of office")  # fmt: skip
    made = as_mapping(digest(archive))
    by_id = {section["id"]: section for section in made["sections"]}
    assert {number for item in by_id["official"]["items"] for number in item["documents"]} >= set(range(41, 71))
    assert [item["title"] for item in by_id["annex"]["items"] if item.get("title") == "New head of office"]


def test_official_items_are_grouped_and_control_is_told_apart(archive: Archive) -> None:
    order = "The ministry placed newazolam under control."
    add(archive, "1", order, "newazolam", of=LAB, doctype="legal_notice", themes={"control": order})
    add(archive, "2", "Warning about newazolam.", "newazolam", of=LAB, doctype="official_alert")
    assert [item.group for item in digest(archive).section("official").items] == ["Alerts", "Control decisions"]


def test_a_notice_marks_the_original_in_the_week_it_came(archive: Archive) -> None:
    journal = source("journal", tier="A", type="journal_article")
    watched(archive, journal, 20)
    text = "Newazolam binds strongly."
    add(archive, "1", text, "newazolam", of=journal, doctype="journal_article", doc_doi="10.1/one")
    notice, kinds = "This article on newazolam has been retracted.", ("Retraction of Publication",)
    add(archive, "2", notice, "newazolam", at=1, of=journal, doctype="journal_article", doc_doi="10.1/two",
        doc_editorial_status="notice", doc_relates_to=("doi:10.1/one",), doc_pub_types=kinds)  # fmt: skip
    sooner = week(1) - timedelta(hours=1)
    before, after = make_digest(archive, as_of=sooner), digest(archive, 2)
    assert before.section("corrections").items == ()
    assert "retracted" in {item.mark for item in after.section("corrections").items}
    assert before.section("literature").items[0].mark == "new"


def test_classes_have_their_sections_also_when_quiet(archive: Archive) -> None:
    add(archive, "1", "Protonitazene was found in a sample.", "protonitazene")
    made = digest(archive)
    assert substances(made, "nitazenes_opioids") == ["protonitazene"]
    assert made.section("cannabinoids").items == ()
    assert "cannabinoids" in made.section("cannabinoids").quiet


def test_substances_without_a_section_of_their_own_stand_in_the_annex(archive: Archive) -> None:
    add(archive, "1", "Xylazine was found in a sample.", "xylazine")
    assert substances(digest(archive), "annex") == ["xylazine"]


def test_literature_has_its_doi(archive: Archive) -> None:
    add(archive, "1", "Newazolam binds strongly.", "newazolam", doctype="journal_article", doc_doi="10.1000/abc",
        doc_journal="Journal of Tests")  # fmt: skip
    (item,) = digest(archive).section("literature").items
    assert "doi:10.1000/abc" in item.text
    assert "Journal of Tests" in item.text


def test_a_running_event_says_what_changed(archive: Archive) -> None:
    text = "Newazolam tablets were found at the Leeds festival last night."
    add(archive, "1", text, "newazolam", countries=("GB",), doc_doi="10.1000/same")
    other = source("herald")
    watched(archive, other, 20, until=1)
    add(archive, "2", text, "newazolam", at=1, of=other, countries=("GB", "IE"),
        doc_doi="10.1000/same")  # fmt: skip
    (item,) = digest(archive, 2).section("running").items
    assert item.group == "Open"
    assert "1 new document" in item.text
    assert "now also in IE" in item.text
    closed = digest(archive, 6).section("running").items
    assert [item.mark for item in closed] == ["closed"]
    assert digest(archive, 5).section("running").items == ()


def test_places_are_set_beside_their_usual_week(archive: Archive) -> None:
    for count in range(1, 13):
        add(archive, f"old{count}", f"Newazolam was found, case {count}.", "newazolam", at=-count, countries=("SE",))
    for count in range(4):
        text = f"Newazolam was found in {count} bags."
        add(archive, f"new{count}", text, "newazolam", countries=("SE",))
    (item,) = digest(archive).section("places").items
    assert item.text == "SE: 4 stories, 1.0 in a usual week. Busier than usual."


def test_a_saved_search_is_answered_for_the_week(archive: Archive) -> None:
    add(archive, "old", "Xylazine was found in an old bag.", "xylazine", at=-3)
    add(archive, "new", "Xylazine was found in a new bag.", "xylazine")
    items = digest(archive, searches={"tranq": "xylazine"}).section("saved_searches").items
    assert items[0].text == "tranq: 1 document this week for “xylazine”."
    assert [item.documents for item in items[1:]] == [(items[1].documents[0],)]


def test_a_saved_search_without_hits_shows_nothing_close_to_it(archive: Archive) -> None:
    add(archive, "1", "Xylazine was found in a bag.", "xylazine")
    items = digest(archive, searches={"both": "xylazine penguin"}).section("saved_searches").items
    assert [item.extra["total"] for item in items] == [0]


def test_a_saved_search_finds_a_substance_by_any_name(archive: Archive) -> None:
    add(archive, "1", "Isotonitazene was found in a bag.", "isotonitazene")
    items = digest(archive, searches={"iso": "substance:ISO-tonitazene"}).section("saved_searches").items
    assert items[0].extra["total"] == 1


def test_a_saved_search_that_cannot_be_meant_is_named(archive: Archive) -> None:
    with pytest.raises(ConfigError, match=r"searches\.bad"):
        digest(archive, searches={"bad": "after:sometime"})


def test_a_tier_a_item_taken_for_marketing_still_stands_there(archive: Archive) -> None:
    keep_all = replace(LAB, keep="all")
    add(archive, "1", "Newazolam test kits.", "newazolam", of=keep_all, doctype="marketing", doc_title="Buy our kits")
    items = digest(archive).section("annex").items
    assert [item.title for item in items if "Found to be marketing" in item.text] == [None]


def test_lead_time_is_told_for_the_weeks_substances(archive: Archive) -> None:
    add(archive, "1", "Bromazolam was found.", "bromazolam")
    section = digest(archive).section("lead_time")
    (item,) = section.items
    assert "16 not yet found here; more than half were missed" in section.note
    assert item.substance == "bromazolam"
    assert "2022" in item.text
    assert item.extra["lead_interval"][0] < 0


@pytest.mark.parametrize("kind", ["forum", "marketing"])
def test_forums_and_shops_are_counted_and_not_quoted(archive: Archive, kind: str) -> None:
    quiet = source("board", tier="C", type=kind)
    watched(archive, quiet, 20)
    text = "Newazolam from my usual place, only 5 euros."
    add(archive, "1", text, "newazolam", of=quiet, doctype=kind, doc_title="Newazolam at a bargain")
    made = digest(archive)
    shown = str(as_mapping(made))
    assert "usual place" not in shown
    assert "bargain" not in shown
    assert made.counts[kind] == 1
    assert substances(made, "new_substances") == ["newazolam"]
    if kind == "marketing":
        assert "board.example.org" not in shown


@pytest.mark.parametrize("kind", ["forum", "marketing"])
def test_what_a_shop_or_forum_publishes_is_no_news_whatever_its_wording(archive: Archive, kind: str) -> None:
    quiet = source("board", tier="C", type=kind)
    watched(archive, quiet, 20)
    add(archive, "1", "Newazolam was found by a user.", "newazolam", of=quiet, doctype="news")
    made = digest(archive)
    assert made.counts[kind] == 1
    assert ("board.example.org" in str(as_mapping(made))) is (kind == "forum")


def test_text_that_is_found_to_be_marketing_is_neither_quoted_nor_linked(archive: Archive) -> None:
    text = "Newazolam is our best product ever."
    add(archive, "1", text, "newazolam", doctype="marketing", doc_title="Best product")
    shown = str(as_mapping(digest(archive)))
    assert "est product" not in shown
    assert "agency.example.org/1" not in shown


def test_the_next_best_sentence_is_quoted_where_the_best_has_a_price(archive: Archive) -> None:
    priced, free = "Newazolam costs 5 EUR a tablet.", "Newazolam was found in Leeds by the police."
    add(archive, "1", f"{priced} {free}", "newazolam", themes={"emergence": priced, "supply": free})
    (item,) = digest(archive).section("new_substances").items
    assert item.evidence.text == free


def test_a_wire_copy_does_not_make_a_second_source(archive: Archive) -> None:
    text = "Newazolam was found in three seized bags by customs officers at the port of Hull on Monday, they said. " * 4
    other = source("herald")
    watched(archive, other, 20)
    add(archive, "1", text, "newazolam")
    add(archive, "2", text, "newazolam", of=other)
    (item,) = digest(archive).section("new_substances").items
    assert item.sources == 1
    assert len(item.documents) == 2


def test_failed_sources_are_counted_and_named(archive: Archive) -> None:
    poll(archive, LAB, week(0), status="error")
    made = digest(archive)
    assert (made.sources_failed, made.failed) == (1, ("lab",))


def test_a_week_in_which_no_source_could_be_read_is_not_called_quiet(archive: Archive) -> None:
    poll(archive, LAB, week(0), status="error")
    poll(archive, AGENCY, week(0), status="blocked")
    assert digest(archive).bottom_line == ("None of 2 sources could be read this week: no news means nothing.",)


def test_the_snapshot_depends_on_the_content_and_not_on_the_clock(archive: Archive) -> None:
    add(archive, "1", "Newazolam was found.", "newazolam")
    first, later = digest(archive), make_digest(archive, week="2026-W40", as_of=week(1) + timedelta(hours=5))
    assert first.snapshot == later.snapshot
    add(archive, "2", "Newazolam was found again, elsewhere.", "newazolam")
    assert digest(archive).snapshot != first.snapshot


def test_the_digest_of_a_past_moment_knows_nothing_of_later(archive: Archive) -> None:
    add(archive, "1", "Newazolam was found.", "newazolam")
    then = as_mapping(digest(archive))
    text = "Newazolam was found, and two more were hurt."
    poll(archive, AGENCY, week(2), (document("1", text), tags(text, "newazolam", countries=("GB",))))
    assert as_mapping(digest(archive)) == then
    assert make_digest(archive, week="2026-W40", as_of=week(2)).snapshot != then["snapshot"]


def test_the_bottom_line_has_at_most_five_points(archive: Archive) -> None:
    fake = "Fake tablets with newazolam killed two people."
    texts = {"death": fake, "counterfeit": fake, "adulteration": fake}
    text = f"{fake} Xyzonitazene was there too."
    add(archive, "1", text, "newazolam", themes=texts, of=LAB, doctype="official_alert", candidates=("Xyzonitazene",))
    for number in range(4):
        text = f"Protonitazene was found by team {number}."
        add(archive, f"p{number}", text, "protonitazene")
    assert len(digest(archive).bottom_line) == MOST
