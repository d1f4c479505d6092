"""
How the client keeps its connections.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from jobworker.client.addresses import Address
from jobworker.client.channels import optionsFor


class OptionsTests(SynchronousTestCase):
    """
    What every channel is made with.
    """

    def test_promised(self) -> None:
        """
        The client's figures are those of clients of the original, which servers
        put up with: pings once a minute, with or without calls, as long as there
        is a connection, and attempts to connect again after one second at first
        and a minute at last.
        """
        for address in ("127.0.0.1:7777", "jobs.example:7777"):
            options = dict(optionsFor(Address.parse(address)))
            for name, value in (
                ("grpc.keepalive_time_ms", 60_000),
                ("grpc.keepalive_timeout_ms", 180_000),
                ("grpc.keepalive_permit_without_calls", 1),
                ("grpc.http2.max_pings_without_data", 0),
                ("grpc.initial_reconnect_backoff_ms", 1_000),
                ("grpc.max_reconnect_backoff_ms", 60_000),
            ):
                self.assertEqual(options[name], value, name)
