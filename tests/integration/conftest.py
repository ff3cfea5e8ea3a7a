# SPDX-License-Identifier: MIT
"""Fixtures of the integration tests. What they stand on is in harness/."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
pytest.register_assert_rewrite("harness.hosts", "harness.hypervive")

# pylint: disable=wrong-import-position
from harness import lab  # noqa: E402
from harness.hypervive import PROGRAM  # noqa: E402


def pytest_collection_modifyitems(items):
    """Where no Lab can be made every test of one is skipped, and says why."""
    reason = lab.why_not()
    if reason:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))
    elif not os.access(PROGRAM, os.X_OK):
        pytest.exit(f"{PROGRAM} is not built; run make build, or name the program in HYPERVIVE", returncode=3)


@pytest.fixture
def quick():
    """A QuickHost of this test's own, its service running."""
    from harness.hosts import QuickHost
    with QuickHost() as host:
        yield host


@pytest.fixture(scope="module")
def quick_shared():
    """A QuickHost for all tests of a file that spend machines and change nothing else."""
    from harness.hosts import QuickHost
    with QuickHost(pool=400) as host:
        yield host


@pytest.fixture
def real():
    """A RealHost of this test's own; the test starts the service."""
    from harness.hosts import RealHost
    with RealHost() as host:
        yield host


@pytest.fixture(scope="module")
def real_shared():
    """A RealHost for all tests of a file, its service running in debug mode."""
    from harness.hosts import RealHost
    with RealHost() as host:
        host.run()
        yield host
