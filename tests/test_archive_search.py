"""Search: the query language, aliases, filters, dates, facets, snippets, as of, paging; nothing typed breaks it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from archive_kit import MONDAY, Names, Tagger, days, doc, put, source, tag_all
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.archive import Archive, search
from tracker.archive.filters import Filters
from tracker.archive.query import And, Fact, Not, Or, Words, parse
from tracker.archive.snippet import snippet
from tracker.archive.wire import search_json
from tracker.errors import UsageError

TEXTS = {
    1: "Two deaths with bromazolam in Leeds. Police seized tablets sold as Xanax.",
    2: "Xylazine was found in Ohio. No bromazolam was found.",
    3: "Protonitazene deaths in Ireland: the coroner named nitazenes.",
    4: "The α-PVP and 4‑CMC market in Scotland. It is to be banned.",
    5: "Nothing to see here.",
    6: "Brom-azolam again in Leeds, and a new ethylnitazene.",
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    with Archive.open(tmp_path_factory.mktemp("search") / "a.db", create=True) as opened:
        for n, text in TEXTS.items():
            src = (
                source("gov", tier="A", keep="all", country="IE", name="Health Service")
                if n % 2
                else source("news", tier="B", keep="all")
            )
            published = {4: None, 5: "2023", 3: "2023-05"}.get(n, f"2026-01-0{n}")
            put(opened, doc(text, n, published=published), at=MONDAY + days(n), src=src)
        yield opened


def ids(archive, query="", **how):
    how.setdefault("lexicon", Names())
    return sorted(hit.record.id for hit in archive.search(query, **how).results)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [1, 2, 3, 4, 5, 6]),
        ("bromazolam", [1, 2, 6]),
        ("brom-azolam", [1, 2, 6]),
        ("BROMAZOLAM", [1, 2, 6]),
        ("xlbrom", [1, 2, 6]),  # an alias that stands nowhere
        ("street zolam", [1, 2, 6]),  # of two words
        ('"sold as xanax"', [1]),
        ('"sold as xylazine"', []),
        ("bromazolam -xylazine", [1, 6]),
        ("bromazolam NOT xylazine", [1, 6]),
        ("-bromazolam", [3, 4, 5]),
        ("xylazine OR protonitazene", [2, 3]),
        ("xylazine OR protonitazene deaths", [3]),
        ("(xylazine OR protonitazene) -(ohio OR cork)", [3]),
        ("proto*", [3]),
        ("seiz*", [1]),
        ("death", [1, 3]),  # one word, both numbers
        ("fatal", [1, 3]),  # what a theme is about
        ('"fatal"', []),  # as written
        ("fatal Irish nitazenes", [3]),
        ("market", [1, 4]),  # the word, and the theme it stands for
        ("which designer benzodiazepines were seized", [1]),  # a class of two words
        ("designer benzodiazepine ohio", [2]),
        ("US", [2]),
        ("us", []),
        ("alpha-pvp", [4]),
        ("a-PVP OR α-pvp", [4]),
        ("4cmc", [4]),
        ("4-CMC", [4]),
        ("4 cmc", [4]),
        ("substance:bromazolam", [1, 2, 6]),
        ('substance:"street zolam"', [1, 2, 6]),
        ("substance:unheardofium", []),
        ("assertion:negated substance:bromazolam", [2]),
        ("assertion:affirmed substance:bromazolam", [1, 6]),
        ("assertion:negated", [2]),
        ("theme:death", [1, 3]),
        ("theme:death,control", [1, 3, 4]),
        ("theme:Death", [1, 3]),
        ("class:nitazenes", [3]),
        ("class:nitazene", [3]),
        ("source:gov", [1, 3, 5]),
        ("source:health", [1, 3, 5]),
        ("tier:B bromazolam", [2, 6]),
        ("country:IE", [3]),
        ("country:ireland", [3]),
        ("doctype:news tier:a theme:death", [1, 3]),
        ("year:2023", [3, 5]),
        ("protonitazene deaths Ireland 2023", [3]),
        ("which deaths were in Leeds", [1]),
        ("after:2026-01-02", [2, 6]),
        ("before:2023", [3, 5]),
        ("after:2023-06", [1, 2, 5, 6]),  # 2023 overlaps June
        ("after:2023-06 before:2023-12-31", [5]),
        ("seen-after:2026-01-08", [3, 4, 5, 6]),
        ("seen-before:2026-01-07", [1, 2]),
        ("status:ok theme:death", [1, 3]),
        ("status:retracted", []),
        ("foo:bar", []),  # an unknown field is two words
        ("search:deaths leeds", [1]),
    ],
)
def test_query(archive, query, found):
    assert ids(archive, query, searches={"deaths": "theme:death"}) == found


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("theme:nonsense", "theme: 'nonsense' is none of death, poisoning"),
        ("tier:D", "tier: 'D' is none of A, B, C"),
        ("after:yesterday", "since: 'yesterday' is not a date"),
        ("after:2026-13", "is not a date"),
        ("a OR after:2024", "hold for the whole query"),
        ("search:x", "no saved search 'x'; known: loop"),
        ("search:loop", "contains itself: loop → loop"),
        ("year:20", "four digits"),
        ("(" * 30 + "a", "brackets more than 20 deep"),
        ("a" * 2001, "2000 are the limit"),
    ],
)
def test_what_cannot_be_meant_is_answered_with_one_line(archive, query, message):
    with pytest.raises(UsageError, match=re.escape(message)) as error:
        archive.search(query, searches={"loop": "search:loop"})
    assert "\n" not in str(error.value)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(max_size=40),
        st.lists(
            st.sampled_from(
                ["bromazolam", "OR", "NOT", "AND", "-", "(", ")", '"', "*", "theme:death", "substance:", "^", "NEAR(",
                 "a*",
                 "{title}:", "--", ";", "'", "\x00", "facts:zk", "-x", "NEAR", "+", "rowid:1", "α", "4-CMC*", ":",
                 "\\", "%", "\udcff", "substance:\ud800"]
            ),
            max_size=9,
        ).map(" ".join),
    )
)  # fmt: skip
def test_nothing_typed_breaks_search(archive, query):
    try:
        now = archive.search(query, lexicon=Names(), limit=100)
    except UsageError:
        return
    then = archive.search(query, lexicon=Names(), limit=100, as_of=MONDAY + days(100))
    assert [h.record.id for h in now.results] == [h.record.id for h in then.results]
    assert now.facets == then.facets
    assert (now.total, now.undated) == (then.total, then.undated)


@pytest.mark.parametrize("field", ["substance", "cls", "source", "country"])
def test_half_a_character_in_a_filter_finds_nothing(archive, field):
    assert ids(archive, filters=Filters(**{field: ("\udcff",)})) == []


def test_filters_mean_the_same_as_fields(archive):
    for filters, query in [
        (Filters(theme=("death", "control")), "theme:death,control"),
        (Filters(substance=("xlbrom",), tier=("b",)), "substance:xlbrom tier:B"),
        (Filters(country=("IE",), since="2023", until="2023-12"), "country:IE after:2023 before:2023-12"),
        (Filters(cls=("nitazenes",), source=("gov",), doctype=("news",)), "class:nitazenes source:gov doctype:news"),
        (Filters(status="ok", seen_after="2026-01-08", assertion=("affirmed",)),
         "status:ok seen-after:2026-01-08 assertion:affirmed"),
    ]:  # fmt: skip
        assert ids(archive, filters=filters) == ids(archive, query)
        assert ids(archive, query)
    with pytest.raises(UsageError, match="theme: 'x' is none of"):
        archive.search(filters=Filters(theme=("x",)))


def test_undated_documents_are_left_out_and_counted(archive):
    result = archive.search("after:2000", lexicon=Names())
    assert (result.total, result.undated) == (5, 1)
    assert archive.search("bromazolam after:2000", lexicon=Names()).undated == 0


def test_unkept_documents_are_shown_only_on_request(tmp_path):
    with Archive.open(tmp_path / "a.db", create=True) as archive:
        put(archive, doc("Gardening for everyone.", 1), doc("Bromazolam in Leeds.", 2))
        assert ids(archive) == [2]
        assert ids(archive, everything=True) == [1, 2]
        assert ids(archive, as_of=MONDAY, everything=True) == [1, 2]
        assert ids(archive, "gardening") == []
        assert [r.id for r in archive.all_documents()] == [2]
        assert [r.id for r in archive.all_documents(everything=True)] == [1, 2]


def test_as_of_finds_the_words_known_then(tmp_path):
    with Archive.open(tmp_path / "a.db", create=True) as archive:
        put(archive, doc("Bromazolam in Leeds."))
        put(archive, doc("Xylazine in Ohio."), at=MONDAY + days(2))
        then = {"as_of": MONDAY + days(1)}
        assert (ids(archive, "bromazolam"), ids(archive, "bromazolam", **then)) == ([], [1])
        assert (ids(archive, "xylazine"), ids(archive, "xylazine", **then)) == ([1], [])
        assert ids(archive, "country:US", **then) == []
        assert ids(archive, as_of=MONDAY - days(1)) == []
        assert archive.search("bromazolam", **then).results[0].record.document.text == "Bromazolam in Leeds."


def test_tags_of_then_and_of_now(tmp_path):
    with Archive.open(tmp_path / "a.db", create=True) as archive:
        put(archive, doc("Bromazolam deaths in Leeds."))
        archive.retag(Tagger("2", leave_out=("bromazolam",)), now=MONDAY + days(5))
        past = MONDAY + days(1)
        assert ids(archive, "substance:bromazolam", as_of=past) == [1]
        assert ids(archive, "substance:bromazolam", as_of=past, tags="now") == []
        assert ids(archive, "substance:bromazolam", everything=True) == []
        assert archive.document(1, as_of=past).tags.lexicon == "1"
        assert archive.document(1, as_of=past, tags="now").tags.lexicon == "2"
        assert archive.search(as_of=past).facets["substance"] == {"bromazolam": 1}


def test_facets_count_what_was_found(archive):
    facets = archive.search("", lexicon=Names()).facets
    assert facets["substance"]["bromazolam"] == 3
    assert facets["theme"]["death"] == 2
    assert facets["source"] == {"gov": 3, "news": 3}
    assert facets["country"] == {"GB": 3, "IE": 1, "US": 1}
    assert facets["year"] == {"2026": 3, "2023": 2}
    assert facets["class"]["nitazenes"] == 1


def test_words_in_the_title_and_tagged_substances_come_first(tmp_path):
    with Archive.open(tmp_path / "a.db", create=True) as archive:
        put(
            archive,
            doc("A long report. " * 20 + "It names bromazolam once.", 1, title="Annual report"),
            doc("All about it, in Leeds.", 2, title="Bromazolam deaths"),
            doc("Xylazine, and also bromazolam.", 3, title="Ohio"),
        )
        assert next(h.record.id for h in archive.search("bromazolam", lexicon=Names()).results) == 2


def test_tier_and_recency_decide_between_equals(tmp_path):
    with Archive.open(tmp_path / "a.db", create=True) as archive:
        put(archive, doc(n=1), src=source("b", tier="B"), at=MONDAY)
        put(archive, doc(n=2), src=source("a", tier="A"), at=MONDAY)
        put(archive, doc(n=3), src=source("b", tier="B"), at=MONDAY + days(900))
        assert [h.record.id for h in archive.search("bromazolam").results] == [2, 3, 1]
        assert [h.record.id for h in archive.search("bromazolam", sort="newest").results] == [3, 2, 1]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("coroner tablets", {1, 3}),
        ("protonitazene leeds", {3}),  # the substance is what was asked for
        ("bromazolam coroner tablets", {1}),
        ("police tablets coroner", {1}),  # all but one rather than any
        ("designer benzodiazepines coroner", {1, 2, 6}),  # the class is what was asked for
        ("bromazolam unheardofium", {1, 2, 6}),
        ("coroner tablets tier:A theme:control", set()),
        ("unheardofium otherofium", set()),
    ],
)
def test_when_no_document_has_all_words_some_are_enough(archive, query, found):
    result = archive.search(query, lexicon=Names())
    assert {h.record.id for h in result.results} == found
    assert result.relaxed is bool(found)


@pytest.mark.parametrize("backfilled", [False, True])
@pytest.mark.parametrize("sort", ["relevance", "newest"])
def test_paging_gives_every_hit_once_also_beyond_the_ranked(tmp_path, monkeypatch, sort, backfilled):
    monkeypatch.setattr(search, "RANKED", 7)
    monkeypatch.setattr(search, "COUNTED", 12)
    monkeypatch.setattr(search, "FACETED", 9)
    with Archive.open(tmp_path / "a.db", create=True) as archive:
        documents = tuple(doc(f"Bromazolam {n}.", n, published=f"2025-{1 + n % 5:02}-03") for n in range(40))
        if backfilled:
            tags = tag_all(documents, source(), Tagger())
            archive.store_import(source(), documents, tags, now=MONDAY, lexicon="1", first_seen_published=True)
        else:
            for n, document in enumerate(documents):
                put(archive, document, at=MONDAY + days(n // 3))
        pages = [archive.search("bromazolam", sort=sort, limit=6, offset=at).results for at in range(0, 48, 6)]
        found = [h.record for page in pages for h in page]
        assert sorted(r.id for r in found) == list(range(1, 41))
        result = archive.search("bromazolam")
        assert (result.total, result.exact) == (12, False)
        assert result.facets_over == 9
        assert sum(result.facets["year"].values()) == 9
        exported = [r.id for r in archive.found("bromazolam")]
        by_time = [r.id for r in sorted(found, key=lambda r: (r.first_seen, r.id), reverse=True)]
        assert exported == by_time
        assert [r.id for r in archive.found("bromazolam", as_of=MONDAY + days(100))] == by_time
        half = by_time[20:]
        then = archive.document(half[0]).first_seen
        assert {r.id for r in archive.found("bromazolam", as_of=then)} >= set(half)
        if sort == "newest":
            assert [r.id for r in found] == by_time


def test_a_page_as_json_has_the_names_of_the_contract(archive):
    page = search_json(archive.search("bromazolam", lexicon=Names(), limit=1))
    assert {"total", "facets", "results"} <= set(page)
    assert set(page["results"][0]) >= {
        "id", "title", "url", "source", "publisher", "published", "first_seen", "tier", "doctype", "substances",
        "themes",
        "story", "editorial_status", "snippet", "score",
    }  # fmt: skip


@pytest.mark.parametrize(("limit", "offset"), [(-1, 0), (1, -1)])
def test_negative_pages_are_refused(archive, limit, offset):
    with pytest.raises(UsageError, match="must not be negative"):
        archive.search("", limit=limit, offset=offset)


def test_the_hit_is_marked_in_the_snippet(archive):
    hit = archive.search("seized", lexicon=Names()).results[0]
    assert "Police **seized** tablets" in hit.snippet.marked()
    alias = archive.search("xlbrom", lexicon=Names()).results
    assert any("**Brom-azolam**" in h.snippet.marked() for h in alias)


@given(text=st.text(max_size=900), words=st.lists(st.text(max_size=8), max_size=3))
def test_a_snippet_is_a_piece_of_the_text_with_marks_inside(text, words):
    found = snippet(text, words, [(0, 3), (5, 900)])
    assert all(0 <= s < e <= len(found.text) for s, e in found.marks)
    assert found.text.strip("…") in " ".join(text.replace("\n", " ").replace("\r", " ").replace("\t", " ").split(" "))
    assert len(found.text) <= 245


def test_or_joins_its_neighbours_as_in_web_search():
    assert parse("a OR b c -d") == And((Or((Words("a"), Words("b"))), Words("c"), Not(Words("d"))))
    assert parse("(a b) OR tier:A") == Or((And((Words("a"), Words("b"))), Fact("tier", "A")))


def test_an_archive_found_by_path_only_needs_reading(archive):
    with Archive.open(Path(str(archive.path))) as second:
        assert len(list(second.found("theme:death", lexicon=Names()))) == 2
