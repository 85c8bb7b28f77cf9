"""Forks, threads and the end of programs, against the real collector: all once, nothing lost."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from footfall.client import Client
from tests.client.conftest import events_of
from tests.collect.conftest import Running

PRELOADED = """
import os, sys
from footfall.client import Client

client = Client(sys.argv[1], write_id="web", flush_seconds=60)
client.track("parent 0")
children = []
for worker in range(3):
    child = os.fork()
    if not child:
        client.track(f"worker {worker} a")
        client.track(f"worker {worker} b")
        os._exit(0 if client.flush() and client.statistics().sent == 2 else 1)
    children.append(child)
client.track("parent 1")
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
assert codes == [0, 0, 0], codes
assert client.flush()
assert client.statistics().sent == 2
"""

BUSY = """
import os, sys, threading, warnings
from footfall.client import Client

warnings.simplefilter("ignore", DeprecationWarning)  # a fork beside threads, which is the point
client = Client(sys.argv[1], write_id="web", flush_seconds=0.0, queue_max=100_000)
is_over = threading.Event()
counts = [0, 0]

def work(number):
    while not is_over.is_set():
        client.track(f"parent {number} {counts[number]}")
        counts[number] += 1

threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
for thread in threads:
    thread.start()
for fork in range(10):
    child = os.fork()
    if not child:
        client.track(f"child {fork}")
        os._exit(0 if client.flush(20) else 1)
    if os.waitpid(child, 0)[1]:
        os._exit(1)  # the threads would go on
is_over.set()
for thread in threads:
    thread.join()
assert client.flush(60)
print(sum(counts))
"""

WORKER = """
import os, sys
from footfall.client import Client

client = Client(sys.argv[1], write_id="web", flush_seconds=60)
child = os.fork()
client.track("child" if not child else "parent")
if child:
    assert os.waitpid(child, 0)[1] == 0
sys.exit(0)
"""

CLOSED = """
import os, sys
from footfall.client import Client
from footfall.errors import Closed

client = Client(sys.argv[1], write_id="web")
client.close()
child = os.fork()
if not child:
    try:
        client.track("after")
    except Closed:
        os._exit(0)
    os._exit(1)
assert os.waitpid(child, 0)[1] == 0
"""

IMPORTS = """
import sys
from footfall.client import Client

known = set(sys.modules)
client = Client(sys.argv[1], write_id="web")
client.track("one")
assert client.flush(20)
print(sorted(set(sys.modules) - known))
"""

LATE = """
import atexit, sys
from footfall.client import Client

client = Client(sys.argv[1], write_id="web", flush_seconds=60)
atexit.register(lambda: client.track("last words"))
"""

THREADLESS = """
import sys, threading
from footfall.client import Client

threading.stack_size(1 << 46)  # more than there is: no thread starts
client = Client(sys.argv[1], write_id="web", flush_seconds=60)
client.track("one")
client.track("two")
assert client.close().sent == 2
"""


def run(program: str, url: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, url],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def names(running: Running) -> Counter[str]:
    return Counter(event["name"] for event in events_of(running))


def test_workers_of_a_preloaded_client_send_once_each(running: Running) -> None:
    """A prefork server imports the application, forks, and only then takes requests."""
    run(PRELOADED, running.url)
    expected = {"parent 0", "parent 1"} | {f"worker {n} {x}" for n in range(3) for x in "ab"}
    assert names(running) == Counter(expected)
    ids = [event["event_id"] for event in events_of(running)]
    assert len(set(ids)) == len(ids)


def test_a_fork_while_others_send_inherits_no_lock(running: Running) -> None:
    """A lock that a thread of the parent held is never released in the child."""
    sent = int(run(BUSY, running.url))
    found = names(running)
    assert found.total() == len(found) == sent + 10
    assert {f"child {n}" for n in range(10)} <= set(found)


def test_sending_imports_nothing(running: Running) -> None:
    """A fork while a thread imports leaves the module's lock held in the child, for ever."""
    assert run(IMPORTS, running.url) == "[]\n"


def test_a_worker_that_ends_sends_what_it_has(running: Running) -> None:
    """Servers recycle workers after some requests; the last of them count too."""
    run(WORKER, running.url)
    assert names(running) == Counter(["child", "parent"])


def test_a_closed_client_is_closed_in_children(running: Running) -> None:
    """Whatever made the parent close it holds for the child."""
    run(CLOSED, running.url)


def test_an_event_of_the_programs_last_moment_is_sent(running: Running) -> None:
    """At the interpreter's end some versions start no thread any more."""
    run(LATE, running.url)
    assert names(running) == Counter(["last words"])


def test_without_a_thread_closing_sends(running: Running) -> None:
    """A machine out of threads fails no request, and the interpreter's end starts none."""
    run(THREADLESS, running.url)
    assert names(running) == Counter(["one", "two"])


@pytest.mark.parametrize("threads", [8])
def test_threads_share_a_client(running: Running, threads: int) -> None:
    """Each event once, none lost, whoever tracks."""
    program = (
        "import sys, threading\n"
        "from footfall.client import Client\n"
        "client = Client(sys.argv[1], write_id='web', flush_seconds=0.0)\n"
        "work = lambda n: [client.track(f'{n} {i}') for i in range(100)]\n"
        f"threads = [threading.Thread(target=work, args=(n,)) for n in range({threads})]\n"
        "[thread.start() for thread in threads]\n"
        "[thread.join() for thread in threads]\n"
        "assert client.flush(60)\n"
    )
    run(program, running.url)
    assert names(running) == Counter(f"{n} {i}" for n in range(threads) for i in range(100))


def test_a_client_that_was_never_used_has_no_thread(running: Running) -> None:
    """So that a server that forks has none in its parent."""
    import threading

    before = threading.active_count()
    client = Client(running.url, write_id="web")
    assert threading.active_count() == before
    client.close()
