"""One run: what its report says, and that many processes tag as one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tracker.lexicon import load
from tracker.model import Document, SourceStatus
from tracker.pipeline import CollectReport, SourceReport, as_contract, attention, parallel_tagger
from tracker.tag import Tagger
from tracker.tag.documents import tag_document

MONDAY = datetime(2026, 11, 23, 7, tzinfo=UTC)


def report(*statuses: SourceStatus) -> CollectReport:
    rows = [
        SourceReport(f"s{n}", status, new=n, error="why" if status == "error" else None)
        for n, status in enumerate(statuses)
    ]
    return CollectReport(MONDAY, MONDAY, rows)


@pytest.mark.parametrize(
    ("statuses", "nothing"),
    [
        ((), False),
        (("skipped", "skipped"), False),
        (("ok", "error"), False),
        (("not_modified", "blocked"), False),
        (("error",), True),
        (("error", "blocked", "gone", "robots", "skipped"), True),
    ],
)
def test_a_run_failed_when_all_that_were_asked_did(statuses: tuple[SourceStatus, ...], nothing: bool) -> None:
    assert report(*statuses).nothing_could_be_read is nothing


def test_the_report_has_the_keys_of_the_contract() -> None:
    data = as_contract(report("ok", "error"))
    assert list(data) == ["started", "finished", "new", "revised", "sources"]
    assert (data["started"], data["new"]) == ("2026-11-23T07:00:00Z", 1)
    assert list(data["sources"][0]) == ["id", "status", "new", "revised", "unchanged", "http", "ms", "error"]


def test_only_failures_need_attention() -> None:
    assert list(attention(report("ok", "error", "skipped", "blocked"))) == ["s1: error: why", "s3: blocked"]


def test_two_processes_tag_as_one_and_in_order() -> None:
    page = [(Document(str(n), text=f"Bromazolam in {n} tablets in Cork.", language="en"), "news") for n in range(7)]
    tagger = Tagger(load())
    with parallel_tagger(2, None) as tag_page:
        assert tag_page(page) == [tag_document(tagger, document, source_type=kind) for document, kind in page]
