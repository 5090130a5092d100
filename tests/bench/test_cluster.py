"""The map over a Dask cluster: the results of a plain loop, whatever happens to the cluster.

Workers import what they run, so the functions are of Python itself: `eval` of short sources.
"""

import contextlib
import json
import logging
import math
import operator
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import partial
from itertools import count, islice

import pytest

from kolmo import bench, cluster
from kolmo.bench.store import Store
from kolmo.chunks import Rates, cut, pack, run_chunk
from kolmo.cluster import cluster_map
from kolmo.errors import CorruptFileError, InputError, KolmoError, ParameterError, UnavailableError

SECONDS = 30


class Cluster:
    """A scheduler and its workers, each a process of its own."""

    def __init__(self, folder):
        self.processes = []
        self._file = folder / "scheduler.json"
        self.scheduler = self._start(
            "dask_scheduler", "--host=127.0.0.1", "--port=0", f"--scheduler-file={self._file}"
        )
        self.address = self._read_address()
        self.workers = []

    def _read_address(self):
        stop = time.monotonic() + SECONDS
        while time.monotonic() < stop:
            with contextlib.suppress(OSError, ValueError):
                return json.loads(self._file.read_text())["address"]
            time.sleep(0.02)
        raise TimeoutError("no scheduler")

    def join(self, number=1):
        for _ in range(number):
            worker = self._start(
                "dask_worker", self.address, "--host=127.0.0.1", "--nthreads=1", "--no-nanny"
            )
            self.workers.append(worker)
        return self

    def _start(self, module, *arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{module}", "--no-dashboard", *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._file.parent,
        )
        self.processes.append(process)
        return process

    def stop(self):
        for process in self.processes:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Two workers that nobody hurts."""
    pytest.importorskip("distributed")
    made = Cluster(tmp_path_factory.mktemp("cluster")).join(2)
    yield made
    made.stop()


@pytest.fixture
def own(tmp_path):
    """A scheduler without workers, for a test that kills."""
    pytest.importorskip("distributed")
    made = Cluster(tmp_path)
    yield made
    made.stop()


def run(function, items, address, **settings):
    return cluster_map(function, items, address, **({"group": type} | settings))


def sources(number, seconds=0.0):
    return [f"__import__('time').sleep({seconds}) or {i * i}" for i in range(number)]


def refusal(results, kind=InputError):
    with pytest.raises(kind) as caught:
        list(results)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- chunks, without a cluster


def measured(items, cost, rates=None):
    """Return the chunks, when each is measured before the next is cut."""
    rates, found = rates or Rates(), []
    for chunk in cut(items, lambda item: item[0], rates):
        found.append(chunk)
        for item in chunk:
            rates.learn(item[0], cost(item))
    return found


def test_first_chunks_hold_one_item():
    items = [(name, number) for name in "abc" for number in range(2)]
    found = list(cut(items, lambda item: item[0], Rates()))
    assert found == [[item] for item in items]


@pytest.mark.parametrize("seconds", [0.001, 0.003, 0.03, 0.15, 0.19, 0.2, 0.34, 0.6, 0.99])
def test_learned_chunks_take_a_fifth_of_a_second_to_a_second(seconds):
    found = measured([("a", number) for number in range(2000)], lambda item: seconds)
    assert len(found[0]) == 1
    assert [item for chunk in found for item in chunk] == [("a", n) for n in range(2000)]
    for chunk in found[1:-1]:
        assert 0.2 <= len(chunk) * seconds <= 1.0 + 1e-9


def test_chunks_of_several_groups_take_a_fifth_of_a_second_to_a_second():
    costs = {"a": 0.01, "b": 0.07, "c": 0.25, "d": 0.4}
    rates = Rates()
    for name, seconds in costs.items():
        rates.learn(name, seconds)
    items = [("abcd"[(number * number // 3) % 4], number) for number in range(500)]
    found = measured(items, lambda item: costs[item[0]], rates)
    assert [item for chunk in found for item in chunk] == items
    for chunk in found[:-1]:
        assert 0.2 <= sum(costs[name] for name, _ in chunk) <= 1.0 + 1e-9


def test_slow_items_are_alone():
    found = measured([("a", number) for number in range(9)], lambda item: 1.5)
    assert [len(chunk) for chunk in found] == [1] * 9


def test_first_item_that_compiles_does_not_decide():
    costs = iter([5.0] + [0.01] * 1000)
    found = measured([("a", number) for number in range(500)], lambda item: next(costs))
    assert [len(chunk) for chunk in found[:2]] == [1, 1]
    assert 20 <= len(found[2]) <= 100


def test_items_that_take_no_time_make_boundedcut():
    found = measured([("a", number) for number in range(2500)], lambda item: 0.0)
    assert [len(chunk) for chunk in found] == [1, 1000, 1000, 499]


def test_items_are_drawn_a_chunk_ahead_at_most():
    source = count()
    next(cut(source, lambda item: 0, Rates()))
    assert next(source) == 2


# --- what a worker does, without a cluster


def test_chunk_ends_at_the_firstpack():
    answer = run_chunk(math.sqrt, [4, 9, -1, 16], cluster.kolmo.__version__)
    assert answer.results == [2, 3]
    assert len(answer.seconds) == 2
    with pytest.raises(ValueError, match="math domain error"):
        raise answer.failure.exception()


@pytest.mark.parametrize(
    "error",
    [
        CorruptFileError("header", 3, 9, "sum"),
        ParameterError("no"),
        OSError(2, "none", "f"),
        KeyError(1),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"),
    ],
)
def test_exception_travels_as_itself(error):
    same = pack(error).exception()
    assert type(same) is type(error)
    assert str(same) == str(error)
    assert vars(same) == vars(error)
    assert "On the worker" in same.__notes__[0]


def test_exception_that_cannot_travel_keeps_its_text():
    class Private(Exception):
        pass

    class Own(KolmoError):
        pass

    assert repr(pack(Private("x")).exception()) == "RuntimeError('Private: x')"
    assert repr(pack(Own("x")).exception()) == "KolmoError('x')"
    assert type(pack(ValueError(threading.Lock())).exception()) is RuntimeError


def test_worker_with_another_kolmo_is_refused():
    answer = run_chunk(math.sqrt, [4], "0.0.0")
    assert answer.results == []
    with pytest.raises(InputError, match=r"another kolmo: got .*; need 0\.0\.0"):
        raise answer.failure.exception()


# --- no cluster


@pytest.mark.parametrize(
    "address",
    [
        "",
        "x",
        "127.0.0.1:8786",
        "tcp://",
        "tcp://h",
        "tcp://h:",
        "tcp://h:0",
        "tcp://h:65536",
        "tcp://h:99999999",
        "tcp://a b:1",
        "tcp://h:1/x",
        "tcp://h:1\n",
        "tcp://u@h:1",
        "tls://h:1",
    ],
)
def test_malformed_address_is_one_line(address):
    assert "need tcp://HOST:PORT" in refusal(run(abs, [1], address)).replace("\\n", "")


def test_missing_dask_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    message = refusal(run(abs, [1], "tcp://127.0.0.1:9"), UnavailableError)
    assert "pip install 'kolmo-toolkit[cluster]'" in message


def test_import_does_not_load_dask():
    code = "import sys, kolmo.cluster; print({'dask', 'distributed', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("reply", [None, b"", b"HTTP/1.1 400 Bad Request\r\n\r\n" * 9])
def test_address_of_something_else_is_one_line_in_seconds(reply, capfd):
    """Nobody answers; one hangs up; one speaks another language."""
    pytest.importorskip("distributed")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with contextlib.suppress(OSError):
                while reply is not None:
                    connection, _ = server.accept()
                    with connection:
                        connection.sendall(reply)

        threading.Thread(target=serve, daemon=True).start()
        start = time.monotonic()
        address = "tcp://127.0.0.1:{1}".format(*server.getsockname())
        assert "no scheduler at tcp://" in refusal(run(abs, [1], address, timeout_seconds=1))
        assert time.monotonic() - start < 4
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
    assert capfd.readouterr() == ("", "")


def test_closed_port_is_one_line_in_seconds(capfd):
    pytest.importorskip("distributed")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    start = time.monotonic()
    assert "no scheduler at" in refusal(run(abs, [1], f"tcp://127.0.0.1:{port}", timeout_seconds=1))
    assert time.monotonic() - start < 4
    assert capfd.readouterr() == ("", "")


# --- a cluster


def test_results_are_those_of_a_loop_in_order(shared, capfd):
    items = [f"__import__('time').sleep({0.02 * (i % 3 == 0)}) or {i}" for i in range(60)]
    levels = {name: logging.getLogger(name).level for name in ("distributed", "distributed.client")}
    assert list(run(eval, items, shared.address, group=len)) == list(range(60))
    assert list(run(partial(operator.mul, 3), range(999), shared.address)) == [
        3 * number for number in range(999)
    ]
    assert list(run(abs, [], shared.address)) == []
    assert capfd.readouterr() == ("", "")
    assert {name: logging.getLogger(name).level for name in levels} == levels


def test_exceptions_come_back_in_their_turn(shared, tmp_path):
    results = run(math.sqrt, [4, 9, -1, 16], shared.address)
    assert list(islice(results, 2)) == [2, 3]
    with pytest.raises(ValueError, match="math domain error"):
        next(results)
    assert "got a folder" in refusal(
        run(partial(Store, identity={}), [str(tmp_path)], shared.address)
    )


def test_item_that_cannot_travel_is_refused(shared):
    with pytest.raises(TypeError, match=r"pickle|serialize"):
        list(run(abs, [threading.Lock()], shared.address))


def test_worker_that_lacks_the_function_is_one_line(shared):
    source = "import sys, types; m = types.ModuleType('absent'); exec('def f(x): pass', vars(m));"
    code = (
        f"{source} sys.modules['absent'] = m; m.f.__module__ = 'absent'\n"
        "from kolmo.cluster import cluster_map\n"
        "from kolmo.errors import InputError\n"
        "try:\n"
        f"    list(cluster_map(m.f, [1], {shared.address!r}, group=type))\n"
        "except InputError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "No module named 'absent'" in done.stdout
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_early_close_leaves_nothing_to_do(shared):
    """The items would take a minute; the cluster is free at once."""
    results = run(eval, sources(600, 0.1), shared.address)
    assert next(results) == 0
    results.close()
    start = time.monotonic()
    assert list(run(abs, [-1], shared.address)) == [1]
    assert time.monotonic() - start < 5


def test_unfinished_work_is_bounded(shared):
    drawn = []
    items = (drawn.append(text) or text for text in sources(500, 0.3))
    results = run(eval, items, shared.address)
    assert next(results) == 0
    assert len(drawn) <= 8
    results.close()


def test_ctrl_c_ends_at_once(shared):
    code = (
        "from kolmo.cluster import cluster_map\n"
        "print('go', flush=True)\n"
        "work = ['__import__(\"time\").sleep(3)'] * 9\n"
        f"list(cluster_map(eval, work, {shared.address!r}, group=len))\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout.readline() == "go\n"
        time.sleep(2)
        child.send_signal(signal.SIGINT)
        start = time.monotonic()
        error = child.communicate(timeout=SECONDS)[1]
    assert time.monotonic() - start < 3
    assert child.returncode == -signal.SIGINT
    assert error.rstrip().endswith("KeyboardInterrupt")
    assert error.count("Traceback") == 1


# --- a cluster in trouble


def test_killed_worker_changes_nothing(own, capfd):
    own.join(2)
    found = []
    for result in run(eval, sources(60, 0.04), own.address):
        found.append(result)
        if len(found) == 15:
            os.kill(own.workers[0].pid, signal.SIGKILL)
    assert found == [number * number for number in range(60)]
    assert capfd.readouterr() == ("", "")


def test_scores_are_those_of_one_process_though_a_worker_is_killed(own, tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(
        "import time, zlib\n"
        "class Slow:\n"
        "    def compress(self, data):\n"
        "        time.sleep(0.02)\n"
        "        return zlib.compress(data)\n"
        "    def decompress(self, payload):\n"
        "        return zlib.decompress(payload)\n"
    )
    monkeypatch.chdir(tmp_path)
    own.join(2)
    labels, settings = ["mine.py:Slow", "bz2", "entropy:order=2"], {"sizes": [128], "seeds": 8}
    killer = threading.Timer(1.0, own.workers[0].kill)
    killer.start()
    there = bench.run("sources", labels, scheduler=own.address, **settings)
    killer.join()
    here = bench.run("sources", labels, **settings)
    assert there.to_dict() == here.to_dict()
    assert not there.failures
    assert own.workers[0].poll() is not None


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
def test_scheduler_that_ends_is_one_line_in_seconds(own, capfd, number):
    own.join(1)
    results = run(eval, sources(1000, 0.05), own.address, timeout_seconds=1)
    assert list(islice(results, 9)) == [number * number for number in range(9)]
    os.kill(own.scheduler.pid, number)
    start = time.monotonic()
    assert "is gone" in refusal(results)
    assert time.monotonic() - start < 9
    assert capfd.readouterr() == ("", "")


def test_no_worker_is_one_line_in_seconds(own, monkeypatch, capfd):
    monkeypatch.setattr(cluster, "LONELY_SECONDS", 1.0)
    assert "has no workers" in refusal(run(abs, [1], own.address))
    assert capfd.readouterr() == ("", "")


def test_workers_may_join_later(own):
    threading.Timer(0.5, own.join).start()
    assert list(run(abs, range(-9, 9), own.address)) == [abs(n) for n in range(-9, 9)]
