"""The list that ships: it loads, every entry can be asked, and what is off says why."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tracker.config import load_sources
from tracker.model import Source, Window
from tracker.sources import KINDS, kind, validate_options
from tracker.sources._query import expand

LIST = Path(__file__).parent.parent / "sources.yaml"
NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)
WATCHED = (
    "unodc_ewa who_don_api who_ecdd_repo euda_sitemap euda_edas euda_ews cfsre_public_alerts fr_dea_api "
    "dea_press_html "
    "fda_press openfda_enforcement nida_rss samhsa_news ndews_feed phs_radar wedinos acmd_search mhra_alerts "
    "tga_safety "
    "theknow_api highalert ccendu toronto_dcs pubmed_esearch pubmed_journals pubmed_corrections europepmc crossref "
    "openalex medrxiv_api biorxiv_api gdelt_doc bluelight reddit_rc mail_cfsre"
).split()


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    return load_sources(LIST, kinds=KINDS, check_options=validate_options)


def by_id(sources: Sequence[Source]) -> dict[str, Source]:
    return {s.id: s for s in sources}


def test_the_list_has_what_an_analyst_would_look_for(sources: list[Source]) -> None:
    assert set(WATCHED) <= set(by_id(sources))
    assert sum(s.enabled for s in sources) >= 100


def test_every_surveyed_source_has_an_entry_of_the_same_tier(sources: list[Source], shared: Path) -> None:
    with (shared / "data/sources/sources.csv").open(encoding="utf-8", newline="") as lines:
        surveyed = {row["id"]: row["trust_tier"] for row in csv.DictReader(lines)}
    found = {s.id: s.tier for s in sources}
    assert {name: found.get(name) for name in surveyed} == surveyed


def test_what_is_off_says_why_and_what_is_on_does_not(sources: list[Source]) -> None:
    assert [s.id for s in sources if s.enabled == bool(s.why)] == []


def test_forums_are_opt_in_and_of_tier_c(sources: list[Source]) -> None:
    forums = [s for s in sources if s.type == "forum"]
    assert forums
    assert all(s.tier == "C" and not s.enabled and (s.why or "").startswith("opt-in") for s in forums)
    assert all(s.type == "forum" for s in sources if s.tier == "C")


def test_a_source_that_needs_a_key_names_its_variable_and_is_off(sources: list[Source]) -> None:
    keyed = [s for s in sources if s.key_env]
    assert {"openalex", "regulations_gov"} <= {s.id for s in keyed}
    assert not any(s.enabled for s in keyed)


def test_no_address_is_a_template(sources: list[Source]) -> None:
    assert [s.id for s in sources if "<" in s.url or ">" in s.url] == []


def test_every_entry_can_say_what_it_would_ask_for(sources: list[Source]) -> None:
    window = Window(NOW - timedelta(days=3), NOW)
    for source in sources:
        filled = expand(source, ["bromazolam", "metonitazene"], ["nitazenes"])
        requests = kind(source.kind).first(filled, window)
        assert requests, source.id
        assert all(r.url.split(":")[0] in ("https", "http", "imaps") for r in requests), source.id


def test_only_searches_of_tier_a_and_broad_sources_keep_what_is_relevant(sources: list[Source]) -> None:
    found = by_id(sources)
    assert found["theknow_api"].keep == "all"
    assert found["pubmed_esearch"].keep == "relevant"
    assert found["ema_news"].keep == "relevant"
    assert found["pubmed_corrections"].keep == "all"


def test_the_file_reads_well() -> None:
    text = LIST.read_text(encoding="utf-8")
    comments = [line for line in text.splitlines() if line.lstrip().startswith("#")]
    assert len(comments) > 60
    assert all(len(line) <= 120 for line in comments)
    assert "\t" not in text
