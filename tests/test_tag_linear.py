"""Claims about the fitted models as numbers."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import LexiconError
from tracker.tag import linear

MODELS = ("doctype", "relevance", "countries", "roles")


def test_scores_are_sums_of_known_features() -> None:
    model = linear.Linear(("a", "b"), (1.0, 0.0), {"x": (2.0, -1.0)})
    assert model.scores({"x": 2.0, "unknown": 9.0}) == [5.0, -2.0]
    assert model.best({"x": -2.0}) == "b"


@given(st.floats(-1e6, 1e6))
def test_a_chance_lies_between_nought_and_one(x: float) -> None:
    assert 0.0 <= linear.logistic(x) <= 1.0
    assert linear.logistic(x) + linear.logistic(-x) == pytest.approx(1.0)


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.tuples(st.floats(-9, 9), st.floats(-9, 9)), max_size=5))
def test_a_dumped_model_reads_back(weights: dict[str, tuple[float, float]]) -> None:
    raw = json.loads(linear.dump(("a", "b"), (0.5, -0.5), weights))
    assert raw["labels"] == ["a", "b"]
    assert {k: tuple(v) for k, v in raw["weights"].items()} == {
        k: tuple(round(x, 4) for x in row) for k, row in weights.items()
    }


@given(
    st.dictionaries(
        st.text(st.characters(exclude_characters="\n"), min_size=1, max_size=8),
        st.tuples(st.integers(1, 32_767), st.integers(-32_768, 32_767)),
        max_size=6,
    )
)
def test_a_packed_model_reads_back_in_hundredths(rows: dict[str, tuple[int, int]]) -> None:
    weights = {name: tuple(n / 100 for n in row) for name, row in rows.items()}
    raw = json.loads(linear.dump_packed(("a", "b"), (0.5, -0.5), weights))
    read = linear._unpacked(raw["names"], raw["weights"], 2)
    assert dict(read) == weights
    assert list(read) == sorted(weights)


@pytest.mark.parametrize("weights", [{"x": (328.0, 0.0)}, {"two\nlines": (1.0, 0.0)}])
def test_what_cannot_be_packed_is_refused(weights: dict[str, tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match=r"too large|several lines"):
        linear.dump_packed(("a", "b"), (0.0, 0.0), weights)


@pytest.mark.parametrize("name", MODELS)
def test_each_shipped_model_is_small_and_whole(name: str) -> None:
    model = linear.model(name)
    assert model.weights
    assert (linear.DATA / f"{name}.json").stat().st_size < 2_000_000


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        '{"labels": ["a"], "bias": [0, 1], "weights": {}}',
        '{"labels": ["a"], "bias": [0], "weights": {"x": [1, 2]}}',
        '{"labels": ["a"], "bias": [0], "names": "x", "weights": "AAAAAA=="}',
    ],
)
def test_a_broken_model_says_how_to_mend_it(tmp_path, monkeypatch, content: str) -> None:
    (tmp_path / "broken.json").write_text(content, encoding="utf-8")
    monkeypatch.setattr(linear, "DATA", tmp_path)
    with pytest.raises(LexiconError, match=r"broken\.json.*training\.facts"):
        linear.model("broken")


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.tuples(st.integers(-99_999, 99_999), st.integers(-99_999, 99_999))),
    st.sets(st.sampled_from("abcdefgh")),
    st.floats(0, 50),
)
def test_the_quick_sum_is_that_of_all_features(
    rows: dict[str, tuple[int, int]], names: set[str], measure: float
) -> None:
    weights = {f"w={name}": (x / 10_000, y / 10_000) for name, (x, y) in rows.items()} | {"x": (9.0, -9.0)}
    model = linear.Linear(("a", "b"), (0.5, -0.5), weights)
    slow = model.sum({f"w={name}": 0.5 for name in names} | {"x": measure, "unknown": 1.0})
    assert model.total({"x": measure, "unknown": 1.0}, [("w=", 0.5, names)]) == pytest.approx(slow, abs=0.01)


def test_a_weight_that_does_not_fit_its_lane_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(LexiconError, match="refit"):
        linear.Linear(("a", "b"), (0.0, 0.0), {"w=x": (-1e6, 0.0)}).total({}, [("w=", 1.0, {"x"})])
