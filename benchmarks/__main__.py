"""`python -m benchmarks [CASE...] [--quick] [--corpora DIR]`, from the checkout's root."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from pathlib import Path


def parse(words: list[str]) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure the installed kolmo beside named peers; Markdown on stdout.",
        epilog="A complete run of a case replaces benchmarks/results/CASE.json and the case's "
        "section of README.md; a quick one, or one without all peers of the case or without the "
        "folder that the stored one had, replaces neither. Exit code: 0 done; 1 a case failed, "
        "or the README's markers are damaged; "
        "2 wrong words, or none of the cases asked for could run; 3 a result was not stored, "
        "since a peer or the folder is missing; 130 interrupted.",
        allow_abbrev=False,
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help="default: every case")
    parser.add_argument("--quick", action="store_true", help="smaller and fewer; writes nothing")
    parser.add_argument("--corpora", type=Path, metavar="DIR", help="folder of real files")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--list", action="store_true", help="name the cases, their peers, and stop")
    only.add_argument("--readme", action="store_true", help="run nothing; render what is stored")
    options = parser.parse_args(words)
    if (options.list or options.readme) and (options.cases or options.quick or options.corpora):
        parser.error("--list and --readme stand alone: they are about all cases and run none")
    return options


def leave_checkout() -> None:
    """Take the checkout off the module path, so that `import kolmo` finds the installed one."""
    root = Path(__file__).resolve().parent.parent
    sys.path[:] = [entry for entry in sys.path if Path(entry or os.curdir).resolve() != root]


def main(words: list[str]) -> int:
    """Do what the command line asks for, and return the exit code."""
    try:
        return obey(parse(words))
    except KeyboardInterrupt:
        print("interrupted: an unfinished case leaves its old result", file=sys.stderr)
        return 130


def obey(options: argparse.Namespace) -> int:
    """Run the cases, or list them, or render what is stored."""
    leave_checkout()
    if importlib.util.find_spec("kolmo") is None:
        print("kolmo is not installed in this environment: pip install .", file=sys.stderr)
        return 1
    from benchmarks import runner

    if options.list:
        print(runner.listing())
        return 0
    if options.readme:
        return runner.refresh_readme()
    return runner.run_all(options.cases, quick=options.quick, corpora=options.corpora)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
