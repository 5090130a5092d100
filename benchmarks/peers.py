"""The rivals that cases run against: where they are, which version, how to get them."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
from collections.abc import Iterable

from kolmo.bench.harness import run_process

PACKAGES = {
    "abess": "abess",
    "antropy": "antropy",
    "astropy": "astropy",
    "constriction": "constriction",
    "khisto": "khisto",
    "mdl_density_hist": "MDL-Density-Histogram",
    "nncodec": "nncodec",
    "ruptures": "ruptures",
    "sklearn": "scikit-learn",
    "statsmodels": "statsmodels",
    "torch": "torch",
    "zipnn": "zipnn",
}
"""Importable peers, and the distribution that holds each; every other peer is a command."""

DEBIAN_PACKAGES = {"xz": "xz-utils"}
"""Commands whose Debian package has another name."""


def version(peer: str) -> str | None:
    """Return the peer's version, "unknown" if it does not say, None if it is missing."""
    if peer in PACKAGES:
        return package_version(PACKAGES[peer])
    if shutil.which(peer) is None:
        return None
    done = run_process([peer, "--version"])
    found = re.search(rb"\d+\.\d+(\.\d+)*", done.stdout + done.stderr)
    return found.group().decode() if found else "unknown"


def package_version(distribution: str) -> str | None:
    """Return the installed version of a distribution without importing it, or None."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def missing(peers: Iterable[str]) -> list[str]:
    """Return one `name: how to install it` for each peer that is not here."""
    return [f"{peer}: {how_to_install(peer)}" for peer in peers if version(peer) is None]


def how_to_install(peer: str) -> str:
    """Return the command that installs the peer."""
    if peer in PACKAGES:
        return f"pip install {PACKAGES[peer]}"
    return f"apt-get install {DEBIAN_PACKAGES.get(peer, peer)}"
