# SPDX-License-Identifier: MIT
"""Fixtures of the tests of the Windows build. What they stand on is in winehost/ and in ../integration/harness/."""
import os
import subprocess
import sys
import tempfile

import pytest

_HERE = os.path.dirname(os.path.abspath(__file__))
_TESTS = os.path.dirname(_HERE)
for _folder in ("windows", "integration", "wmisim", "scenarios"):
    sys.path.insert(0, os.path.join(_TESTS, _folder))
pytest.register_assert_rewrite("harness.hosts", "harness.hypervive", "winehost.simhost", "winehost.program")

# pylint: disable=wrong-import-position
from harness import lab  # noqa: E402
from winehost import build  # noqa: E402


def pytest_collection_modifyitems(items):
    """Where no Wine can be started every test of one is skipped, and says why."""
    items = [item for item in items if item.path.is_relative_to(_HERE)]
    reason = lab.why_not() or build.why_not()
    if reason:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))
    elif items and build.missing():
        pytest.exit(f"not built: {', '.join(build.missing())}; run make build-windows, "
                    "or name the folder in HYPERVIVE_WINDOWS_BUILD", returncode=3)


@pytest.fixture(scope="session")
def wine():
    """One prefix for all tests, with the simulator registered; nothing of a test may stay in it."""
    from winehost.program import WineHypervive
    from winehost.wine import Wine
    with lab.Lab("wine") as place:
        prefix = Wine(place)
        prefix.register_simulator()
        yield prefix
        WineHypervive.check_left()
        prefix.close()


@pytest.fixture(scope="session")
def wire(wine):
    """The network of the prefix: a bridge with addresses, and a sender at the other end of a wire."""
    from winehost.simhost import make_wire
    yield make_wire(wine.lab)


@pytest.fixture
def host_with(wine, wire):
    """Makes a SimHost of the test's own; see there for the arguments."""
    from winehost.simhost import SimHost
    opened = []

    def make(*lines, **options):
        host = SimHost(wine, wire, *lines, **options)
        opened.append(host)
        return host
    yield make
    for host in opened:
        host.__exit__(None)


@pytest.fixture
def host(host_with):
    """A SimHost of the test's own, its service running in debug mode."""
    return host_with()


@pytest.fixture(scope="session", autouse=True)
def endless_wake(request):
    """A `hypervive wake` whose job never ends, begun with the session for its last test (test_zz_patience.py)."""
    if not any(item.name == "test_job_that_never_ends_is_bounded" for item in request.session.items):
        yield None
        return
    from winehost.simhost import SimHost, machine_lines
    wine, wire = request.getfixturevalue("wine"), request.getfixturevalue("wire")
    host = SimHost(wine, wire, "start * job never", *machine_lines("endless", []), pool=0, run=False)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = wine.popen(build.PROGRAM, "wake", "--json", "endless", stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                             env=host.commands_environment)

        def readable(file):
            return open(f"/proc/self/fd/{file.fileno()}", "rb")
        with readable(out) as said, readable(err) as complained:
            yield host, process, said, complained
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def shared(wine, wire):
    """A SimHost for all tests of a file that spend machines and change nothing else."""
    from winehost.simhost import SimHost
    with SimHost(wine, wire, pool=250) as made:
        yield made
        made.assert_nothing_rejected()
