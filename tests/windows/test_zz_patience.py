# SPDX-License-Identifier: MIT
"""A job that never ends is waited for two minutes, and no longer. Begun with the session, looked at by its last test."""
import json


def test_job_that_never_ends_is_bounded(endless_wake):
    host, process, out, err = endless_wake
    # The bound is 120 s; the other tests took most of them.
    assert process.wait(150) == 1
    events = [json.loads(line) for line in out.read().decode("utf-8").splitlines()]
    end = events[-1]
    assert end["id"] == 3001 and "has not ended after" in end["fields"]["result_text"], end
    assert "seconds" in end["fields"]["result_text"] and not err.read()
    assert host
