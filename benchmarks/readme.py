"""The README's results: what stands between its markers is rendered from the stored JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from kolmo.artefact import Artefact
from kolmo.errors import InputError, KolmoError, shorten

START, END = "<!-- results: {} -->", "<!-- end of results -->"
MARKER = re.compile(r"<!-- results: ([a-z0-9-]+) -->")
SUSPECT = re.compile(r"<!-*\s*(?:end\s+of\s+)?results?\b", re.IGNORECASE)


class Section(NamedTuple):
    """A case's place: its name, the line after its first marker, and that of its second."""

    case: str
    first: int
    end: int


def load_results(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the stored results of a folder by their case."""
    return {file.stem: load_result(file) for file in sorted(folder.glob("*.json"))}


def load_result(file: Path) -> dict[str, Any]:
    """Return a stored result; InputError if it is none, or that of a quick run."""
    try:
        found = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise InputError(f"damaged result: got {file.name} ({error}); need JSON.") from None
    if not isinstance(found, dict) or found.get("case") != file.stem or found.get("quick"):
        raise InputError(
            f"wrong result: got {file.name}; need the complete run of {file.stem}. "
            f"Run python -m benchmarks {file.stem}."
        )
    return found


def sections(text: str) -> dict[str, Section]:
    """Return the sections of a text by their case, in order.

    A line that looks like a marker and is none, or stands at the wrong place, is an InputError.
    """
    found: dict[str, Section] = {}
    case, first = "", 0
    for number, line in enumerate(text.splitlines()):
        start = MARKER.fullmatch(line)
        if start and not case and start.group(1) not in found:
            case, first = start.group(1), number + 1
        elif line == END and case:
            found[case] = Section(case, first, number)
            case = ""
        elif SUSPECT.search(line):
            need = END if case else f"{START.format('CASE')}, once for each case"
            raise damaged(number, line, need)
    if case:
        raise damaged(first - 1, START.format(case), f"{END} below")
    return found


def damaged(number: int, line: str, need: str) -> InputError:
    """Return the error of a marker that is not as it must be."""
    return InputError(f"damaged marker in line {number + 1}: got {shorten(line)}; need {need}.")


def filled(text: str, contents: Mapping[str, str]) -> str:
    """Return the text with these contents in their sections, and nothing else changed."""
    places = sections(text)
    for case in contents:
        if case not in places:
            raise InputError(
                f"no section of {case}: got {len(places)} others; "
                f"need the lines {START.format(case)} and {END}."
            )
    lines = text.splitlines(keepends=True)
    for place in reversed(places.values()):
        if place.case in contents:
            lines[place.first : place.end] = [f"\n{contents[place.case]}\n"]
    return "".join(lines)


def all_filled(text: str, contents: Mapping[str, str]) -> str:
    """Return the text with all its sections replaced; InputError if one has no content."""
    for case in sections(text):
        if case not in contents:
            raise InputError(
                f"section without a result: got {case}; need benchmarks/results/{case}.json. "
                f"Run python -m benchmarks {case}, or take the section away."
            )
    return filled(text, contents)


def update(file: Path, contents: Mapping[str, str], *, whole: bool = False) -> list[str]:
    """Write contents into their sections of a file, and return which of them changed.

    Parameters
    ----------
    file : Path
        The README. It is replaced at once, or left as it is if a marker is damaged.
    contents : mapping of str to str
        Case -> what shall stand between its markers, whole lines.
    whole : bool
        Whether the file may have no other section.
    """
    try:
        old = file.read_text("utf-8")
        new = (all_filled if whole else filled)(old, contents)
    except InputError as error:
        raise InputError(f"{file.name}: {error}") from None
    except (OSError, ValueError) as error:
        raise KolmoError(f"cannot read {file.name}: {error}") from None
    changed = [case for case in contents if filled(old, {case: contents[case]}) != old]
    if changed:
        write(file, new)
    return changed


def write(file: Path, text: str) -> None:
    """Write a file so that there is the old one or all of the new one."""
    with Artefact(str(file)) as out:
        out.write(text.encode("utf-8"))
        out.commit()
