"""Large tables: a million rows in little memory; small ones without numba."""

import json
import subprocess
import sys

import pytest

ROWS = 1_000_000

REPORT = """
import json, resource, sys
from kolmo.table import analyse_column, read_table

def peak():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

def load(source):
    table = read_table(source)
    return table, list(table.columns())

for column in load(b"a,b\\n1.5,x\\n" + b"2,y\\n" * 90_000)[1]:
    column.texts()
before = peak()
table, columns = load(sys.argv[1])
used = peak() - before
same = all(c.texts().equals(t) for c, t in zip(columns, table.cells))
print(json.dumps({
    "rows": table.rows, "types": [c.type for c in columns], "used": used, "same": same,
    "sum": int(columns[1].numbers.values.sum()), "decimals": columns[1].numbers.decimals,
    "csv": table.to_csv_bytes() == open(sys.argv[1], "rb").read(),
}))
"""


def run(script, *arguments):
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss in KiB")
def test_a_million_rows_take_at_most_six_times_the_file(tmp_path):
    path = tmp_path / "million.csv"
    rows = (f"{i},{i % 1000}.{i % 997:03d}5,-{i % 89}.125{i % 10}00" for i in range(ROWS))
    path.write_text("t,x,y\n" + "\n".join(rows) + "\n")
    report = run(REPORT, path)
    used = report.pop("used") / path.stat().st_size
    assert report == {
        "rows": ROWS,
        "types": ["integer", "decimal", "decimal"],
        "same": True,
        "sum": sum(10_000 * (i % 1000) + 10 * (i % 997) + 5 for i in range(ROWS)),
        "decimals": 4,
        "csv": True,
    }
    assert used <= 6


def test_small_files_are_read_without_numba():
    script = '''
import json, sys
from kolmo.table import read_table
table = read_table(b'a,b\\n' + b'1.5,"x"""\\n' * 10_000)
same = all(c.texts().equals(t) for c, t in zip(table.columns(), table.cells))
print(json.dumps({"same": same, "numba": "numba" in sys.modules}))
'''
    assert run(script) == {"same": True, "numba": False}
