"""The work of ``kolmo automaton scan``: runs of many sizes to means and fits."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import click

from kolmo.automaton.ensembles import QUANTITIES, Peak, Scan, peaks, summarise
from kolmo.automaton.paper import Fit
from kolmo.automaton.record import Record
from kolmo.automaton.rule import chosen_seed
from kolmo.errors import InputError, MemoryLimitError
from kolmo.parallel import in_background

from ..artefacts import check_apart, check_names, open_picture
from ..checkpoints import Keeper, named_options, resumed
from ..errors import Stopped
from ..output import Column, Output, number, print_paragraph, print_table, write
from ..progress import Bar
from .automaton import INTERRUPTED

SHAPING = ("sizes", "replicas", "rule", "protocol")
OF_FITS = {
    "paper": "the paper's polynomial",
    "scale": "power law, one parameter",
    "power": "power law, free exponent",
}


class Request(NamedTuple):
    """The arguments of the command, as the user gave them."""

    sizes: tuple[int, ...]
    replicas: int
    rule: str
    protocol: str
    seed: int | None
    checkpoint: str | None
    resume: str | None
    plot: bool
    plot_file: str | None
    jobs: int
    memory_limit: int

    def parameters(self) -> dict[str, Any]:
        """Return what can change the result, for the envelope and for checkpoints."""
        return {**{name: getattr(self, name) for name in SHAPING}, "sizes": list(self.sizes)}

    def restored(self, stored: dict[str, Any]) -> "Request":
        """Return this request with the parameters of a checkpoint."""
        try:
            return self._replace(
                sizes=tuple(map(int, stored["sizes"])),
                replicas=int(stored["replicas"]),
                rule=str(stored["rule"]),
                protocol=str(stored["protocol"]),
                seed=int(stored["seed"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"checkpoint without the parameters of a scan: {error}") from error


def run(request: Request) -> int:
    """Do the work; return the exit code."""
    check_names([request.resume])
    kept = request.checkpoint or request.resume
    check_apart(None, request.plot_file, kept)
    record = _resumed(request)
    picture = open_picture(request.plot_file, request.resume)
    keeper = Keeper(kept, [])
    if record is not None:
        request = request.restored(record.parameters)
    if request.seed is None:
        request = request._replace(seed=chosen_seed())
    output = Output("automaton scan", request.parameters())
    output.groups, output.seed = [], request.seed
    work = _Work(request, output, keeper)
    try:
        work.go(_peaks(record))
    except Stopped:
        work.interrupted()
        raise
    scans = work.scans()
    work.report(scans)
    if picture is not None:
        from ..plots.scans import draw_picture

        draw_picture(picture, scans)
    return 0


class _Work:
    """The runs as far as they are done, by the rule."""

    def __init__(self, request: Request, output: Output, keeper: Keeper) -> None:
        self.request, self.output, self.keeper = request, output, keeper
        self.peaks: dict[str, list[Peak]] = {name: [] for name in _rules(request)}

    def go(self, known: dict[str, list[Peak]]) -> None:
        """Do all runs that are not known."""
        request, seed = self.request, self.request.seed
        assert seed is not None
        with Bar(silent=self.output.format == "json", unit="samples") as bar:
            ensembles = {
                name: self._ensemble(name, known.get(name, []), bar) for name in self.peaks
            }
            if not known:
                self.keeper.keep(self.record, now=True)
            for name, found in ensembles.items():
                for peak in in_background(found):
                    self.peaks[name].append(peak)
                    if peak.replica == request.replicas - 1:
                        with bar.paused():
                            self._write_size(name, peak.size)
                    self.keeper.keep(self.record)
        self.keeper.keep(self.record, now=True)

    def record(self) -> Record:
        """Return what a checkpoint holds."""
        parameters = {**self.request.parameters(), "seed": self.request.seed}
        rows = [
            {"rule": name, **peak._asdict()} for name, found in self.peaks.items() for peak in found
        ]
        return Record("scan", parameters, rows)

    def scans(self) -> list[Scan]:
        """Return means and fits, for each rule of which a run is done."""
        request = self.request
        assert request.seed is not None
        return [
            summarise(found, rule=name, protocol=request.protocol, seed=request.seed)
            for name, found in self.peaks.items()
            if found
        ]

    def report(self, scans: list[Scan]) -> None:
        """Show means, fits and cautions."""
        output = self.output
        assert output.groups is not None
        for scan in scans:
            output.warnings += [caution.to_dict() for caution in scan.cautions]
            output.groups.append({"rule": scan.parameters["rule"], "fits": scan.to_dict()["fits"]})
            if output.format == "table":
                _render(scan)
        if self.request.plot:
            from ..plots.scans import draw_scans

            draw_scans(scans, to_stderr=output.format != "table")
        output.finish()

    def interrupted(self) -> None:
        """Keep and show what there is."""
        self.keeper.keep(self.record, now=True)
        if self.output.format == "json":
            self.output.warnings.append(INTERRUPTED.to_dict())
            self.report(self.scans())
        elif self.output.format == "table":
            for scan in self.scans():
                _render(scan)

    def _write_size(self, name: str, size: int) -> None:
        """Write the means of a size all of whose runs are done."""
        request = self.request
        assert request.seed is not None
        found = [peak for peak in self.peaks[name] if peak.size == size]
        scan = summarise(found, rule=name, protocol=request.protocol, seed=request.seed)
        self.output.rows(list(_means(scan)), lambda: None)

    def _ensemble(self, name: str, known: list[Peak], bar: Bar) -> Iterator[Peak]:
        request = self.request
        assert request.seed is not None
        try:
            return peaks(
                request.sizes,
                request.replicas,
                rule=name,
                protocol=request.protocol,
                jobs=request.jobs,
                seed=request.seed,
                known=known,
                memory_limit=request.memory_limit,
                progress=bar,
            )
        except MemoryLimitError as error:
            raise click.UsageError(str(error)) from None


def _render(scan: Scan) -> None:
    parameters = scan.parameters
    print_paragraph(
        f"{parameters['rule']}, protocol {parameters['protocol']}, seed {scan.seed}: means "
        f"over runs, with standard errors (estimates, of sizes that are {_kind(scan)})"
    )
    print_table(COLUMNS, list(_means(scan)), best=0)
    write("\n")
    print_table(FIT_COLUMNS, list(_fits(scan)), best=0)
    write("\n")


def _rules(request: Request) -> list[str]:
    return list(dict.fromkeys(request.rule.split(",")))


def _means(scan: Scan) -> Iterator[dict[str, Any]]:
    for row in scan.rows:
        yield {
            "rule": scan.parameters["rule"],
            "protocol": scan.parameters["protocol"],
            **row.to_dict(),
            "clock": scan.clock,
            "kind": "estimate",
            "sizes_kind": _kind(scan),
        }


def _fits(scan: Scan) -> Iterator[dict[str, Any]]:
    for name, fits in scan.fits.items():
        for kind, fit in fits.items():
            yield {
                "quantity": QUANTITIES[name],
                "fit": OF_FITS[kind],
                "words": _words(fit),
                "r_squared": fit.to_dict()["r_squared"],
            }


def _words(fit: Fit) -> str:
    """Return a fit with its numbers, and the standard error of a free exponent."""
    text = fit.formula
    for letter, value in zip("abcd", fit.values, strict=False):
        text = text.replace(f" {letter}", f" {value:.4g}", 1)
    text = text.replace("+ -", "- ").replace("x^b", f"x^{fit.values[-1]:.3f}")
    free = fit.formula.endswith("x^b") and fit.standard_errors[-1] == fit.standard_errors[-1]
    return f"{text} +- {fit.standard_errors[-1]:.3f}" if free else text


def _kind(scan: Scan) -> str:
    return "/".join(sorted({peak.kind for peak in scan.peaks}))


def _peaks(record: Record | None) -> dict[str, list[Peak]]:
    found: dict[str, list[Peak]] = {}
    try:
        for row in record.rows if record else ():
            fields = {name: row[name] for name in Peak._fields}
            found.setdefault(row["rule"], []).append(Peak(**fields))
    except (KeyError, TypeError) as error:
        raise InputError(f"checkpoint without the runs of a scan: {error}") from error
    return found


def _resumed(request: Request) -> Record | None:
    now = {**request.parameters(), "seed": request.seed}
    wanted = {name: now[name] for name in sorted(named_options() & now.keys())}
    return resumed(request.resume, "scan", wanted, request.memory_limit)


def _mean(name: str) -> Any:
    def text(row: dict[str, Any]) -> str:
        plain = name.removesuffix("_bits")
        error = row[f"{plain}_standard_error{name.removeprefix(plain)}"]
        return f"{row[name]:,.0f}" + ("" if error is None else f" +- {error:,.0f}")

    return text


COLUMNS = (
    Column("size", number("size", "d"), 0),
    Column("grain", number("grain", "d"), 5),
    Column("runs", number("replicas", "d"), 4),
    Column("largest complexity, bits", _mean("max_complexity_bits"), 0),
    Column("time of the peak", _mean("peak_time"), 1),
    Column("clock", lambda row: row["clock"], 3, left=True),
    Column("largest entropy, bits", _mean("max_entropy_bits"), 2),
)
FIT_COLUMNS = (
    Column("quantity", lambda row: row["quantity"], 0, left=True),
    Column("fit (estimate)", lambda row: row["fit"], 2, left=True),
    Column("formula, x = size", lambda row: row["words"], 0, left=True),
    Column("r^2 (estimates)", number("r_squared", ".4f"), 1),
)
