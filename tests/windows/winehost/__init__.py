# SPDX-License-Identifier: MIT
"""What the tests of the Windows build stand on: a Wine prefix in a Lab, and Hyper-V hosts of the simulator in it."""
