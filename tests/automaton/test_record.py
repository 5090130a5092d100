"""Long work as a file: all of it comes back, and nothing else is believed."""

import json

import numpy as np
import pytest

import kolmo
from kolmo.automaton.record import MAGIC, VERSION, Record, read_record
from kolmo.automaton.sealed import seal, unseal
from kolmo.errors import CorruptFileError, InputError, MemoryLimitError

GRIDS = {0: np.eye(5, dtype=np.uint8), 3: np.ones((5, 5), np.uint8)}
RECORD = Record("run", {"size": 5, "seed": 1}, [{"picks": 0}], GRIDS, b"state")


def header(**changes) -> dict:
    """Return the header of RECORD, changed."""
    return unseal(RECORD.to_bytes(), MAGIC, VERSION)[0] | changes


@pytest.mark.parametrize("most", [1, 2, 255])
def test_record_comes_back(most):
    grids = {number: grid * np.uint8(most) for number, grid in GRIDS.items()}
    found = read_record(RECORD._replace(grids=grids).to_bytes(), "run")
    assert list(found.grids) == [0, 3]
    assert all((found.grids[number] == grids[number]).all() for number in grids)
    assert (found.parameters, found.rows, found.state) == (RECORD.parameters, RECORD.rows, b"state")


def test_record_without_grids_comes_back():
    found = read_record(Record("scan", {}, []).to_bytes(), "scan")
    assert (found.grids, found.rows, found.state) == ({}, [], b"")


def test_every_flipped_byte_and_every_cut_is_found():
    data = RECORD.to_bytes()
    for place in range(len(data)):
        flipped = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises((CorruptFileError, InputError)):
            read_record(flipped, "run")
        with pytest.raises(CorruptFileError):
            read_record(data[:place], "run")


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"kolmo": "0.0.1"}, InputError, f"got kolmo 0.0.1; need {kolmo.__version__}"),
        ({"work": "scan"}, InputError, "got a scan; need run"),
        ({"grids": [1 << 31, 1 << 20, 1]}, MemoryLimitError, "grids too large"),
        ({"grids": [2, 5, 6]}, CorruptFileError, "malformed"),
        ({"sizes": [-1, 9]}, CorruptFileError, "malformed"),
        ({"rows": 3}, CorruptFileError, "malformed"),
        ({"numbers": [0]}, CorruptFileError, "malformed"),
    ],
    ids=str,
)
def test_forged_headers_are_refused(changes, error, message):
    data = RECORD.to_bytes()
    start = unseal(data, MAGIC, VERSION)[1]
    forged = seal(MAGIC, VERSION, header(**changes), [data[start:-32]])
    with pytest.raises(error, match=message):
        read_record(forged, "run")


def test_difference_is_named():
    RECORD.check_parameters({"size": 5})
    with pytest.raises(InputError, match="seed is 1 there; got 2"):
        RECORD.check_parameters({"size": 5, "seed": 2})


def test_header_is_json():
    assert json.loads(json.dumps(header()))["grids"] == [2, 5, 5]
