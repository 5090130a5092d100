"""Slow, obvious twins of the table kernels, written from the CSV rules and not from the kernels."""

from fractions import Fraction


class BadTable(Exception):
    """The text breaks a rule: which one, and on which line."""


def split_rows(data: bytes, delimiter: bytes, columns: int) -> list[tuple[int, list[bytes]]]:
    """Return (line, cells) of each record, one byte at a time, as RFC 4180 describes a file."""
    found = records(data, delimiter)
    while found and found[-1][1] is None:
        found.pop()
    rows = []
    for line, cells in found:
        if cells is None:
            if columns == 1:
                rows.append((line, [b""]))
        elif len(cells) == columns:
            rows.append((line, cells))
        else:
            raise BadTable("ragged", line)
    return rows


def records(data: bytes, delimiter: bytes) -> list[tuple[int, list[bytes] | None]]:
    """Return (line, cells) of each line that starts a record; None for a blank one."""
    rest = [data[i : i + 1] for i in range(len(data))][::-1]
    line = 1
    found: list[tuple[int, list[bytes] | None]] = []
    while rest:
        first_line = line
        cells: list[bytes] = []
        blank = rest[-1] in (b"\r", b"\n")
        while True:
            cell, inner = _cell(rest, delimiter, line)
            line += inner
            cells.append(cell)
            if not rest or rest[-1] != delimiter:
                break
            rest.pop()
        if rest:
            end = rest.pop()
            if end not in (b"\r", b"\n"):
                raise BadTable("after quote", line)
            if end == b"\r" and rest and rest[-1] == b"\n":
                rest.pop()
        line += 1
        found.append((first_line, None if blank else cells))
    return found


def _cell(rest: list[bytes], delimiter: bytes, line: int) -> tuple[bytes, int]:
    cell = b""
    if not rest or rest[-1] != b'"':
        while rest and rest[-1] not in (delimiter, b"\r", b"\n"):
            cell += rest.pop()
        return cell, 0
    rest.pop()
    while rest:
        byte = rest.pop()
        if byte == b'"':
            if not rest or rest[-1] != b'"':
                text = cell.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
                return cell, text.count(b"\n")
            rest.pop()
        cell += byte
    raise BadTable("unterminated", line)


def number(text: str) -> tuple[Fraction, int] | None:
    """Return the exact value and the digits after the point, exponent written out; None if none."""
    mantissa, letter, exponent = text.replace("E", "e").partition("e")
    power = 0
    if letter:
        digits = exponent[1:] if exponent[:1] in ("+", "-") else exponent
        if not digits or set(digits) - set("0123456789"):
            return None
        if len(digits.lstrip("0")) > 3:
            return None
        power = int(digits.lstrip("0") or "0") * (-1 if exponent[0] == "-" else 1)
        if not -324 <= power <= 308:
            return None
    unsigned = mantissa[1:] if mantissa[:1] in ("+", "-") else mantissa
    whole, _, fraction = unsigned.partition(".")
    if not whole + fraction or set(whole + fraction) - set("0123456789"):
        return None
    if len(whole) > 1000 or len(fraction) > 1000:
        return None
    value = Fraction(int(whole + fraction), 10 ** len(fraction)) * Fraction(10) ** power
    return (-value if mantissa[0] == "-" else value), max(0, len(fraction) - power)


def distinct(texts: list[bytes]) -> tuple[list[int], list[bytes]]:
    """Return the code of each text by looking it up in the list of those seen before."""
    levels: list[bytes] = []
    codes = []
    for text in texts:
        if text not in levels:
            levels.append(text)
        codes.append(levels.index(text))
    return codes, levels


def spell(value: int, scale: int, sign: int, whole: int, decimals: int, bare: bool) -> str:
    """Return value / 10**scale with at least so many digits before and after the point."""
    magnitude = Fraction(abs(value), 10**scale)
    before = int(magnitude)
    after = magnitude - before
    left = str(before) if before else ""
    right = ""
    while after:
        after *= 10
        right += str(int(after))
        after -= int(after)
    left = "0" * (whole - len(left)) + left
    right += "0" * (decimals - len(right))
    minus = value < 0 or (value == 0 and sign == 2)
    return (
        ("-" if minus else "+" if sign == 1 else "") + left + ("." if right or bare else "") + right
    )
