"""Floating catchments: supply per person, seen from where people live.

Two steps (Radke & Mu 2000; Luo & Wang 2003). A site shares its supply among the people
of its catchment; a demand point adds up the shares of the sites that it reaches:

    R[j] = S[j] / sum over i of P[i] f(t[i,j]),    A[i] = sum over j of R[j] f(t[i,j])

with P people, S supply, t minutes one way, and f how much a journey counts:

- `uniform`: 1 up to the catchment (2SFCA, Luo & Wang 2003);
- `gaussian`: falling like a bell curve (Gaussian 2SFCA, Dai 2010; or PySAL's form);
- `steps`, `thirds`: falling in zones (E2SFCA, Luo & Qi 2009).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.accessibility.grouping import ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

# How much journeys of given minutes count.
type Decay = Callable[[NDArray[np.float64]], NDArray[np.float64]]

# Luo & Qi (2009), the weights of the nearest, middle and farthest third of a catchment
# of 30 minutes; also the default of PySAL's access.
LUO_QI_WEIGHTS = (1.0, 0.68, 0.22)


def uniform(catchment_minutes: float) -> Decay:
    """Return the weight 1 for journeys within the catchment, inclusive, else 0.

    Source: Luo & Wang (2003), Environment and Planning B 30:865-884.
    """
    _check_minutes(catchment_minutes)
    return lambda minutes: (minutes <= catchment_minutes).astype(float)


def gaussian(catchment_minutes: float, *, sigma_minutes: float | None = None) -> Decay:
    """Return a weight that falls like a bell curve, 0 beyond the catchment.

    Parameters
    ----------
    catchment_minutes
        Longest journey that counts, minutes, > 0, inclusive; `math.inf` with a sigma
        is no limit.
    sigma_minutes
        None: Dai's form, which reaches 0 at the catchment d,
        ``(exp(-(t/d)**2 / 2) - exp(-1/2)) / (1 - exp(-1/2))``. A number: the form of
        PySAL's ``access.weights.gaussian(sigma)``, ``exp(-t**2 / (2 sigma**2))``, cut
        off at the catchment as its ``max_cost`` does.

    Source: Dai (2010), Health & Place 16:1038-1052.
    """
    _check_minutes(catchment_minutes)
    if sigma_minutes is None and math.isinf(catchment_minutes):
        message = "without sigma_minutes the catchment must be finite"
        raise ValueError(message)
    if sigma_minutes is not None:
        _check_minutes(sigma_minutes)
    width = catchment_minutes if sigma_minutes is None else sigma_minutes
    edge = math.exp(-0.5) if sigma_minutes is None else 0.0

    def weigh(minutes: NDArray[np.float64]) -> NDArray[np.float64]:
        bell = (np.exp(-0.5 * (minutes / width) ** 2) - edge) / (1.0 - edge)
        return np.where(minutes <= catchment_minutes, bell, 0.0)

    return weigh


def steps(weights: Mapping[float, float]) -> Decay:
    """Return the weight of the first zone that a journey lies in, 0 beyond the last.

    Parameters
    ----------
    weights
        Upper bound of each zone, minutes, inclusive, and its weight, >= 0.

    Source: Luo & Qi (2009), Health & Place 15:1100-1107.
    """
    bounds = np.array(sorted(weights), dtype=float)
    values = np.array([*(weights[b] for b in sorted(weights)), 0.0], dtype=float)
    if not (len(bounds) and (values >= 0).all()):
        message = f"zones need bounds and weights of 0 or more: {dict(weights)}"
        raise ValueError(message)
    return lambda minutes: values[np.searchsorted(bounds, minutes, side="left")]


def thirds(catchment_minutes: float) -> Decay:
    """Return `steps` with the weights of Luo & Qi for the thirds of a catchment.

    1, 0.68 and 0.22: at 30 minutes exactly their zones of 10, 20 and 30 minutes.
    """
    _check_minutes(catchment_minutes)
    bounds = (catchment_minutes / 3, 2 * catchment_minutes / 3, catchment_minutes)
    return steps(dict(zip(bounds, LUO_QI_WEIGHTS, strict=True)))


def floating_catchment(
    pairs: pd.DataFrame, *, people: pd.Series, supply: pd.Series, decay: Decay
) -> pd.Series:
    """Return supply per person at every demand point, by two steps.

    Parameters
    ----------
    pairs
        Columns ``demand_id``, ``site_id``, ``minutes``, as in `Travel.pairs`. Pairs of
        unknown ids do not count.
    people
        People by demand id.
    supply
        Supply by site id; blank counts as 0.
    decay
        How much a journey counts.

    Returns
    -------
    access
        Supply per person, indexed as ``people``; 0 where no supply is in reach.
    """
    demand = people.index.get_indexer(pd.Index(pairs["demand_id"]))
    site = supply.index.get_indexer(pd.Index(pairs["site_id"]))
    known = (demand >= 0) & (site >= 0)
    weights = decay(pairs["minutes"].to_numpy(dtype=float)[known])
    access = two_steps(
        demand[known],
        site[known],
        weights,
        people.to_numpy(dtype=float),
        supply.fillna(0.0).to_numpy(dtype=float),
    )
    return pd.Series(access, index=people.index, name="access")


def two_steps(
    demand: NDArray[np.intp],
    site: NDArray[np.intp],
    weights: NDArray[np.float64],
    people: NDArray[np.float64],
    supply: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return supply per person at every demand point, from positions of pairs.

    The supply of a site whose catchment is empty of people reaches nobody: it counts 0.
    """
    crowd = np.bincount(site, people[demand] * weights, len(supply))
    share = ratio(supply, crowd, empty=0.0)
    return np.bincount(demand, share[site] * weights, len(people))


def _check_minutes(minutes: float) -> None:
    if not minutes > 0:
        message = f"minutes must be above 0, not {minutes}"
        raise ValueError(message)
