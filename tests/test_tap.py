"""
The gateway and the supervisor as twistd sees them.
"""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Any, cast

from zope.interface.verify import verifyObject

from twisted.application.service import IService, IServiceMaker, MultiService
from twisted.plugin import getPlugins
from twisted.trial.unittest import SynchronousTestCase

from jobworker import supervisortap, tap
from jobworker.daemon.gateway import Gateway
from jobworker.daemon.supervisor import Supervisor
from tests import certificates
from tests.descriptors import openFiles


def command(*more: str) -> list[str]:
    """
    Write the options that a gateway must have.
    """
    return [
        *("--cert", certificates.path("server_cert.pem")),
        *("--key", certificates.path("server_key.pem")),
        *("--ca", certificates.path("client_ca.pem")),
        *("--tokenkey", certificates.path("token_public.pem")),
        *more,
    ]


class PluginTests(SynchronousTestCase):
    """
    twistd finds us.
    """

    def test_found(self) -> None:
        """
        There are two commands, with the options and services of their modules.
        """
        found = {each.tapname: each for each in getPlugins(IServiceMaker)}
        for name, module in (
            ("jobworker", tap),
            ("jobworker-supervisor", supervisortap),
        ):
            plugin: Any = found[name]
            self.assertTrue(verifyObject(IServiceMaker, plugin))
            self.assertIs(plugin.options, module.Options)
            self.assertIs(plugin.makeService, module.makeService)
            self.assertTrue(plugin.description.endswith("."))


class GatewayOptionsTests(SynchronousTestCase):
    """
    What a gateway is told on its command line.
    """

    def parse(self, arguments: Sequence[str]) -> tap.Options:
        """
        Read a command line.
        """
        options = tap.Options()
        options.parseOptions(list(arguments))
        return options

    def test_defaults(self) -> None:
        """
        Nobody but the local host can connect if nothing is said, and jobs go on.
        """
        options = self.parse(command())
        expected = {
            "port": 7777,
            "interface": "127.0.0.1",
            "on-shutdown": "keep",
            "supervisor": "auto",
            "log-format": "text",
            "state-dir": None,
            "gateway-user": None,
        }
        self.assertEqual({name: options[name] for name in expected}, expected)

    def test_authorities(self) -> None:
        """
        There may be several authorities for clients.
        """
        first, second = "--ca=one", "--ca=two"
        options = self.parse(["--cert=c", "--key=k", "--tokenkey=t", first, second])
        self.assertEqual(options["ca"], ["one", "two"])

    def test_required(self) -> None:
        """
        Who we are and whom we believe must be said.
        """
        whole = ["--cert=c", "--key=k", "--ca=a", "--tokenkey=t"]
        for missing in whole:
            rest = [each for each in whole if each != missing]
            error = self.assertRaises(SystemExit, self.parse, rest)
            self.assertIn(f"{missing.split('=')[0]} is missing", str(error))

    def test_documented(self) -> None:
        """
        The help has a sentence on each option.
        """
        for options in (tap.Options(), supervisortap.Options()):
            for name, _, _, words in options.optParameters:
                self.assertIn(f"--{name}=", str(options).replace(" ", "="))
                self.assertTrue(words.endswith("."), name)


class GatewayServiceTests(SynchronousTestCase):
    """
    The gateway is made of its options, and nothing is opened for it.
    """

    def setUp(self) -> None:
        """
        Choose a directory for the state.
        """
        self.state = Path(self.mktemp()).absolute()

    def make(self, *more: str) -> IService:
        """
        Make the service.
        """
        options = tap.Options()
        options.parseOptions(command("--state-dir", str(self.state), *more))
        return tap.makeService(options)

    def test_tree(self) -> None:
        """
        It is one gateway in a service that twistd runs; nothing but the state
        directory is there before it starts.
        """
        before = openFiles()
        root: Any = self.make()
        self.assertTrue(verifyObject(IService, root))
        self.assertIsInstance(root, MultiService)
        (gateway,) = root
        self.assertIsInstance(gateway, Gateway)
        self.assertFalse(gateway.running)
        self.assertLessEqual(openFiles(), before)
        self.assertEqual(sorted(os.listdir(self.state)), ["jobs", "lock", "run"])
        self.assertEqual(stat.S_IMODE(self.state.stat().st_mode), 0o700)

    def test_time(self) -> None:
        """
        Time limits do not depend on a clock that somebody may set.
        """
        from twisted.internet import reactor

        self.make()
        self.assertIs(reactor.seconds, monotonic)

    def test_noSupervisor(self) -> None:
        """
        A gateway that starts no supervisor makes no state directory.
        """
        self.make("--supervisor=never")
        self.assertFalse(self.state.exists())

    def test_refused(self) -> None:
        """
        What is wrong is said in one line, and no state directory is made.
        """
        for more in (
            ("--cert", "/no/such"),
            ("--key", certificates.path("alice_key.pem")),
            ("--tokenkey", certificates.path("token_key.pem")),
            ("--gateway-user", "no-such-user"),
        ):
            error = self.assertRaises(SystemExit, self.make, *more)
            self.assertTrue(str(error).startswith("jobworker: "), error)
            self.assertNotIn("\n", str(error))
        self.assertFalse(self.state.exists())


class SupervisorTests(SynchronousTestCase):
    """
    The supervisor is made of its options.
    """

    def parse(self, *arguments: str) -> supervisortap.Options:
        """
        Read a command line.
        """
        options = supervisortap.Options()
        options.parseOptions(list(arguments))
        return options

    def test_linger(self) -> None:
        """
        It stays for a minute, for as long as is said, or for ever.
        """
        for arguments, seconds in (
            ([], 60.0),
            (["--linger=0.5"], 0.5),
            (["--linger=never"], math.inf),
        ):
            self.assertEqual(self.parse(*arguments)["linger"], seconds)
        for wrong in ("-1", "nan", "inf", "soon"):
            error = self.assertRaises(SystemExit, self.parse, f"--linger={wrong}")
            self.assertIn(f"--linger: '{wrong}'", str(error))

    def test_service(self) -> None:
        """
        It is one service, and nothing is made before it starts.
        """
        state = self.mktemp()
        root = supervisortap.makeService(self.parse("--state-dir", state))
        [made] = cast(MultiService, root)
        self.assertIsInstance(made, Supervisor)
        self.assertFalse(os.path.exists(state))

    def test_refused(self) -> None:
        """
        A user that there is not is named.
        """
        options = self.parse("--gateway-user", "no-such-user")
        error = self.assertRaises(SystemExit, supervisortap.makeService, options)
        self.assertIn("no-such-user", str(error))
