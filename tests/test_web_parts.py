"""Pure parts of the web: marked texts, differences, plots, addresses, additions, the brake on guessing."""

from __future__ import annotations

import socket
from itertools import pairwise

import pytest
import web_kit
from hypothesis import given
from hypothesis import strategies as st

from tracker.archive.filters import Filters
from tracker.errors import UsageError
from tracker.lexicon import load
from tracker.web import additions, auth, diffs, look, marked, plots
from tracker.web.desk import FRESH_SECONDS, Kept
from tracker.web.marked import Mark
from tracker.web.params import Asked, _pack, moment, with_cursor
from tracker.web.render import address, environment, is_timed, out


def mark(start: int, end: int, name: str = "x") -> Mark:
    return Mark(start, end, "substance", name, "affirmed", "tip", "s-x")


SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=12)


@given(st.text(max_size=60), SPANS, SPANS)
def test_pieces_put_together_are_the_text(text, marks, evidence):
    found = marked.pieces(
        text, [mark(s, s + n) for s, n in marks], [(s, s + n, "death") for s, n in evidence if s + n <= len(text)]
    )
    assert "".join(p.text for p in found) == text


def test_a_name_is_whole_and_knows_its_evidence():
    text = "Two died. Bromazolam was found in both."
    found = marked.pieces(text, [mark(10, 20)], [(0, 9, "death"), (10, 39, "analytics")])
    assert [(p.text, p.themes, p.mark is not None) for p in found] == [
        ("Two died.", ("death",), False), (" ", (), False), ("Bromazolam", ("analytics",), True),
        (" was found in both.", ("analytics",), False),
    ]  # fmt: skip


def test_of_overlapping_names_the_first_and_longest_shows():
    found = marked.pieces("fentanyl citrate", [mark(0, 8, "short"), mark(0, 16, "long"), mark(9, 16, "late")])
    assert [p.mark.name for p in found if p.mark] == ["long"]


def test_evidence_that_begins_inside_a_name_does_not_tear_it():
    found = marked.pieces("abcdef", [mark(1, 4)], [(2, 6, "death")])
    assert [p.text for p in found if p.mark] == ["bcd"]


@given(st.integers(0, 3 * marked.PART), st.sampled_from(["a", "a ", "a\n"]))
def test_parts_cover_the_text_without_gap(length, unit):
    text = (unit * length)[:length]
    bounds = marked.parts(text)
    assert bounds[0][0] == 0
    assert bounds[-1][1] == len(text)
    assert all(a[1] == b[0] for a, b in pairwise(bounds))
    assert all(0 <= e - s <= marked.PART for s, e in bounds)


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_difference_shows_what_went_and_what_came(old, new):
    found = diffs.changes(old, new)
    assert bool(found) == (old != new)
    assert all(c.text in old for c in found if c.kind == "out")
    assert all(c.text in new for c in found if c.kind == "in")


def test_a_difference_leaves_far_words_out():
    words = " ".join(f"w{n}" for n in range(100))
    found = diffs.changes(f"{words} old {words}", f"{words} new {words}")
    assert [c.kind for c in found] == ["gap", "same", "out", "in", "same", "gap"]
    assert [c.text.strip() for c in found if c.kind in ("out", "in")] == ["old", "new"]


def test_a_plot_says_in_words_what_it_draws_and_escapes_them():
    drawn = plots.spark([0, 2, 1], 'three "weeks" <of> stories')
    assert drawn.count("<rect") == 2
    assert 'aria-label="three &#34;weeks&#34; &lt;of&gt; stories"' in drawn
    assert "style=" not in drawn  # the policy allows no inline style


def test_the_expected_plot_has_a_bar_a_range_and_a_tick():
    drawn = plots.expected([0, 1, 2], 6, 1.2, 0, 3, "label")
    assert drawn.count('class="bar now"') == 1
    assert 'class="range"' in drawn
    assert 'class="mean"' in drawn


@pytest.mark.parametrize(
    ("target", "gone_to"),
    [
        ("/search?q=a", "/search?q=a"), ("/", "/"), ("", "/"), ("https://evil.example", "/"), ("//evil.example", "/"),
        ("/\\evil.example", "/"), ("/a\r\nX: y", "/"), ("javascript:alert(1)", "/"), ("/a\\b", "/"), ("search", "/"),
    ],
)  # fmt: skip
def test_only_addresses_on_this_site_are_gone_on_to(target, gone_to):
    assert auth.local_path(target) == gone_to


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://a.example/x", True), ("http://a.example", True), ("javascript:alert(1)", False),
        ("data:text/html,x", False), ("//a.example", False), ("ftp://a.example/x", False), ("https:///x", False),
        ("http://[bad", False), (None, False),
    ],
)  # fmt: skip
def test_only_http_addresses_are_linked(url, linked):
    assert (out(url) is not None) is linked


def test_an_address_has_the_root_and_escapes_parameters():
    assert (
        address("/nps", "/search", [("q", "a b&c")], cursor=None, sort="newest") == "/nps/search?q=a+b%26c&sort=newest"
    )


def test_templates_escape_what_comes_from_outside():
    assert environment().from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"


# --- searches in addresses -------------------------------------------------------------------------------------------


def test_a_search_writes_itself_as_parameters():
    search = Asked(q="a", filters=Filters(theme=("death",), cls=("nitazene",), since="2026"), sort="newest")
    assert search.pairs() == [
        ("q", "a"),
        ("theme", "death"),
        ("class", "nitazene"),
        ("since", "2026"),
        ("sort", "newest"),
    ]


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-13-01", "0001-01-01", "2026-11-24T25:00", "9999-12-31T23:59:59-23:59"]
)
def test_a_moment_that_cannot_be_meant_is_refused(text):
    with pytest.raises(UsageError, match="as_of"):
        moment(text)


@pytest.mark.parametrize(
    "text", ["2026-11-24", "2026-11-24T07:00:00Z", "2026-11-24T08:00:00+01:00", "2026-11-24T08:00:00 01:00"]
)
def test_moments_are_read_in_utc(text):
    assert f"{moment(text):%Y-%m-%d %z}" == "2026-11-24 +0000"


@given(st.text(max_size=60))
def test_a_cursor_of_nobody_is_refused_in_one_line(cursor):
    with pytest.raises(UsageError, match="cursor"):
        with_cursor(Asked(), cursor)


def test_a_cursor_of_another_order_is_refused():
    cursor = _pack("n", "2026-11-24T07:00:00Z", 5, 0)
    assert with_cursor(Asked(sort="newest"), cursor).before == ("2026-11-24T07:00:00Z", 5)
    with pytest.raises(UsageError, match="another sort order"):
        with_cursor(Asked(sort="relevance"), cursor)


# --- what is kept between requests -----------------------------------------------------------------------------------


def test_a_result_is_kept_until_the_archive_changed_and_half_a_minute_went_by():
    clock = [0.0]
    kept, made = Kept(lambda: clock[0]), []

    def get(state: str) -> int:
        return kept.get("k", state, lambda: made.append(1) or len(made))

    assert [get("a"), get("a"), get("b")] == [1, 1, 1]
    clock[0] = FRESH_SECONDS + 1
    assert [get("a"), get("b"), get("b")] == [1, 2, 2]


def test_what_took_long_is_kept_longer():
    clock = [0.0]
    kept, made = Kept(lambda: clock[0]), []

    def slow() -> int:
        clock[0] += 60
        made.append(1)
        return len(made)

    assert kept.get("k", "a", slow) == 1
    clock[0] += 600
    assert kept.get("k", "b", slow) == 1
    clock[0] += 700
    assert kept.get("k", "b", slow) == 2


def test_too_many_failures_of_a_name_must_wait_and_other_names_need_not():
    clock = [0.0]
    brake = auth.Brake(lambda: clock[0])
    for _ in range(auth.PER_NAME):
        assert brake.wait("anna", "10.0.0.1") == 0
        brake.failed("anna", "10.0.0.1")
    assert brake.wait("anna", "10.0.0.2") > 0
    assert brake.wait("ben", "10.0.0.1") == 0
    clock[0] = auth.WINDOW + 2
    assert brake.wait("anna", "10.0.0.2") == 0


def test_an_address_that_tries_many_names_must_wait():
    brake = auth.Brake(lambda: 0.0)
    for n in range(auth.PER_ADDRESS):
        brake.failed(f"user{n}", "10.0.0.1")
    assert brake.wait("anybody", "10.0.0.1") > 0
    assert brake.wait("anybody", "10.0.0.2") == 0


# --- the analyst's additions -----------------------------------------------------------------------------------------


def test_additions_are_what_the_lexicon_reads(tmp_path):
    path = tmp_path / "substances.local.csv"
    additions.change(path, lambda rows: additions.add_substance(rows, "zolamide x", "nitazene", nps=True), check=load)
    additions.change(path, lambda rows: additions.add_alias(rows, "bromazolam", "Zed"), check=load)
    additions.change(path, lambda rows: additions.add_alias(rows, "bromazolam", "Zed two"), check=load)
    additions.change(path, lambda rows: additions.add_never(rows, "Notadrug"), check=load)
    known = load(path)
    assert known.find("zolamide x").cls == "nitazene"
    assert known.find("zed").name == known.find("ZED TWO").name == "bromazolam"
    assert not known.find("notadrug").reported


def test_what_was_added_can_be_taken_out(tmp_path):
    path = tmp_path / "substances.local.csv"
    additions.change(path, lambda rows: additions.add_alias(rows, "bromazolam", "Zed"), check=load)
    additions.change(path, lambda rows: additions.add_never(rows, "Notadrug"), check=load)
    additions.change(path, lambda rows: additions.without_alias(rows, "bromazolam", "zed"), check=load)
    additions.change(path, lambda rows: additions.without(rows, "notadrug"), check=load)
    assert additions.read(path) == []


def test_an_analysts_own_rows_stay(tmp_path):
    path = tmp_path / "substances.local.csv"
    path.write_text("name;class;nps;reported;aliases;remove\nfoo zolam;nitazene;yes;yes;bar | baz;\n", "utf-8-sig")
    additions.change(path, lambda rows: additions.add_alias(rows, "foo zolam", "qux"), check=load)
    assert additions.read(path)[0]["aliases"] == "bar | baz | qux"


def test_a_file_that_would_not_load_does_not_take_the_old_ones_place(tmp_path):
    path = tmp_path / "substances.local.csv"
    path.write_text("name,class,nps,reported,aliases,remove\nfoo,nitazene,yes,yes,,\n")
    before = path.read_text()
    with pytest.raises(Exception, match="class"):
        additions.change(path, lambda rows: [*rows, {**rows[0], "name": "bar", "class": ""}], check=load)
    assert path.read_text() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["", "  ", "a|b", "x" * 200, "=cmd", "a\x00b"])
def test_names_that_would_break_the_file_are_refused(name):
    with pytest.raises(UsageError, match="cannot be a name"):
        additions.checked_name(name)


def test_passwords_are_checked_by_their_hash_and_unknown_users_are_not_let_in():
    from tracker.archive.people import User

    hashed = auth.hash_password("long enough words")
    assert hashed.startswith("$argon2id$")
    user = User("anna", "analyst", hashed, 1, "", "")
    assert auth.verify(user, "long enough words")
    assert not auth.verify(user, "other words")
    assert not auth.verify(None, "long enough words")


def test_an_answer_is_not_held_back_for_the_readers_acknowledgement():
    from tracker.cli.serving import _listening

    with _listening("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()) as caller:
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert caller.getpeername() == listener.getsockname()


def test_the_first_pages_of_a_large_archive_are_made_before_anybody_asks(tmp_path, monkeypatch):
    desk = web_kit.desk(tmp_path / "tracker.db")
    look.prepare(desk)  # no archive yet: whoever opens a page is told
    web_kit.build(tmp_path / "tracker.db")
    look.prepare(desk)
    assert desk._kept._found == {}  # a small one is read in no time
    monkeypatch.setattr(look.reads_named, "is_large", lambda *_: True)
    look.prepare(desk)
    monkeypatch.setattr("tracker.digest.make_digest", None)
    monkeypatch.setattr(look.reads_named, "substances", None)
    assert look.digest(desk, None).week == "2026-W47"
    assert {row.name for row in look.substances(desk)} >= {"bromazolam", "protonitazene"}


@pytest.mark.parametrize(
    ("path", "timed"),
    [("/", True), ("/week/2026-W46", True), ("/search", True), ("/export.ris", True), ("/feeds/search.atom", True),
     ("/searching", False), ("/substances", False), ("/sources", False), ("/feeds/alerts.atom", False)],
)  # fmt: skip
def test_links_keep_to_the_past_only_where_there_is_one(path, timed):
    assert is_timed(path) is timed
