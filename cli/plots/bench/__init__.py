"""Scores of estimators: regret and bias against n, sequences, the front of bits and speed."""

from kolmo.bench.scoring import SourceScore
from kolmo.bench.suite import Scores
from kolmo.bench.suites.deterministic import SequenceScore

from ..picture import Picture, show
from .front import draw_front, drawable
from .scatter import front_lines
from .sequences import draw_sequences
from .sources import draw_sources
from .strips import sequence_lines, source_lines


def draw_picture(picture: Picture, scores: Scores) -> None:
    """Write what a suite found; where all estimators failed, nothing."""
    if scores.rows and isinstance(scores.rows[0], SourceScore):
        draw_sources(picture, scores)
    elif scores.rows and isinstance(scores.rows[0], SequenceScore):
        draw_sequences(picture, scores)
    elif drawable(scores):
        draw_front(picture, scores)


def draw_scores(scores: Scores, *, to_stderr: bool) -> None:
    """Draw the scores in the terminal; where stdout holds data, on stderr."""
    lines: list[str] = []
    if scores.rows and isinstance(scores.rows[0], SourceScore):
        lines = source_lines(scores)
    elif scores.rows and isinstance(scores.rows[0], SequenceScore):
        lines = sequence_lines(scores)
    elif drawable(scores):
        lines = front_lines(scores)
    if lines:
        show(lines, to_stderr=to_stderr)
