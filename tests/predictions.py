"""Features and columns as a decoder has them, and what the messages of a predictor must do."""

import math
import random

from kolmo.errors import DecodeError
from kolmo.mdl.features import read_features
from kolmo.table import Texts, analyse_column


def features_of(**columns):
    """Return columns of features as a decoder reads them."""
    rows = zip(*columns.values(), strict=True)
    text = "".join(",".join(map(str, row)) + "\n" for row in rows)
    return read_features(text.encode(), list(columns))


def told(predictor, **columns):
    """Return the predictor, told columns of features."""
    return predictor.given(features_of(**columns))


def column_of(values):
    """Return the column with these numbers or labels."""
    return analyse_column(Texts.of([str(value).encode() for value in values]))


def require_message(predictor, model, values):
    """Require that a fresh predictor decodes the message, which is as long as it says."""
    message = model.encode(values)
    fresh = type(predictor)().given(predictor.features)
    assert fresh.decode(message, len(values)).tolist() == list(values)
    assert 8 * len(message) <= math.ceil(model.total_bits) + 16
    assert min(model.parameters_bits, model.data_bits) >= 0


def require_errors_only(predictor, message, rows):
    """Require that damaged messages end in a column or a DecodeError."""
    rng = random.Random(7)
    for _ in range(80):
        damaged = bytearray(message)
        damaged[rng.randrange(min(len(damaged), 20))] = rng.randrange(256)
        del damaged[rng.randrange(1, len(damaged) + 1) :]
        try:
            assert len(predictor.decode(bytes(damaged), rows)) == rows
        except DecodeError:
            continue
