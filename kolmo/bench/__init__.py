"""Scoring of estimators, and timing of programs side by side with their peers."""

from typing import Any

__all__ = ["run"]


def __getattr__(name: str) -> Any:
    """Import the one function that most need, once it is asked for (PEP 562)."""
    if name != "run":
        raise AttributeError(f"module 'kolmo.bench' has no attribute {name!r}")
    from kolmo.bench.running import run

    return run
