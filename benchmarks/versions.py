"""Versions of everything that a benchmark's numbers depend on."""

import json
from collections.abc import Iterable
from importlib import metadata

import kolmo.versions
from benchmarks import peers


def versions(case_peers: Iterable[str]) -> dict[str, str | None]:
    """Return name -> version of kolmo, its libraries and the case's peers; None: missing."""
    installation = {"kolmo installation": "editable" if is_editable() else "regular"}
    found = {f"{peer} (peer)": peers.version(peer) for peer in case_peers}
    return kolmo.versions.versions() | installation | found


def is_editable() -> bool:
    """Return whether kolmo is installed as a link to its sources (a slower start-up)."""
    try:
        text = metadata.distribution("kolmo-toolkit").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return False
    return bool(json.loads(text or "{}").get("dir_info", {}).get("editable"))
