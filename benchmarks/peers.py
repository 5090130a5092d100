"""The rivals that cases run against: where they are, which version, how to get them."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import sys
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

ENTRIES = {"nncodec": "nncodec.nn"}
"""Peers whose cases import more than the package itself."""

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


def missing(peers: Iterable[str], *, start: bool = False) -> list[str]:
    """Return one `name: what to do` for each peer that is not here or, if asked, does not start."""
    found = []
    for peer in peers:
        if version(peer) is None:
            found.append(f"{peer}: {how_to_install(peer)}")
        elif start and peer in PACKAGES and (complaint := not_starting(peer)):
            found.append(f"{peer}: does not start: {complaint}")
    return found


def not_starting(peer: str) -> str:
    """Return why a package cannot be imported, or nothing.

    It is imported in a process of its own, so that it leaves no trace in the next case.
    """
    done = run_process([sys.executable, "-P", "-c", f"import {ENTRIES.get(peer, peer)}"])
    if done.sample.exit_code == 0:
        return ""
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"exit code {done.sample.exit_code}"


def described(peer: str) -> str:
    """Return the peer's name with its version, or with the command that installs it."""
    found = version(peer)
    return f"{peer} missing, {how_to_install(peer)}" if found is None else f"{peer} {found}"


def how_to_install(peer: str) -> str:
    """Return the command that installs the peer."""
    if peer in PACKAGES:
        return f"pip install {PACKAGES[peer]}"
    return f"apt-get install {DEBIAN_PACKAGES.get(peer, peer)}"
