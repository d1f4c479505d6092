"""
The command that finds out what is wrong.
"""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from typing import Any

import grpc

from twisted.trial.unittest import SynchronousTestCase

from jobworker import __version__
from jobworker.access.keys import loadSigningKey
from jobworker.access.requests import TokenRequest
from jobworker.access.tokens import issue
from jobworker.api import worker_pb2 as wire
from jobworker.cli.findings import warning
from jobworker.cli.lifetimes import lasting
from jobworker.cli.reaching import _proxies, _times
from jobworker.client.addresses import Address
from jobworker.tls.inspection import belongs, describe

from .certificates import path, pem
from .commandlines import Outcome, run
from .wireserver import TOKEN, WireServer

DAY = 24 * 3600

#: Everything that is looked at where nothing is wrong.
CHECKS = (
    *("contexts", "address", "cert", "key", "ca", "token", "clock"),
    *("host", "connection", "tls", "server", "access", "time"),
)


class DoctorCase(SynchronousTestCase):
    """
    A caller with everything that he needs, and a server.
    """

    def setUp(self) -> None:
        """
        Make a token and start a server.
        """
        self.folder = Path(self.mktemp()).resolve()
        self.folder.mkdir()
        self.info = wire.ServerInfo(version=__version__, supervisor_version=__version__)
        self.behind = 0
        self.server = WireServer({"GetServerInfo": self.tell})
        self.addCleanup(self.server.stop)
        self.flags = {
            "a": f"127.0.0.1:{self.server.port}",
            "cert": path("alice_cert.pem"),
            "key": path("alice_key.pem"),
            "ca": path("server_ca.pem"),
            "token": self.token("alice"),
        }

    def tell(self, request: object, context: object) -> wire.ServerInfo:
        """
        Tell what there is to know of the server, and what time it is there.
        """
        self.info.time = time.time_ns() - self.behind * 10**9
        return self.info

    def token(self, subject: str, *roles: str, age: float = 5.0) -> str:
        """
        Make a token that is good for a month.

        @param age: For how many seconds it has been.

        @return: The file that it is in.
        """
        request = TokenRequest(subject, roles=roles or ("system.user",))
        key = loadSigningKey(pem("token_key.pem"))
        begin = time.time() - age
        file = self.folder / f"{subject}{len(os.listdir(self.folder))}.jwt"
        file.write_text(issue(request, key, "jobworker", begin, 30 * DAY))
        file.chmod(0o600)
        return str(file)

    def doctor(
        self, *more: str, variables: dict[str, str] | None = None, **changes: str
    ) -> Outcome:
        """
        Run the command, with flags that are right but for some.
        """
        flags = {**self.flags, **changes}
        given = [f"--{name}={value}" for name, value in flags.items() if value]
        return run(["doctor", *given, *more], variables or {})

    def found(self, outcome: Outcome) -> dict[str, dict[str, Any]]:
        """
        Read what was found, by what was looked at.
        """
        self.assertEqual(outcome.err, "")
        rows = [json.loads(line) for line in outcome.out.splitlines()]
        return {row["check"]: row for row in rows}

    def check(
        self, check: str, verdict: str, *words: str, code: int = 0, **changes: str
    ) -> None:
        """
        See what is found where something is not right.
        """
        outcome = self.doctor("--json", variables=None, **changes)
        row = self.found(outcome)[check]
        self.assertEqual(row["verdict"], verdict, outcome.out)
        for word in words:
            self.assertIn(word, f"{row['message']}; {row['remedy']}")
        self.assertEqual(outcome.code, code, outcome.out)


class HealthTests(DoctorCase):
    """
    Where all is well nothing is wrong.
    """

    def test_well(self) -> None:
        """
        Every check is made, all are ok, and the command ends with 0.
        """
        outcome = self.doctor("--json")
        found = self.found(outcome)
        self.assertEqual(
            {name: row["verdict"] for name, row in found.items()},
            dict.fromkeys(CHECKS, "ok"),
        )
        self.assertEqual({row["remedy"] for row in found.values()}, {None})
        self.assertEqual(outcome.code, 0)
        self.assertIn("alice, system.user, good for", found["token"]["message"])
        self.assertIn("(--cert): alice, good for", found["cert"]["message"])

    def test_text(self) -> None:
        """
        For people there is a line for each check, and no colour in a file.
        """
        lines = self.doctor().out.decode().splitlines()
        self.assertEqual(len(lines), 13)
        self.assertEqual(lines[0][:24], "ok       contexts       ")

    def test_origins(self) -> None:
        """
        It is said where everything comes from.
        """
        (self.folder / "jobworker").mkdir()
        file = self.folder / "jobworker" / "config.toml"
        file.write_text(
            f"current = 'work'\n[contexts.work]\nkey = '{self.flags['key']}'\n"
        )
        variables = {
            "XDG_CONFIG_HOME": str(self.folder),
            "JOBWORKER_CERT": self.flags["cert"],
        }
        outcome = self.doctor("--json", variables=variables, cert="", key="")
        found = self.found(outcome)
        self.assertEqual(outcome.code, 0)
        self.assertIn("(JOBWORKER_CERT)", found["cert"]["message"])
        self.assertIn("(context 'work')", found["key"]["message"])
        self.assertIn(f"1 in {file}, 'work' counts", found["contexts"]["message"])
        file.chmod(0o666)
        outcome = self.doctor("--json", variables=variables, cert="", key="")
        self.assertEqual(self.found(outcome)["contexts"]["remedy"], f"chmod 600 {file}")
        file.write_text("nonsense")
        outcome = self.doctor("--json", variables=variables)
        self.assertEqual(outcome.code, 78)
        self.assertIn("line 1", self.found(outcome)["contexts"]["message"])
        self.assertEqual(self.found(outcome)["access"]["verdict"], "ok")


class PaperTests(DoctorCase):
    """
    What is wrong with what we show is found without a server.
    """

    def test_missing(self) -> None:
        """
        What is not given is named, and everything else looked at.
        """
        outcome = self.doctor("--json", cert="", token="")
        found = self.found(outcome)
        self.assertEqual(outcome.code, 64)
        self.assertIn("JOBWORKER_CERT", found["cert"]["remedy"])
        self.assertEqual(found["token"]["verdict"], "wrong")
        self.assertEqual(found["connection"]["verdict"], "ok")
        self.assertEqual(found["tls"]["verdict"], "skipped")

    def test_certificate(self) -> None:
        """
        A certificate must be one, for clients, and in force.
        """

        def bad(name: str) -> dict[str, str]:
            return {
                "cert": path(f"bad/{name}_cert.pem"),
                "key": path(f"bad/{name}_key.pem"),
            }

        self.check("cert", "wrong", "No such", code=66, cert="/no/such")
        self.check(
            "cert", "wrong", "not a certificate", code=78, cert=path("alice_key.pem")
        )
        self.check(
            "cert", "wrong", "expired 1 day ago", code=78, **bad("expired_client")
        )
        self.check("cert", "wrong", "begins in", code=78, **bad("notyet_client"))
        self.check("clock", "wrong", "set the clock", code=78, **bad("notyet_client"))
        self.check(
            "cert", "wrong", "for servers only", code=78, **bad("purpose_client")
        )
        damaged = self.folder / "damaged.pem"
        damaged.write_text(
            "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"
        )
        self.check("cert", "wrong", "damaged", code=78, cert=str(damaged))
        self.check("ca", "wrong", "damaged", code=78, ca=str(damaged))

    def test_key(self) -> None:
        """
        A key must be that of the certificate, and nobody else's business.
        """
        self.check("key", "wrong", "does not belong", code=78, key=path("bob_key.pem"))
        open_ = self.folder / "open.pem"
        open_.write_bytes(pem("alice_key.pem"))
        open_.chmod(0o644)
        self.check("key", "warning", f"chmod 600 {open_}", key=str(open_))
        open_.write_text("-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n")
        self.check("key", "wrong", "damaged", code=78, key=str(open_))

    def test_authorities(self) -> None:
        """
        An authority must be one.
        """
        self.check("ca", "wrong", "no", code=78, ca=path("server_cert.pem"))

    def test_token(self) -> None:
        """
        A token must be one, in force, of use, and of the same person.
        """
        self.check("token", "wrong", "neither", code=78, token="x")
        self.check("token", "wrong", "iat and exp", code=78, token=TOKEN)
        self.check("token", "wrong", "not a JWT", "another", code=78, token="e30.e30.x")
        expired = self.token("alice", age=31.5 * DAY)
        said = "expired 1 day ago"
        self.check("token", "wrong", "alice", said, code=78, token=expired)
        soon = self.token("alice", age=28.5 * DAY)
        self.check("token", "warning", "expires in 1 day", token=soon)
        useless = self.token("alice", "system.janitor")
        self.check("token", "warning", "allows nothing", token=useless)
        self.check("token", "warning", "not who", "(alice)", token=self.token("bob"))
        given = Path(self.flags["token"]).read_text()
        self.check("token", "warning", "put it into a file", token=given)
        self.assertNotIn(given.encode(), self.doctor(token=given).out)
        Path(self.flags["token"]).chmod(0o640)
        self.check("token", "warning", "mode 0640")

    def test_soon(self) -> None:
        """
        What expires within a week is worth a warning, but not what was never
        made for much longer.
        """
        rows: dict[tuple[float, float], str] = {
            (0, 30 * DAY): "ok",
            (-25 * DAY, 5 * DAY): "warning",
        }
        rows |= {(-0.5 * DAY, 0.5 * DAY): "ok", (-0.9 * DAY, 0.1 * DAY): "warning"}
        for (begin, end), expected in rows.items():
            self.assertEqual(lasting("x", "y", begin, end, 0).verdict.value, expected)

    def test_inspection(self) -> None:
        """
        Certificates are read without being trusted.
        """
        alice = describe(pem("alice_cert.pem"))[0]
        self.assertEqual(alice.names, ("alice",))
        self.assertEqual((alice.isAuthority, alice.forClients), (False, True))
        self.assertTrue(describe(pem("server_ca.pem"))[0].isAuthority)
        self.assertFalse(belongs(pem("bob_key.pem"), pem("alice_cert.pem")))
        self.assertRaises(ValueError, belongs, b"x", pem("alice_cert.pem"))


class WayTests(DoctorCase):
    """
    The way to the server is taken as far as it goes.
    """

    def test_host(self) -> None:
        """
        A host that nobody knows is where it ends.
        """
        self.check("host", "wrong", "check the address", code=69, a="host.invalid")
        self.check("access", "skipped", "not without host", code=69, a="host.invalid")
        self.check("address", "wrong", "HOST", code=65, a="host:x")
        self.check("host", "skipped", "missing above", code=65, a="host:x")

    def test_down(self) -> None:
        """
        A server that is down is where it ends.
        """
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{unused.getsockname()[1]}"
            self.check("connection", "wrong", "start the server", code=69, a=address)
            self.check("tls", "skipped", "not without connection", code=69, a=address)

    def test_distrust(self) -> None:
        """
        Whether one side does not believe the other is told apart.
        """
        ca = path("bad/other_server_ca.pem")
        self.check("tls", "wrong", "--ca", code=78, ca=ca)
        other = {
            "cert": path("bad/other_client_cert.pem"),
            "key": path("bad/other_client_key.pem"),
        }
        self.check("tls", "wrong", "does not accept", code=69, **other)
        self.check("server", "skipped", "not without tls", code=69, **other)

    def test_refused(self) -> None:
        """
        A token that is not accepted is told from a server that does not answer.
        """

        def refuse(request: object, context: grpc.ServicerContext) -> None:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "the token is no good")

        server = WireServer({"GetServerInfo": refuse})
        self.addCleanup(server.stop)
        a = f"127.0.0.1:{server.port}"
        self.check("access", "wrong", "the token is no good", code=77, a=a)
        self.check("server", "ok", "answers", code=77, a=a)

    def test_original(self) -> None:
        """
        A server of the original kind is known, and asked for a job that nobody
        has to see whether the token is accepted.
        """
        codes = [grpc.StatusCode.NOT_FOUND, grpc.StatusCode.PERMISSION_DENIED]

        def query(request: object, context: grpc.ServicerContext) -> None:
            context.abort(codes.pop(0), "no")

        server = WireServer({"QueryJob": query})
        self.addCleanup(server.stop)
        a = f"127.0.0.1:{server.port}"
        self.check("access", "ok", "accepted", a=a)
        self.check("access", "wrong", "token", code=77, a=a)
        codes.append(grpc.StatusCode.NOT_FOUND)
        self.check("server", "ok", "original kind", a=a)

    def test_server(self) -> None:
        """
        What the server says of itself is judged.
        """
        self.info.guarantees.add(name="jobs_outlive_gateway", holds=True)
        self.check("guarantees", "ok", "all 1 hold")
        self.info.guarantees.add(name="jobs_\x1b[1misolated")
        self.info.guarantees.add(name="output_complete")
        said = "1 of 3 hold, but not: jobs \x1b[1misolated, output complete; "
        self.check("guarantees", "note", said, "jobworker info")
        self.assertNotIn(b"\x1b", self.doctor().out)
        self.info.supervisor_version = "0.0.9"
        self.check("server", "warning", "still jobworker 0.0.9")
        self.info.supervisor_problem = "it is gone"
        self.check("server", "wrong", "it is gone", code=69)

    def test_narrow(self) -> None:
        """
        On a terminal a long line goes on below where it began, between words; a
        name is not broken.
        """
        finding = warning("key", "others may read /a/long-and-winding/key", "hide it")
        self.assertEqual(
            finding.asText(45).splitlines(),
            [
                "warning  key            others may read",
                f"{'':24}/a/long-and-winding/key;",
                f"{'':24}hide it",
            ],
        )
        self.assertEqual(finding.asText().count("\n"), 0)

    def test_clocks(self) -> None:
        """
        Clocks that differ are worth a warning, and wrong where tokens suffer.
        """
        rows = {0.0: "ok", 4.0: "ok", -6.0: "warning", 29.0: "warning", -31.0: "wrong"}
        for ahead, expected in rows.items():
            self.assertEqual(_times(ahead).verdict.value, expected)
        self.assertIn("29 s ahead of", _times(29.9).said)
        self.assertIn("1 hour behind", _times(-3601).said)
        self.behind = 3600
        self.check("time", "wrong", "behind", code=78)

    def test_proxy(self) -> None:
        """
        It is said where calls take another way than the examination.
        """
        rows: dict[tuple[str, str], int] = {
            ("jobs.example", ""): 1,
            ("jobs.example", "other.example, jobs.example"): 0,
            ("jobs.example", ".example"): 0,
            ("127.0.0.1", ""): 0,
        }
        for (host, exempt), expected in rows.items():
            environment = {"https_proxy": "http://proxy:1", "no_proxy": exempt}
            found = [*_proxies(Address(host), environment)]
            self.assertEqual(len(found), expected, (host, exempt))
        self.assertEqual([*_proxies(Address("jobs.example"), {})], [])
