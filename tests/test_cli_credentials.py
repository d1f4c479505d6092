"""
The commands that make certificates and tokens.
"""

from __future__ import annotations

import json
import os
import stat
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from jobworker.access.tokens import TokenVerifier
from jobworker.cli.token import describe

from .certificates import path, pem
from .commandlines import Outcome, run
from .tokens import CLAIMS, NOW

REQUESTS = Path(__file__).parent.parent / "certs"


class CertificateTests(SynchronousTestCase):
    """
    C{jobworker certs}.
    """

    def test_init(self) -> None:
        """
        Everything is made, and what was made is printed.
        """
        directory = self.mktemp()
        outcome = run(["certs", "init", directory])
        self.assertEqual((outcome.code, outcome.err), (0, ""))
        printed = set(outcome.out.decode().splitlines())
        self.assertEqual(
            printed, {os.path.join(directory, name) for name in os.listdir(directory)}
        )
        for name in ("alice_cert.pem", "bob_key.pem", "token_public.pem"):
            self.assertIn(os.path.join(directory, name), printed)

    def test_json(self) -> None:
        """
        For programs each file is an object.
        """
        directory = self.mktemp()
        outcome = run(["certs", "init", directory, "--json"])
        self.assertEqual(
            {json.loads(line)["file"] for line in outcome.out.splitlines()},
            {os.path.join(directory, name) for name in os.listdir(directory)},
        )

    def test_options(self) -> None:
        """
        Users, hosts and a set to refuse may be asked for.
        """
        directory = self.mktemp()
        arguments = ["--user=carol", "--host=jobs.example", "--bad"]
        self.assertEqual(run(["certs", "init", directory, *arguments]).code, 0)
        names = os.listdir(directory)
        self.assertIn("carol_cert.pem", names)
        self.assertNotIn("alice_cert.pem", names)
        self.assertIn("expired_client_cert.pem", os.listdir(f"{directory}/bad"))

    def test_twice(self) -> None:
        """
        Nothing is overwritten.
        """
        directory = self.mktemp()
        run(["certs", "init", directory])
        before = Path(directory, "server_ca.pem").read_bytes()
        outcome = run(["certs", "init", directory])
        self.assertEqual((outcome.code, outcome.err.count("\n")), (73, 1))
        self.assertEqual(Path(directory, "server_ca.pem").read_bytes(), before)

    def test_names(self) -> None:
        """
        Names that do not serve are refused.
        """
        for flag in ("--user=../x", "--host=a b"):
            outcome = run(["certs", "init", self.mktemp(), flag])
            self.assertEqual((outcome.code, outcome.err.count("\n")), (65, 1))


class IssueTests(SynchronousTestCase):
    """
    C{jobworker token issue}.
    """

    def issue(self, out: str, *flags: str, request: str = "user.yaml") -> Outcome:
        """
        Issue a token.
        """
        arguments = [f"--request={REQUESTS / request}", f"--out={out}", *flags]
        return run(["token", "issue", f"--key={path('token_key.pem')}", *arguments])

    def test_believed(self) -> None:
        """
        A token that was issued is believed, and only its owner can read it.  The
        file has nothing besides, as clients of the original send all of it.
        """
        out = self.mktemp()
        self.assertEqual(self.issue(out), Outcome(0, b"", ""))
        content = Path(out).read_text()
        self.assertEqual(stat.S_IMODE(os.stat(out).st_mode), 0o600)
        verifier = TokenVerifier(pem("token_public.pem"), "jobworker", time.time)
        caller = verifier.verify(content)
        self.assertEqual(caller.subject, "bob")
        self.assertEqual(caller.roles, {"system.user"})
        self.assertEqual(os.listdir(os.path.dirname(out)), [os.path.basename(out)])

    def test_claims(self) -> None:
        """
        Issuer and life may be chosen.
        """
        out = self.mktemp()
        self.issue(out, "--issuer=us", "--days=0.5")
        part = Path(out).read_text().split(".")[1]
        claims = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        self.assertEqual(claims["iss"], "us")
        self.assertEqual(claims["exp"] - claims["iat"], 12 * 3600)

    def test_json(self) -> None:
        """
        For programs it is said which file has a token now, and what that claims, and
        not the token.
        """
        out = self.mktemp()
        said = json.loads(self.issue(out, "--json").out)
        shown = json.loads(run(["token", "show", "--json", out]).out)
        self.assertEqual(said, {"file": out, "claims": shown["claims"]})
        again = self.issue(out, "--json")
        self.assertEqual((again.code, again.out), (73, b""))

    def test_overwriting(self) -> None:
        """
        A file is overwritten only where that was asked for.
        """
        out = self.mktemp()
        self.issue(out)
        before = Path(out).read_text()
        outcome = self.issue(out)
        self.assertEqual((outcome.code, outcome.err.count("\n")), (73, 1))
        self.assertIn("--force", outcome.err)
        self.assertEqual(Path(out).read_text(), before)
        self.assertEqual(self.issue(out, "--force").code, 0)
        self.assertNotEqual(Path(out).read_text(), before)

    def test_mistakes(self) -> None:
        """
        Each mistake has its code and takes one line.
        """
        out = self.mktemp()
        Path("broken.yaml").write_text("sub: alice\nrole: x\n")
        rows: list[tuple[tuple[str, ...], int]] = [
            (("--request=/no/such",), 66),
            (("--key=/no/such",), 66),
            (("--request=broken.yaml",), 65),
            ((f"--key={path('token_public.pem')}",), 65),
            (("--days=0",), 64),
            (("--days=nan",), 64),
            (("--out=/no/such/directory",), 73),
            (("--out=x\0y",), 73),
        ]
        for flags, code in rows:
            outcome = self.issue(out, *flags)
            self.assertEqual(outcome.code, code, flags)
            self.assertEqual(outcome.err.count("\n"), 1, outcome.err)
        self.assertFalse(os.path.exists(out))


class ShowTests(SynchronousTestCase):
    """
    C{jobworker token show}.
    """

    def test_show(self) -> None:
        """
        A token is written for people, with the remark that it may be forged.
        """
        file = Path(self.mktemp())
        arguments = [f"--request={REQUESTS / 'admin.yaml'}", f"--out={file}"]
        run(["token", "issue", f"--key={path('token_key.pem')}", *arguments])
        lines = run(["token", "show", str(file)]).out.decode().splitlines()
        self.assertIn("sub:       alice", lines)
        self.assertIn("roles:     system.admin", lines)
        self.assertIn("validity:  good for another 29 days", lines)
        self.assertIn("Nothing of this was verified", lines[-1])
        shown = json.loads(run(["token", "show", "--json", str(file)]).out)
        self.assertEqual(shown["claims"]["sub"], "alice")
        self.assertEqual(shown["validity"], "good for another 29 days")
        self.assertIs(shown["verified"], False)

    def test_which(self) -> None:
        """
        The token that counts is shown if none is given; one that is given as itself
        is repeated in no error.
        """
        file = Path(self.mktemp())
        arguments = [f"--request={REQUESTS / 'admin.yaml'}", f"--out={file}"]
        run(["token", "issue", f"--key={path('token_key.pem')}", *arguments])
        shown = run(["token", "show", "--json", str(file)])
        text = file.read_text()
        environment = {"JOBWORKER_TOKEN": str(file), "JOBWORKER_CONTEXT": ""}
        self.assertEqual(run(["token", "show", "--json"], environment), shown)
        self.assertEqual(run(["--token", text, "token", "show", "--json"]), shown)
        self.assertEqual(run(["token", "show", "--json", text]), shown)
        self.assertEqual(run(["token", "show"]).code, 64)
        outcome = run(["token", "show", f"{text[:20]}.x."])
        self.assertNotIn(text[:20], outcome.err)
        self.assertEqual(outcome.code, 65)

    def test_noNumber(self) -> None:
        """
        What JSON has no word for is not written as JSON.
        """
        claims = urlsafe_b64encode(b'{"iat": 1, "exp": Infinity}').decode().rstrip("=")
        file = Path(self.mktemp())
        file.write_text(f"e30.{claims}.eA")
        self.assertEqual(run(["token", "show", "--json", str(file)]).code, 65)

    def test_noToken(self) -> None:
        """
        Other files are refused.
        """
        for name, code in ((path("alice_key.pem"), 65), ("/no/such", 66)):
            outcome = run(["token", "show", name])
            self.assertEqual((outcome.code, outcome.out), (code, b""))
            self.assertEqual(outcome.err.count("\n"), 1)

    def test_validity(self) -> None:
        """
        It is said whether a token is in force, and for how long.
        """
        rows: dict[float, str] = {
            NOW - 7200: "begins in 2 hours",
            NOW: "good for another 1 minute",
            NOW + 59: "good for another 1 s",
            NOW + 60: "expired 0 s ago",
            NOW + 60 + 86400: "expired 1 day ago",
        }
        for now, words in rows.items():
            self.assertIn(f"validity:  {words}", describe(CLAIMS, now))

    def test_oddities(self) -> None:
        """
        Whatever a token claims can be shown, and controls no terminal.
        """
        claims: dict[str, object] = {
            "iat": True,
            "exp": 1e300,
            "roles": [1, None],
            "\x1b": "\x1b[2J\n",
        }
        lines = describe(claims, NOW)
        self.assertIn("validity:  none; a token needs the claims iat and exp", lines)
        self.assertTrue(all(line.isprintable() for line in lines), lines)
