"""
The user that a gateway becomes.
"""

from __future__ import annotations

import os

from twisted.trial.unittest import SynchronousTestCase

from jobworker.daemon.state import GatewayUser
from jobworker.daemon.users import becomeUser, userToBecome
from jobworker.errors import BadConfiguration


class UserTests(SynchronousTestCase):
    """
    Who may become whom.
    """

    def be(self, user: int) -> None:
        """
        Have us take ourselves for a user.
        """
        self.patch(os, "geteuid", lambda: user)

    def test_root(self) -> None:
        """
        Root can become anybody that there is, and nobody unless that is asked for.
        """
        self.be(0)
        self.assertEqual(userToBecome("65534"), GatewayUser(65534, 65534))
        self.assertIsNone(userToBecome(None))
        self.assertRaises(BadConfiguration, userToBecome, "no such user")

    def test_self(self) -> None:
        """
        Whoever is the user already does nothing to become that.
        """
        self.be(65534)
        self.assertEqual(userToBecome("65534"), GatewayUser(65534, 65534))
        for change in ("initgroups", "setgid", "setuid"):
            self.patch(os, change, lambda *_: self.fail("this changes who we are"))
        becomeUser(GatewayUser(65534, 65534))

    def test_notRoot(self) -> None:
        """
        Nobody else can become another user: that is refused, not left out.
        """
        self.be(1000)
        error = self.assertRaises(BadConfiguration, userToBecome, "root")
        self.assertEqual(str(error), "only root can become the user 'root'")
