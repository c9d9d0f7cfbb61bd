"""`tracker tag` speaks the contract's JSON, line by line, and a bad line harms no other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tracker.lexicon import load
from tracker.tag import Tagger
from tracker.tag.explain import explain_stream
from tracker.tag.wire import BadLine, tag_stream

TAGGER = Tagger(load())
TEXT = "No flunitrazolam was found. 🙂 Bromazolam (“brom”) killed two; naloxone did not help. ADB-XXINACA too."


def run(*lines: bytes | str) -> list[str | BadLine]:
    return list(tag_stream(lines, TAGGER))


def tagged(**document: Any) -> dict[str, Any]:
    (line,) = run(json.dumps({"id": "a", "language": "en", **document}))
    assert isinstance(line, str)
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


def test_the_fields_are_those_of_the_contract_in_its_order() -> None:
    assert list(tagged(text=TEXT)) == [
        "id", "language", "relevant", "relevance", "doctype", "countries", "lexicon", "substances", "candidates",
        "context_substances", "grade", "classes", "class_mentions", "themes",
    ]  # fmt: skip


def test_every_span_is_a_slice_of_its_field() -> None:
    fields = {"text": TEXT, "title": "Warning: bromazolam 🙂 kills"}
    tags = tagged(**fields)
    mentions = [m for s in (*tags["substances"], *tags["context_substances"]) for m in s["mentions"]]
    mentions += [*tags["candidates"], *tags["class_mentions"]]
    assert {m["field"] for m in mentions} == {"text", "title"}
    for m in mentions:
        assert fields[m["field"]][m["start"] : m["end"]] == m["surface"]
    for theme in tags["themes"]:
        assert fields[theme["field"]][theme["start"] : theme["end"]] == theme["evidence"]


def test_a_mention_has_its_assertion_and_a_substance_the_strongest_of_them() -> None:
    substances = {s["name"]: s for s in tagged(text=TEXT + " Flunitrazolam was found in 2025.")["substances"]}
    assert [m["assertion"] for m in substances["flunitrazolam"]["mentions"]] == ["negated", "affirmed"]
    assert substances["flunitrazolam"]["assertion"] == "affirmed"
    assert substances["flunitrazolam"]["class"] == "designer_benzodiazepine"
    assert substances["flunitrazolam"]["nps"] is True


def test_antidotes_stand_apart_from_substances() -> None:
    tags = tagged(text=TEXT)
    assert [c["name"] for c in tags["context_substances"]] == ["naloxone"]
    assert "naloxone" not in {s["name"] for s in tags["substances"]}


def test_an_unknown_name_is_a_candidate_with_class_and_reason() -> None:
    (candidate,) = tagged(text=TEXT)["candidates"]
    assert candidate["surface"] == "ADB-XXINACA"
    assert candidate["class"] == "synthetic_cannabinoid"
    assert candidate["why"]


def test_lines_come_out_in_the_order_they_went_in_and_numbers_stay_numbers() -> None:
    lines = [json.dumps({"id": n, "text": f"text {n}", "language": "en"}) for n in range(5)]
    assert [json.loads(str(line))["id"] for line in run(*lines)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{not json", "is not JSON"),
        (b'["a"]', "is list, not an object"),
        (b'{"text": "x"}', "has no 'id'"),
        (b'{"id": "a", "text": 5}', "'text' is int, not a string"),
        (b'{"id": "a", "text": "x", "title": []}', "'title' is list, not a string"),
        (b'{"id": "a", "text": "x \\ud800 y"}', "lone surrogate"),
        (b'{"id": "a\\udfff", "text": "x"}', "lone surrogate"),
        (b'{"id": "a\\udfff", "text": ""}', "lone surrogate"),
        (b'{"id": "a", "text": "x", "more": [{"\\ud800": 1}]}', "lone surrogate"),
        (b'{"id": "a", "text": "\xff"}', "is not UTF-8"),
        (b'{"id": "a"}', "has neither 'text' nor 'title'"),
        (b"[" * 100_000, "is not JSON"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_is_tagged(line: bytes, says: str) -> None:
    good = b'{"id": "b", "text": "MDMA", "language": "en"}'
    first, bad, last = run(good, line, good)
    assert isinstance(bad, BadLine)
    assert bad.number == 2
    assert says in str(bad)
    assert isinstance(first, str)
    assert first == last


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert isinstance(run('{"id": "a", "text": "MDMA \\ud83d\\ude42", "language": "en"}')[0], str)


def test_empty_lines_and_a_byte_order_mark_are_no_mistake() -> None:
    assert len(run(b"\xef\xbb\xbf" + b'{"id": "a", "text": "MDMA", "language": "en"}', b"\n", b"  \n")) == 1


def test_an_empty_text_is_tagged_as_nothing() -> None:
    tags = tagged(text="")
    assert (tags["substances"], tags["themes"], tags["relevant"]) == ([], [], False)


def test_explain_shows_span_fold_cue_and_reason() -> None:
    (shown,) = explain_stream([json.dumps({"id": "a", "text": TEXT, "language": "en"})], TAGGER)
    text = str(shown)
    assert "\x1b[" in text
    for part in (
        "flunitrazolam",
        "[text 3:16]",
        "by name 'flunitrazolam', exact",
        "negated",
        "cannabinoid code",
        "because",
    ):
        assert part in text


def test_explain_names_bad_lines_too() -> None:
    assert [type(x) for x in explain_stream([b"{", b'{"id": 1, "text": "x", "language": "en"}'], TAGGER)] == [
        BadLine,
        str,
    ]


def test_explain_shows_no_character_that_commands_a_terminal() -> None:
    line = '{"id": "a\\u001b[2J", "text": "Bromazolam\\u001b]0;title\\u0007 was found in blood.", "language": "en"}'
    (text,) = explain_stream([line], TAGGER)
    assert "\x1b[2J" not in str(text)
    assert "\x1b]0" not in str(text)
    assert "\x07" not in str(text)


def test_a_word_for_a_class_is_no_candidate() -> None:
    found = tagged(id="1", text="The rule puts ocfentanil and four other fentanyls into schedule I.", language="en")
    assert [m["surface"] for m in found["class_mentions"]] == ["fentanyls"]
    assert found["candidates"] == []


def test_german_plurals_name_classes_and_no_drug() -> None:
    text = "Gefunden wurden Amphetamine und synthetische Cathinone, kein Amphetamin."
    assert [s["mentions"][0]["surface"] for s in tagged(text=text, language="de")["substances"]] == ["Amphetamin"]
