"""Tables of text: a CSV file becomes columns, and each column numbers or labels and their spelling.

`read_table` splits a file into cells and keeps the exact text of each. `analyse_column` says
what a column is and takes its cells apart: the numbers as integers at their stated precision (or
the labels), the missing values, and how each was written. Nothing is lost: ``Column.texts()``
gives every cell back byte by byte. Only quoting, line ends and the byte order mark are no part of
a column.
"""

from kolmo.table.column import Column, Labels, Missing, analyse_column, apply_missing
from kolmo.table.dialect import Dialect
from kolmo.table.limits import LIMITS, Limits
from kolmo.table.numbers import Numbers
from kolmo.table.reader import Table, read_table
from kolmo.table.spelling import Style
from kolmo.table.texts import Texts
from kolmo.table.writer import csv_bytes

__all__ = [
    "LIMITS",
    "Column",
    "Dialect",
    "Labels",
    "Limits",
    "Missing",
    "Numbers",
    "Style",
    "Table",
    "Texts",
    "analyse_column",
    "apply_missing",
    "csv_bytes",
    "read_table",
]
