"""Counts that are true at one mention a month: exact predictive tails for sparse weekly series.

The model. Weekly counts of stories are Poisson with rate λ per unit of exposure (what the watched sources gave in
that week). With a Gamma prior on λ the past makes it Gamma(r, E), r = x + 1 for x stories in a summed exposure E, and
the next week's count negative binomial: P(Y ≥ y) = I_π(y, r) with π = e / (e + E), e the week's exposure. With the
prior Gamma(1, 0) this tail is the p value of the exact conditional test of two Poisson rates (Przyborowski &
Wilenski, Biometrika 1940, 31:313), so it is never below nominal at any mean, however small; its randomised form
(between I_π(y+1, r-1) and I_π(y, r)) is exactly uniform.

The class's prior may raise the expectation, never lower it: shrinking a common substance towards its rare relatives
is what makes a detector loud. Over-dispersion is taken into account where the baseline shows it beyond doubt, and the
season where the series is dense enough (weeks of the same season, as in Farrington et al., J R Stat Soc A 1996,
159:547). False discoveries: Benjamini & Hochberg, J R Stat Soc B 1995, 57:289.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

BASELINE_WEEKS = 156  # how far back a series is looked at
MINIMUM_WEEKS = 4  # a shorter past says nothing
PRIOR_WEEKS = 4.0  # weight of the class's rate, in weeks of the present exposure
SEASONAL_COUNT = 60  # stories in the baseline from which on the season is resolved
SEASONAL_WEEKS = 104
RECENT_WEEKS = 16  # with the season: the latest weeks, and …
SEASON_HALF = 5  # … this many weeks either side of the same week in earlier years
_DISPERSION_COUNT = 12  # stories from which on over-dispersion can be judged
_DISPERSION_Z = 2.33  # one-sided 1 %
_EPSILON = 1e-15
_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Predictive:
    """A negative binomial for the coming count: size `r` > 0, `odds` π in (0, 1) is the chance of one more event."""

    r: float
    pi: float

    @property
    def mean(self) -> float:
        return self.r * self.pi / (1 - self.pi)

    def tail(self, count: int) -> float:
        """P(Y ≥ count)."""
        return 1.0 if count <= 0 else incomplete_beta(count, self.r, self.pi)

    def interval(self, level: float = 0.95) -> tuple[int, int]:
        """Central predictive interval: smallest counts whose distribution function reaches the two tail levels."""
        half = (1 - level) / 2
        return self.quantile(half), self.quantile(1 - half)

    def quantile(self, level: float) -> int:
        """The smallest count k with P(Y ≤ k) ≥ level."""
        high = 1
        while 1 - self.tail(high + 1) < level:
            high *= 2
        low = 0
        while low < high:
            middle = (low + high) // 2
            if 1 - self.tail(middle + 1) >= level:
                high = middle
            else:
                low = middle + 1
        return low


@dataclass(frozen=True, slots=True)
class Excess:
    """One week of one series against its own past. Counts are stories; `expected` is the predictive mean."""

    observed: int
    expected: float
    interval: tuple[int, int]
    p: float  # P(Y ≥ observed), one-sided
    baseline_weeks: int
    baseline_count: int
    dispersion: float  # 1 where Poisson is enough
    seasonal: bool
    predictive: Predictive

    def randomised_p(self, u: float) -> float:
        """The p value made uniform by a number u drawn from [0, 1); for calibration only, reports use `p`."""
        lower = Predictive(self.predictive.r - 1, self.predictive.pi) if self.predictive.r > 1 else None
        above = lower.tail(self.observed + 1) if lower else 0.0
        return above + u * (self.p - above)


def excess(
    observed: int,
    exposure: float,
    counts: Sequence[int],
    exposures: Sequence[float],
    *,
    class_rate: float | None = None,
) -> Excess | None:
    """Compare one week with the weeks before it (oldest first, the last is the week before).

    `exposure` and `exposures` have one unit (documents, weighted); `class_rate` is stories per unit of exposure of a
    typical substance of the class. None where the past is too short or the week had no exposure: nothing can be said
    then.
    """
    chosen, seasonal = _baseline(counts, exposures)
    weeks = [(counts[i], exposures[i]) for i in chosen if exposures[i] > 0]
    if len(weeks) < MINIMUM_WEEKS or exposure <= 0:
        return None
    total, summed = sum(count for count, _ in weeks), sum(e for _, e in weeks)
    dispersion = _dispersion(weeks, total, summed)
    candidates = [_predictive(total + 1, summed, exposure, dispersion)]
    if class_rate is not None and class_rate * summed > total:
        weight = PRIOR_WEEKS * exposure
        candidates.append(_predictive(total + 1 + class_rate * weight, summed + weight, exposure, dispersion))
    model = max(candidates, key=lambda candidate: (candidate.tail(max(observed, 1)), candidate.mean))
    return Excess(
        observed=observed,
        expected=model.mean,
        interval=model.interval(),
        p=model.tail(observed),
        baseline_weeks=len(weeks),
        baseline_count=total,
        dispersion=dispersion,
        seasonal=seasonal,
        predictive=model,
    )


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted p values (q) in the order given."""
    size = len(p_values)
    order = sorted(range(size), key=lambda i: p_values[i], reverse=True)
    adjusted, running = [0.0] * size, 1.0
    for place, index in enumerate(order):
        running = min(running, p_values[index] * size / (size - place))
        adjusted[index] = running
    return adjusted


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b), by Lentz's continued fraction on logarithms of gamma."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return min(1.0, front * _fraction(a, b, x) / a)
    return max(0.0, 1 - front * _fraction(b, a, 1 - x) / b)


def _fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > _TINY else _TINY)
    result = d
    for m in range(1, 10_000):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + numerator * d
            d = 1 / (d if abs(d) > _TINY else _TINY)
            c = 1 + numerator / (c if abs(c) > _TINY else _TINY)
            result *= c * d
        if abs(c * d - 1) < _EPSILON:
            break
    return result


def _baseline(counts: Sequence[int], exposures: Sequence[float]) -> tuple[list[int], bool]:
    """Indices of the weeks to compare with, and whether they were chosen by season."""
    size = len(counts)
    first = max(0, size - BASELINE_WEEKS)
    watched = sum(1 for i in range(first, size) if exposures[i] > 0)
    if watched < SEASONAL_WEEKS or sum(counts[first:]) < SEASONAL_COUNT:
        return list(range(first, size)), False
    chosen = set(range(max(first, size - RECENT_WEEKS), size))
    for years in (1, 2, 3):
        centre = size - round(years * 52.18)
        chosen |= {i for i in range(centre - SEASON_HALF, centre + SEASON_HALF + 1) if first <= i < size}
    return sorted(chosen), True


def _dispersion(weeks: Sequence[tuple[int, float]], total: int, summed: float) -> float:
    """Pearson's variance ratio where it is significantly above 1, else 1."""
    if total < _DISPERSION_COUNT:
        return 1.0
    rate = total / summed
    ratio = sum((count - rate * e) ** 2 / (rate * e) for count, e in weeks) / (len(weeks) - 1)
    return ratio if ratio > 1 + _DISPERSION_Z * math.sqrt(2 / (len(weeks) - 1)) else 1.0


def _predictive(shape: float, summed: float, exposure: float, dispersion: float) -> Predictive:
    """The exact negative binomial; with over-dispersion the one of the same mean and the larger variance."""
    if dispersion <= 1:
        return Predictive(shape, exposure / (exposure + summed))
    mean = shape * exposure / summed
    variance = dispersion * (mean + mean * mean / shape)
    return Predictive(mean * mean / (variance - mean), (variance - mean) / variance)
