# SPDX-License-Identifier: MIT
"""The host's network and the sender's: a bridge, a wire (veth pair), and a packet socket to send with."""
import socket

SENDER = "sender"  # the named network namespace at the other end of the wire
BRIDGE = "br0"
NIC = "nic0"       # the host's end of the wire, a port of the bridge
FAR_END = "wire"   # the sender's end


class Wire:
    """sender [wire] ====== [nic0] br0 [vnet*] machines"""

    def __init__(self, lab):
        self.lab = lab
        lab.run("ip", "netns", "add", SENDER)
        lab.run("ip", "link", "add", NIC, "type", "veth", "peer", "name", FAR_END, "netns", SENDER)
        # forward_delay 0: a port that has just come up lets frames through at once.
        lab.run("ip", "link", "add", BRIDGE, "type", "bridge", "forward_delay", "0", "mcast_snooping", "0")
        lab.run("ip", "link", "set", NIC, "master", BRIDGE)
        for name in (NIC, BRIDGE):
            lab.run("ip", "link", "set", name, "up")
        lab.run("ip", "link", "set", FAR_END, "up", netns=SENDER)
        self.sender_mac = self._far_end_mac()
        self._sockets = {}

    def _far_end_mac(self):
        with self.lab.inside_network(SENDER):
            probe = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        with probe:
            probe.bind((FAR_END, 0))
            return ":".join(f"{byte:02x}" for byte in probe.getsockname()[4])

    def send(self, frame, netns=SENDER, interface=FAR_END):
        """Puts one frame (bytes, or anything that bytes() understands) on a wire."""
        key = netns, interface
        if key not in self._sockets:
            with self.lab.inside_network(netns):
                raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            raw.bind((interface, 0))
            self._sockets[key] = raw
        self._sockets[key].send(bytes(frame))

    def forget(self, interface, netns=SENDER):
        """Closes the socket of an interface that is about to go."""
        raw = self._sockets.pop((netns, interface), None)
        if raw:
            raw.close()

    def close(self):
        for raw in self._sockets.values():
            raw.close()
        self._sockets.clear()
