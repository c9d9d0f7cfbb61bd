"""The statistics against scipy, and what they must never do at any mean."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from tracker.analysis.stats import Predictive, benjamini_hochberg, excess, incomplete_beta

positive = st.floats(min_value=0.05, max_value=400)
share = st.floats(min_value=1e-6, max_value=1 - 1e-6)


@given(a=positive, b=positive, x=share)
def test_the_incomplete_beta_function_is_scipys(a: float, b: float, x: float) -> None:
    assert incomplete_beta(a, b, x) == pytest.approx(special.betainc(a, b, x), rel=1e-8, abs=1e-13)


@pytest.mark.parametrize(("x", "value"), [(0.0, 0.0), (-1.0, 0.0), (1.0, 1.0), (2.0, 1.0)])
def test_the_incomplete_beta_function_ends_where_it_must(x: float, value: float) -> None:
    assert incomplete_beta(2, 3, x) == value


@given(
    r=st.floats(min_value=0.1, max_value=200), pi=st.floats(min_value=0.001, max_value=0.95), count=st.integers(0, 60)
)
def test_the_predictive_tail_is_the_negative_binomials(r: float, pi: float, count: int) -> None:
    expected = stats.nbinom.sf(count - 1, r, 1 - pi)
    assert Predictive(r, pi).tail(count) == pytest.approx(expected, rel=1e-7, abs=1e-13)


@given(r=st.floats(min_value=0.5, max_value=100), pi=st.floats(min_value=0.005, max_value=0.9))
def test_the_interval_is_the_central_one(r: float, pi: float) -> None:
    low, high = Predictive(r, pi).interval()
    for level, found in ((0.025, low), (0.975, high)):
        wanted = int(stats.nbinom.ppf(level, r, 1 - pi))
        near = abs(stats.nbinom.cdf(min(found, wanted), r, 1 - pi) - level) < 1e-9
        assert found == wanted or near


@given(x=st.integers(0, 40), y=st.integers(0, 20), ratio=st.floats(min_value=0.01, max_value=3))
def test_the_tail_is_the_exact_conditional_test_of_two_rates(x: int, y: int, ratio: float) -> None:
    weeks = 10
    result = excess(y, ratio, [x, *[0] * (weeks - 1)], [1.0] * weeks)
    assert result is not None
    if result.dispersion == 1:
        exact = stats.binom.sf(y - 1, x + y, ratio / (ratio + weeks))
        assert result.p == pytest.approx(exact, rel=1e-7, abs=1e-13)


@given(st.lists(st.floats(min_value=0, max_value=1), min_size=1, max_size=40))
def test_false_discovery_control_is_scipys(p_values: list[float]) -> None:
    assert benjamini_hochberg(p_values) == pytest.approx(list(stats.false_discovery_control(p_values)), abs=1e-12)


def test_no_series_is_no_error() -> None:
    assert benjamini_hochberg([]) == []


@pytest.mark.parametrize("mean", [0.02, 0.1, 0.5, 2.0])
def test_the_alarm_rate_of_a_poisson_series_is_never_above_nominal(mean: float) -> None:
    """Worked out, not simulated: the sum over all pasts and presents of what alarms at 0.025."""
    weeks, alarms = 52, 0.0
    past = stats.poisson(mean * weeks)
    now = stats.poisson(mean)
    for x in range(int(past.ppf(1 - 1e-9)) + 1):
        counts = [x // weeks + (place < x % weeks) for place in range(weeks)]
        for y in range(int(now.ppf(1 - 1e-9)) + 1):
            result = excess(y, 1.0, counts, [1.0] * weeks)
            assert result is not None
            if result.p <= 0.025:
                alarms += past.pmf(x) * now.pmf(y)
    assert alarms <= 0.025


@pytest.mark.parametrize("level", [0.01, 0.025, 0.05])
@pytest.mark.parametrize("mean", [0.05, 0.5])
def test_randomised_p_values_are_uniform(mean: float, level: float) -> None:
    weeks, share_below = 26, 0.0
    past, now = stats.poisson(mean * weeks), stats.poisson(mean)
    for x in range(int(past.ppf(1 - 1e-10)) + 1):
        counts = [x // weeks + (place < x % weeks) for place in range(weeks)]
        for y in range(int(now.ppf(1 - 1e-10)) + 1):
            result = excess(y, 1.0, counts, [1.0] * weeks)
            assert result is not None
            low, high = result.randomised_p(0), result.randomised_p(1)
            inside = 1.0 if high <= level else 0.0 if low >= level else (level - low) / (high - low)
            share_below += past.pmf(x) * now.pmf(y) * inside
    assert share_below == pytest.approx(level, rel=1e-6)


def test_a_source_that_doubles_the_documents_doubles_the_expectation() -> None:
    counts, exposures = [1] * 20, [100.0] * 20
    single, double = excess(2, 100.0, counts, exposures), excess(2, 200.0, counts, exposures)
    assert single is not None
    assert double is not None
    assert double.expected == pytest.approx(2 * single.expected)
    assert double.p > single.p


def test_the_classes_rate_raises_the_expectation_and_never_lowers_it() -> None:
    counts, exposures = [0, 0, 1, 0] * 10, [1.0] * 40
    alone = excess(2, 1.0, counts, exposures)
    common, rare = (excess(2, 1.0, counts, exposures, class_rate=rate) for rate in (1.0, 0.001))
    assert alone is not None
    assert common is not None
    assert rare is not None
    assert common.p > alone.p
    assert rare.p == alone.p


def test_a_spiky_past_makes_the_interval_wider() -> None:
    even, spiky = [1] * 40, [0, 0, 0, 4] * 10
    narrow, wide = excess(4, 1.0, even, [1.0] * 40), excess(4, 1.0, spiky, [1.0] * 40)
    assert narrow is not None
    assert wide is not None
    assert narrow.dispersion == 1
    assert wide.dispersion > 1
    assert wide.interval[1] > narrow.interval[1]
    assert wide.p > narrow.p
    assert wide.expected == pytest.approx(narrow.expected)


def test_a_dense_series_is_compared_with_the_same_season() -> None:
    season = [round(3 + 2.9 * math.cos(2 * math.pi * week / 52)) for week in range(156)]
    peak = excess(6, 1.0, season, [1.0] * 156)  # the week after the past is a peak week
    assert peak is not None
    assert peak.seasonal
    assert peak.p > 0.05
    flat = excess(6, 1.0, [3] * 156, [1.0] * 156)
    assert flat is not None
    assert flat.p < peak.p


@pytest.mark.parametrize(
    ("exposure", "exposures"),
    [(1.0, [1.0] * 3), (0.0, [1.0] * 20), (1.0, [0.0] * 20)],
    ids=["short", "no week", "no past"],
)
def test_without_a_past_nothing_is_said(exposure: float, exposures: list[float]) -> None:
    assert excess(5, exposure, [0] * len(exposures), exposures) is None
