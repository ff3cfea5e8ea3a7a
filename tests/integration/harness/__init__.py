# SPDX-License-Identifier: MIT
"""What the integration tests stand on: a laboratory of namespaces, a private libvirtd, machines, wires."""
import os

# Everything that waits takes this many times longer (sanitizers, slow machines).
SLOW = float(os.environ.get("HYPERVIVE_TEST_SLOW", "1"))
