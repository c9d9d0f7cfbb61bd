"""sources.yaml and tracker.yaml: what is accepted, and that every mistake is one line with entry and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker.config import load_settings, load_sources, seconds
from tracker.errors import ConfigError

KINDS = ("feed", "pubmed")


def no_mistakes(kind: str, options: object) -> list[str]:
    return []


def write(folder: Path, text: str, name: str = "sources.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_sources(write(folder, text), kinds=KINDS, check_options=no_mistakes)
    return [line.replace(f"{folder}/", "") for line in caught.value.problems]


def entry(**fields: str) -> str:
    lines = {"id": "a", "kind": "feed", "url": "https://example.org/a", **fields}
    return "sources:\n  - " + "\n    ".join(f"{key}: {value}" for key, value in lines.items())


def test_an_entry_takes_the_defaults_of_its_file(tmp_path: Path) -> None:
    text = "defaults: {every: 12h, tier: C, language: de}\n" + entry(language="fr")
    (source,) = load_sources(write(tmp_path, text), kinds=KINDS, check_options=no_mistakes)
    assert (source.every, source.tier, source.language, source.name) == (43200, "C", "fr", "a")


@pytest.mark.parametrize(
    ("fields", "keep"),
    [
        ({"tier": "A"}, "all"),
        ({"tier": "B"}, "relevant"),
        ({"tier": "A", "kind": "pubmed", "options": "{query: nitazene}"}, "relevant"),
        ({"tier": "C", "keep": "all"}, "all"),
    ],
)
def test_what_is_kept_follows_from_tier_and_query(tmp_path: Path, fields: dict[str, str], keep: str) -> None:
    (source,) = load_sources(write(tmp_path, entry(**fields)), kinds=KINDS, check_options=no_mistakes)
    assert source.keep == keep


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"every": "6x"}, "field every: '6x' is not an interval; write a number and s, m, h, d or w, such as 6h"),
        ({"every": "0h"}, "field every: '0h' is not an interval; write a number and s, m, h, d or w, such as 6h"),
        ({"tier": "D"}, "field tier: input should be 'A', 'B' or 'C' (found 'D')"),
        ({"country": "UK"}, "field country: 'UK' is not an ISO 3166-1 alpha-2 country code (or EU); write GB, US, DE …"),  # noqa: E501
        ({"kind": "gopher"}, "field kind: 'gopher' is not known; write one of feed pubmed"),
        ({"id": "A-b"}, "field id: 'A-b' may hold only a-z, 0-9 and _"),
        ({"url": "example.org"}, "field url: 'example.org' is not an address; write https://…, http://…, imaps://… or file:…"),  # noqa: E501
        ({"enabled": "false"}, "field why: an entry that is off says why (blocked, key needed, terms, guessed address …)"),  # noqa: E501
        (
            {"key_env": "s3cret"},
            "field key_env: names an environment variable such as OPENALEX_KEY; the key itself is never written here",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_entry_and_field(tmp_path: Path, fields: dict[str, str], line: str) -> None:
    name = fields.get("id", "a")
    assert mistakes(tmp_path, entry(**fields)) == [f"sources.yaml: line 2: entry {name}: {line}"]


def test_an_unknown_field_is_named_with_the_allowed_ones(tmp_path: Path) -> None:
    (line,) = mistakes(tmp_path, entry(colour="red"))
    assert "entry a: unknown field 'colour'; allowed are every, tier" in line


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    text = "defaults: {tier: Z}\n" + entry(every="1y") + "\n  - {id: a, kind: feed}\n  - 7\nextra: 1\n"
    lines = mistakes(tmp_path, text)
    assert [line.split(": ", 1)[1][:22] for line in lines] == [
        "unknown field 'extra' ",
        "defaults: field tier: ",
        "line 3: entry a: field",
        "line 7: entry a: field",
        "line 8: entry 3: must ",
    ]


def test_an_id_is_used_once(tmp_path: Path) -> None:
    text = entry() + "\n  - {id: a, kind: feed, url: 'https://example.org/b'}"
    assert mistakes(tmp_path, text) == ["sources.yaml: line 5: entry a: field id: 'a' is already used on line 2"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must hold `sources:` with a list"),
        ("sources: 3", "must hold `sources:` with a list"),
        ("sources: [", "line 1"),
        ("sources:\n  - {id: a, id: b}", "line 2, column 13: the field 'id' stands twice"),
        ("\tsources: []", "line 1"),
    ],
)
def test_what_is_no_list_of_sources_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    (line,) = mistakes(tmp_path, text)
    assert said in line


def test_options_are_checked_by_the_kind(tmp_path: Path) -> None:
    path = write(tmp_path, entry(options="{querry: x}"))
    with pytest.raises(ConfigError, match="entry a: field options: querry: no such option"):
        load_sources(path, kinds=KINDS, check_options=lambda kind, options: [f"{k}: no such option" for k in options])


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load_sources(tmp_path / "none.yaml", kinds=KINDS, check_options=no_mistakes)


@pytest.mark.parametrize(("text", "value"), [("30s", 30), ("5m", 300), ("6h", 21600), ("1d", 86400), ("2w", 1209600)])
def test_intervals_are_seconds(text: str, value: int) -> None:
    assert seconds(text) == value


def test_without_a_settings_file_the_defaults_hold(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    assert (settings.timezone, settings.digest["day"], settings.mail) == ("UTC", "monday", None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("timezone: Mars/North", "field timezone: 'Mars/North' is not known"),
        ("digest: {day: noday}", "field digest.day"),
        ("mail: {host: h, sender: s, pasword: x}", "unknown field 'mail.pasword'; allowed are host, port"),
        ("- 1", "must be a mapping"),
    ],
)
def test_a_mistake_in_the_settings_names_its_field(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path, text, "tracker.yaml")
    with pytest.raises(ConfigError, match=said.replace("(", r"\(")):
        load_settings(tmp_path)
