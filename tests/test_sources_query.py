"""Queries made from the knowledge base: nothing lost, nothing too long."""

from __future__ import annotations

import re
from urllib.parse import quote_plus

import pytest
from api_help import WEEK, source
from hypothesis import given
from hypothesis import strategies as st

from tracker.collect import memory
from tracker.errors import ConfigError
from tracker.model import Source
from tracker.sources import kind, validate_options
from tracker.sources._query import DIALECTS, expand, queries, with_contact, with_lexicon

NAMES = st.lists(st.text(alphabet="abcXYZ0123-éα", min_size=1, max_size=30), max_size=60)


def test_class_terms_come_first_and_each_term_stands_once() -> None:
    made = queries(["bromazolam", "Nitazene", "etizolam"], ["nitazene"], max_length=200)
    assert made == ('"nitazene" OR "bromazolam" OR "etizolam"',)


def test_a_query_is_cut_where_it_would_pass_the_length() -> None:
    assert queries(["aaaa", "bbbb", "cccc"], [], max_length=25, form="{}") == ("aaaa OR bbbb OR cccc",)
    assert queries(["aaaa", "bbbb", "cccc"], [], max_length=12, form="{}") == ("aaaa OR bbbb", "cccc")


@given(NAMES, st.integers(min_value=60, max_value=400))
def test_no_query_passes_the_length_as_sent_and_no_name_is_lost(names: list[str], limit: int) -> None:
    made = queries(names, [], max_length=limit)
    assert all(len(quote_plus(q)) <= limit for q in made)
    fits = {n.casefold() for n in names if len(quote_plus(f'"{n}"')) <= limit}
    asked = {name.casefold() for q in made for name in re.findall(r'"([^"]*)"', q)}
    assert asked == fits


@pytest.mark.parametrize(
    ("name", "phrase"),
    [('5-MeO-"x"', '"5-MeO- x"'), ("1,4-bdo", '"1 4-bdo"'), ("cis[2]*", '"cis 2"'), ("a (b)", '"a (b)"')],
)
def test_signs_that_an_api_reads_as_operators_become_gaps(name: str, phrase: str) -> None:
    assert queries([name], [], max_length=100) == (phrase,)


def test_a_name_of_signs_only_is_no_term() -> None:
    assert queries(['"', "**"], [" "], max_length=100) == ()


@pytest.mark.parametrize(
    ("kind", "form"),
    [("pubmed", '"bromazolam"[tiab]'), ("europepmc", 'TITLE_ABS:"bromazolam"'), ("openalex", '"bromazolam"')],
)
def test_a_source_that_asks_for_the_lexicon_gets_its_queries(kind: str, form: str) -> None:
    found = expand(source(kind, options={"query": "lexicon"}), ["bromazolam"], [])
    assert found.options["queries"] == (form,)
    assert len(quote_plus(form)) < DIALECTS[kind].max_length


def test_names_that_are_words_are_left_to_the_tagger() -> None:
    found = expand(source("pubmed", options={"query": "lexicon"}), ["net", "DOC", "2c-b", "mdmb-4en-pinaca"], ["nps"])
    assert found.options["queries"] == ('"nps"[tiab] OR "2c-b"[tiab] OR "mdmb-4en-pinaca"[tiab]',)


def test_the_knowledge_base_gives_sure_names_of_new_substances_and_narrow_class_words() -> None:
    from tracker.lexicon import load

    plain = source("crossref", options={"query": "bromazolam"})
    filled, same = with_lexicon([source("pubmed", options={"query": "lexicon"}), plain], load())
    asked = " ".join(filled.options["queries"])
    assert same is plain
    for term in ("bromazolam", "metonitazene", "mdmb-4en-pinaca", "nitazenes", "new psychoactive substances"):
        assert f'"{term}"[tiab]' in asked
    for term in ("diazepam", "fentanyl", "naloxone", "met", "opioids", "benzodiazepines", "stimulants"):
        assert f'"{term}"[tiab]' not in asked
    assert all(len(quote_plus(q)) <= DIALECTS["pubmed"].max_length for q in filled.options["queries"])


def test_any_other_source_stays_as_it_is() -> None:
    src = source("pubmed", options={"query": "bromazolam"})
    assert expand(src, ["x"], ["y"]) is src


def test_a_kind_that_cannot_search_with_the_lexicon_says_which_can() -> None:
    with pytest.raises(ConfigError, match=r"options\.query.*pubmed"):
        expand(source("crossref", options={"query": "lexicon"}), ["x"], [])


@pytest.mark.parametrize(
    ("kind", "options", "line"),
    [
        ("crossref", {"query": "a", "queries": ["b"]}, "give query or queries, not both"),
        ("pubmed", {"query": "a", "page_size": 0}, "page_size"),
        ("openfda", {"max_pages": -1}, "max_pages"),
        ("gdelt", {"mailto": "a@b.example"}, "mailto: the kind gdelt has no such option"),
        ("biorxiv", {"categorys": ["x"]}, "categorys"),
        ("pubmed", {"datetype": "xdat"}, "datetype"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(kind: str, options: dict[str, object], line: str) -> None:
    problems = validate_options(kind, options)
    assert len(problems) == 1
    assert line in problems[0]


@pytest.mark.parametrize("name", ["pubmed", "europepmc", "crossref", "openalex"])
def test_services_that_ask_whom_to_write_to_are_told(name: str) -> None:
    plain = Source(name, name, "https://api.example.org/esearch.fcgi", options={"query": "x"})
    own = Source(name, name, plain.url, options={"query": "x", "mailto": "me@own.example"})
    for contact, address in (("desk@nps.example", "desk@nps.example"), ("mailto:desk@nps.example", "desk@nps.example")):
        told, kept = with_contact([plain, own], contact)
        for request in (*kind(name).first(told, WEEK), *kind(name).recheck.ask(told, ["1"])):  # type: ignore[union-attr]
            assert {"email", "mailto"} & {key for key, value in request.params if value == address}
        assert kept == own
        assert memory.fingerprint(told) == memory.fingerprint(plain), "a new address is no reason to read all anew"


@pytest.mark.parametrize("contact", [None, "", "https://nps.example/contact", "a b@c"])
def test_what_is_no_mail_address_is_not_sent_as_one(contact: str | None) -> None:
    plain = Source("p", "pubmed", "https://api.example.org/esearch.fcgi", options={"query": "x"})
    feed = Source("f", "feed", "https://api.example.org/rss")
    assert with_contact([plain, feed], contact) == [plain, feed]
    assert with_contact([feed], "desk@nps.example") == [feed]
