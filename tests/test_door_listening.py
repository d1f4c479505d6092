"""
The socket that the door listens on.
"""

from __future__ import annotations

import contextlib
import socket
from select import select

from twisted.trial.unittest import SynchronousTestCase

from jobworker.door.listening import openSocket
from jobworker.errors import BadConfiguration


class ListeningTests(SynchronousTestCase):
    """
    L{openSocket} listens, or says why it cannot.
    """

    def open(self, interface: str, port: int = 0) -> socket.socket:
        """
        Listen for the time of a test.
        """
        listening = openSocket(interface, port, 300)
        self.addCleanup(listening.close)
        return listening

    def test_options(self) -> None:
        """
        Connections inherit that small writes are sent at once, and that who
        does not read for too long is given up.
        """
        listening = self.open("127.0.0.1")
        with socket.create_connection(listening.getsockname()):
            # Whoever connects may know before the listener does.
            select([listening], [], [], 60)
            accepted, _ = listening.accept()
        with accepted:
            for option, value in (
                (socket.TCP_NODELAY, 1),
                (socket.TCP_USER_TIMEOUT, 300_000),
            ):
                found = accepted.getsockopt(socket.IPPROTO_TCP, option)
                self.assertEqual(found, value)
        self.assertFalse(listening.getblocking())
        self.assertFalse(listening.get_inheritable())

    def test_interfaces(self) -> None:
        """
        An interface is an address of either family, or a name.
        """
        interfaces = ["127.0.0.1", "localhost"]
        with (
            contextlib.suppress(OSError),
            socket.create_server(("::1", 0), family=socket.AF_INET6),
        ):
            interfaces.append("::1")
        for interface in interfaces:
            self.assertGreater(self.open(interface).getsockname()[1], 0)

    def test_refused(self) -> None:
        """
        What cannot be had is named in one line, with the reason.
        """
        taken = self.open("127.0.0.1").getsockname()[1]
        rows = [
            ("127.0.0.1", taken, "in use"),
            ("192.0.2.1", 0, "Cannot assign"),
            ("no such host", 0, "not known"),
            ("127.0.0.1", 65536, "cannot listen"),
            ("127.0.0.1", -1, "cannot listen"),
            ("a" * 70, 0, "cannot listen"),
        ]
        for interface, port, word in rows:
            error = self.assertRaises(BadConfiguration, self.open, interface, port)
            self.assertIn(f"cannot listen on {interface} port {port}: ", str(error))
            self.assertIn(word, str(error))
            self.assertNotIn("\n", str(error))
