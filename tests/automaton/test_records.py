"""What the measures hand to users goes into JSON as it is."""

import json

import numpy as np
import pytest

from kolmo.automaton.audit import audit, judge
from kolmo.automaton.coarse import Graining
from kolmo.automaton.lightcone import light_cone_complexity
from kolmo.automaton.mean import ExactMean
from kolmo.automaton.paper import fit_power
from kolmo.automaton.scales import scale_map
from kolmo.automaton.sizes import measure_grid
from kolmo.automaton.twopart import two_part

GRID = np.repeat([1, 0], 128).reshape(16, 16).astype(np.uint8)
AUDIT = audit(GRID, ExactMean(GRID, "interacting"), Graining(3), time=0)


@pytest.mark.parametrize(
    "record",
    [
        measure_grid(GRID),
        AUDIT,
        judge([AUDIT]),
        two_part(GRID),
        light_cone_complexity(np.stack([GRID] * 3), frame_time=1.0),
        scale_map(GRID),
        fit_power([1, 2], [3, 4]),
    ],
    ids=lambda record: type(record).__name__,
)
def test_records_are_safe_for_json(record):
    stored = json.loads(json.dumps(record.to_dict(), allow_nan=False))
    assert stored.keys() == record.to_dict().keys()
