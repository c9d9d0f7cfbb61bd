"""The command line: every verb is there and documented, data goes to stdout, mistakes are one line and a status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tracker.archive import Archive
from tracker.cli import cli
from tracker.cli.verbs import VERBS
from tracker.lexicon import load
from tracker.model import Document
from tracker.runs import run_demo
from tracker.tag import Tagger
from tracker.tag.documents import tag_document


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo's archive; tests only read it."""
    folder = tmp_path_factory.mktemp("demo")
    run_demo(folder)
    return folder


def tracker(*words: str, cwd: Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """The whole program in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TRACKER_")}
    return subprocess.run(
        [sys.executable, "-m", "tracker", *words], cwd=cwd, input=stdin, capture_output=True, text=True, env=environment
    )


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str) -> None:
    result = CliRunner().invoke(cli, [verb, "--help"])
    assert result.exit_code == 0
    assert result.output.startswith("Usage:")
    assert len(result.output.splitlines()[2].split()) >= 4, "a verb says what it does in a sentence"


def test_every_verb_that_scripts_rely_on_is_there() -> None:
    promised = (
        "run collect parse tag import retag search substance digest signals leadtime backtest sources status lexicon "
        "export serve schedule init backup verify bulk"
    )
    assert set(promised.split()) <= set(VERBS)


@pytest.mark.skipif(sys.platform == "win32", reason="asks with SIGTERM")
def test_the_scheduler_collects_and_ends_well_when_asked(tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text("sources: []\n")
    words = [sys.executable, "-m", "tracker", "--db", "a.db", "schedule"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TRACKER_")}
    running = subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=environment)
    assert running.stderr is not None
    try:
        said = running.stderr.readline()  # the digest that was never made is due at once
        running.terminate()
        assert running.wait(timeout=30) == 0
    finally:
        running.kill()
        running.stderr.close()
    assert "digest" in said
    assert (tmp_path / "a.db").exists()


def test_the_help_names_every_verb_and_imports_none() -> None:
    code = "import sys; from tracker.cli import cli; cli.main(['--help'], standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    text, modules = done.stdout.rsplit("\n", 2)[0], done.stdout.split("\n")[-2].split()
    assert all(f"  {verb} " in text for verb in VERBS)
    assert not {"pydantic", "requests", "sqlite_utils", "lxml", "fastapi", "altair"} & set(modules)


def test_a_missing_archive_is_one_line_and_status_2(tmp_path: Path) -> None:
    done = tracker("--db", "none.db", "search", "x", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "none.db" in done.stderr


def test_a_retag_of_a_missing_archive_leaves_nothing_behind(tmp_path: Path) -> None:
    assert tracker("--db", "none.db", "retag", cwd=tmp_path).returncode == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-02-30", "soon"])
def test_what_is_no_moment_is_a_line_and_status_2(demo: Path, moment: str) -> None:
    done = tracker("--db", str(demo / "tracker.db"), "digest", "--as-of", moment, cwd=demo)
    assert done.returncode == 2
    assert "is not a moment" in done.stderr


@pytest.mark.parametrize("week", ["9999-W52", "2026-W54", "0001-W01", "W47"])
def test_what_is_no_week_is_a_line_and_status_2(demo: Path, week: str) -> None:
    done = tracker("--db", str(demo / "tracker.db"), "digest", "--week", week, "--as-of", "9999-12-31", cwd=demo)
    assert done.returncode == 2
    assert "is no ISO week" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["search", "--since", "yesterday"], "is not a date"),
        (["collect", "--since", "2999-01-01"], "future"),
        (["parse", "gopher", "sources.yaml"], "is not a kind"),
        (["tag", "missing.jsonl"], "does not exist"),
        (["lexicon", "show", "unobtainium"], "not in the lexicon"),
        (["nonsense"], "No such command"),
        (["digest", "--dry-run"], "--dry-run goes with --mail"),
    ],
)
def test_wrong_usage_is_a_line_and_status_2(tmp_path: Path, words: list[str], said: str) -> None:
    (tmp_path / "sources.yaml").write_text("sources: []\n")
    done = tracker(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_mistakes_in_the_list_of_sources_are_lines_and_status_2(tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text(
        "sources:\n  - {id: a, kind: feed}\n  - {id: b, kind: nope, url: 'https://x.org'}\n"
    )
    done = tracker("sources", "list", cwd=tmp_path)
    assert done.returncode == 2
    assert [line.split(": ", 1)[1][:30] for line in done.stderr.splitlines()] == [
        "sources.yaml: line 2: entry a:",
        "sources.yaml: line 3: entry b:",
    ]


def test_a_bad_line_is_named_and_the_rest_is_tagged(tmp_path: Path) -> None:
    lines = [
        '{"id": 1, "text": "Bromazolam was found.", "language": "en"}',
        "{broken",
        '{"id": 3, "text": "x", "language": "en"}',
    ]
    done = tracker("tag", "-", cwd=tmp_path, stdin="\n".join(lines) + "\n")
    assert done.returncode == 1
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [1, 3]
    assert "line 2" in done.stderr


def test_explain_names_bad_lines_too(tmp_path: Path) -> None:
    done = tracker("tag", "--explain", "-", cwd=tmp_path, stdin='{"id": 1, "text": "Bromazolam was found."}\n{broken\n')
    assert done.returncode == 1
    assert "bromazolam" in done.stdout
    assert "broken" not in done.stdout
    assert "line 2" in done.stderr


def test_a_saved_search_in_the_digest_knows_the_analysts_own_names(demo: Path, tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text("sources: []\n")
    (tmp_path / "tracker.yaml").write_text("searches: {mine: 'substance:deskword'}\n")
    own = "name,class,nps,reported,aliases,remove\nbromazolam,designer_benzodiazepine,yes,yes,deskword,\n"
    (tmp_path / "substances.local.csv").write_text(own)
    words = ["--db", str(demo / "tracker.db"), "digest", "--week", "2026-W46", "--as-of", "2026-11-16T07:00:00Z"]
    done = tracker(*words, "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    sections = {section["id"]: section["items"] for section in json.loads(done.stdout)["sections"]}
    assert [item for item in sections["saved_searches"] if item["documents"]]


def test_the_analysts_official_dates_may_use_any_name_in_the_digest_too(demo: Path, tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text("sources: []\n")
    own = "substance,event,date,country_or_body\nxli-268,uk_control,2001-01-01,GB\n"
    (tmp_path / "first_reports.local.csv").write_text(own)
    words = ["--db", str(demo / "tracker.db"), "digest", "--week", "2026-W46", "--as-of", "2026-11-16T07:00:00Z"]
    done = tracker(*words, "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    sections = {section["id"]: section["items"] for section in json.loads(done.stdout)["sections"]}
    (told,) = [item["text"] for item in sections["lead_time"] if item["substance"] == "bromazolam"]
    assert "1 Jan 2001" in told


def test_the_sample_run_leaves_its_digests(demo: Path) -> None:
    names = sorted(path.name for path in (demo / "digests").iterdir())
    assert names == ["2026-W46.html", "2026-W46.json", "2026-W46.md", "current.html", "current.json", "current.md"]
    assert "Sample" in (demo / "digests" / "2026-W46.html").read_text()


def test_a_run_repeated_gives_the_same_bytes(demo: Path, tmp_path: Path) -> None:
    run_demo(tmp_path)
    for path in (demo / "digests").iterdir():
        assert (tmp_path / "digests" / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv", "ris", "bibtex", "csl"])
def test_search_answers_in_every_format(demo: Path, form: str) -> None:
    done = tracker("--db", str(demo / "tracker.db"), "search", "bromazolam", "--format", form, cwd=demo)
    assert done.returncode == 0, done.stderr
    assert "romazolam" in done.stdout


def test_search_json_has_the_keys_that_scripts_rely_on(demo: Path) -> None:
    done = tracker("--db", str(demo / "tracker.db"), "search", "substance:xli-268", "--format", "json", cwd=demo)
    answer = json.loads(done.stdout)
    assert answer["total"] > 10
    keys = "id title url source publisher published first_seen tier doctype substances themes story editorial_status"
    assert {*keys.split(), "snippet", "score"} <= answer["results"][0].keys()
    assert all("bromazolam" in row["substances"] for row in answer["results"])


@pytest.mark.parametrize(
    "words",
    [
        ["status"], ["signals", "--as-of", "2026-11-16T07:00:00Z"], ["leadtime"], ["substance", "bromazolam"],
        ["stories", "--explain", "1"], ["sources", "list"], ["lexicon", "show", "bromazolam"], ["retag", "--dry-run"],
        ["digest", "--as-of", "2026-11-16T07:00:00Z"], ["verify"],
    ],
    ids=lambda words: words[0],
)  # fmt: skip
def test_a_reading_verb_works_on_the_sample(demo: Path, words: list[str]) -> None:
    done = tracker("--db", str(demo / "tracker.db"), *words, cwd=demo)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()


def test_an_export_has_its_manifest_beside_it(demo: Path, tmp_path: Path) -> None:
    out = tmp_path / "found.jsonl"
    done = tracker("--db", str(demo / "tracker.db"), "export", "--format", "jsonl", "--out", str(out), cwd=demo)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "found.jsonl.manifest.json").read_text())
    assert manifest["counts"]["documents"] == len(out.read_text().splitlines())


def test_what_is_exported_can_be_imported_into_an_empty_archive(demo: Path, tmp_path: Path) -> None:
    out = tmp_path / "found.jsonl"
    tracker("--db", str(demo / "tracker.db"), "export", "--format", "jsonl", "--out", str(out), cwd=demo)
    done = tracker("--db", "new.db", "import", str(out), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{len(out.read_text().splitlines())} new, 0 revised")


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    first = tracker("init", "here", cwd=tmp_path)
    (tmp_path / "here" / "tracker.yaml").write_text("contact: a@example.org\n")
    second = tracker("init", "here", cwd=tmp_path)
    assert (first.returncode, second.returncode) == (0, 0)
    assert (tmp_path / "here" / "tracker.yaml").read_text() == "contact: a@example.org\n"
    assert tracker("sources", "list", cwd=tmp_path / "here").returncode == 0


def test_a_tagged_document_keeps_what_its_source_says_it_is() -> None:
    document = Document("1", text="Bromazolam.", language="en")
    tags = tag_document(Tagger(load()), document, source_type="legal_notice")
    assert tags.doctype == "legal_notice"


def test_the_archive_of_the_sample_holds_all_items_once(demo: Path) -> None:
    with Archive.open(demo / "tracker.db") as archive:
        assert archive.count_documents(everything=True) == 61
