"""The detectors that others use, written after their papers for comparison with `tracker.analysis.stats`.

Each takes the counts of one series (a numpy row, oldest first) and gives a boolean row: alarm in that week. They look
at raw counts, as the tools that use them do. Weeks without enough past give no alarm.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

NOMINAL = 0.025


def ears_c2(counts: np.ndarray, *, alpha: float = NOMINAL) -> np.ndarray:
    """EARS C2: seven weeks of baseline, two of guard, normal limit for a new observation (Hutwagner et al. 2003,
    J Urban Health 80:i89; the limit with Student's t as in Salmon et al. 2016, J Stat Softw 70(10))."""
    alarms = np.zeros(len(counts), dtype=bool)
    factor = stats.t.ppf(1 - alpha, 6) * np.sqrt(1 + 1 / 7)
    for week in range(9, len(counts)):
        base = counts[week - 9 : week - 2]
        alarms[week] = counts[week] > base.mean() + factor * base.std(ddof=1)
    return alarms


def cusum(counts: np.ndarray, *, k: float = 0.5, h: float = 2.0) -> np.ndarray:
    """Poisson CUSUM on Rossi-transformed counts (Rossi et al. 1999, Stat Med 18:2111), reset after an alarm. With k =
    0.5, h = 2.0 gives one alarm in 40 weeks by Siegmund's approximation, the nominal 0.025."""
    alarms, total = np.zeros(len(counts), dtype=bool), 0.0
    for week in range(52, len(counts)):
        mean = max(counts[week - 52 : week].mean(), 1 / 52)
        z = (counts[week] - 3 * mean + 2 * np.sqrt(counts[week] * mean)) / (2 * np.sqrt(mean))
        total = max(0.0, total + z - k)
        if total > h:
            alarms[week], total = True, 0.0
    return alarms


def farrington(counts: np.ndarray, *, alpha: float = NOMINAL, years: int = 3, half: int = 3) -> np.ndarray:
    """Farrington-type rule: quasi-Poisson mean of the same seven weeks in three earlier years, upper limit on the
    2/3-power scale (Farrington et al. 1996, J R Stat Soc A 159:547), without its trend term and its rule of five
    cases."""
    alarms, z = np.zeros(len(counts), dtype=bool), stats.norm.ppf(1 - alpha)
    for week in range(years * 52 + half, len(counts)):
        base = np.concatenate([counts[week - 52 * y - half : week - 52 * y + half + 1] for y in range(1, years + 1)])
        mean = base.mean()
        if mean == 0:
            alarms[week] = counts[week] > 0
            continue
        dispersion = max(1.0, ((base - mean) ** 2 / mean).sum() / (len(base) - 1))
        spread = np.sqrt(dispersion * mean + dispersion * mean / len(base)) / mean
        alarms[week] = counts[week] > mean * (1 + 2 / 3 * z * spread) ** 1.5
    return alarms
