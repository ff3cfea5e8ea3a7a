# SPDX-License-Identifier: MIT
"""What the cross build made, and whether it can be run here."""
import os
import shutil

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.path.abspath(os.environ.get("HYPERVIVE_WINDOWS_BUILD", os.path.join(_ROOT, "build-windows")))

PROGRAM = os.path.join(BUILD, "hypervive.exe")
SIMULATOR = os.path.join(BUILD, "tests", "wmisim.dll")
PROBE = os.path.join(BUILD, "tests", "win_probe.exe")


def why_not():
    """None when the Windows build can be run here, else the reason as a sentence."""
    for program in ("wine", "wineserver", "wineboot"):
        if not shutil.which(program):
            return f"Wine is not installed (there is no {program}): run scripts/install-dependencies test"
    return None


def missing():
    """What make build-windows should have made and did not."""
    return [path for path in (PROGRAM, SIMULATOR, PROBE) if not os.path.exists(path)]
