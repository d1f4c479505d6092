"""
The commands that keep named servers.
"""

from __future__ import annotations

import json
import os
from threading import Thread

from jobworker.cli.contextfile import add
from jobworker.client.contexts import ContextFile

from .certificates import path
from .commandlines import Outcome, run
from .test_client_contexts import SOUND, ContextCase
from .wireserver import ID, TOKEN, WireServer, status


class ContextCommandTests(ContextCase):
    """
    Contexts are added, chosen, listed, shown and removed.
    """

    def setUp(self) -> None:
        """
        Make what can be named.
        """
        super().setUp()
        self.token = self.home / "alice.jwt"
        self.token.write_text(TOKEN)

    def context(self, *arguments: str, **variables: str) -> Outcome:
        """
        Run a command.
        """
        return run(["context", *arguments], {**self.environment, **variables})

    def check(self, outcome: Outcome, code: int, *words: str) -> None:
        """
        See how a command ended that did not what it was told.
        """
        self.assertEqual((outcome.code, outcome.out), (code, b""), outcome.err)
        self.assertEqual(outcome.err.count("\n"), 1)
        for word in words:
            self.assertIn(word, outcome.err)

    def flags(self, address: str) -> list[str]:
        """
        Write flags that say everything.
        """
        return [
            f"--a={address}",
            f"--cert={path('alice_cert.pem')}",
            f"--key={path('alice_key.pem')}",
            f"--ca={path('server_ca.pem')}",
            f"--token={self.token}",
        ]

    def test_used(self) -> None:
        """
        What was added is used by other commands, the first one at once, another
        when it is chosen or named.
        """
        server = WireServer({"QueryJob": lambda request, _: status()})
        self.addCleanup(server.stop)
        flags = self.flags(f"127.0.0.1:{server.port}")
        query = ["query", "--job", ID]
        added = self.context("add", "work", *flags)
        self.assertEqual(added, Outcome(0, b"work is the current context\n", ""))
        self.assertEqual(run(query, self.environment).code, 0)
        self.assertEqual(self.context("add", "away", *self.flags("h:x")).code, 65)
        added = self.context("add", "away", *self.flags("127.0.0.1:1"))
        self.assertEqual(added, Outcome(0, b"", ""))
        self.assertEqual(run(["--context=away", *query], self.environment).code, 69)
        self.assertEqual(self.context("use", "away"), Outcome(0, b"", ""))
        self.assertEqual(run(query, self.environment).code, 69)
        named = {**self.environment, "JOBWORKER_CONTEXT": "work"}
        self.assertEqual(run(query, named).code, 0)

    def test_flagsBefore(self) -> None:
        """
        The flags may stand before the command.
        """
        outcome = run(["--a=h", "context", "add", "work"], self.environment)
        self.assertEqual(outcome.code, 0)
        self.assertEqual(self.document(), {"address": "h"})

    def document(self, name: str = "work") -> object:
        """
        Read what stands in the file of a context.
        """
        return ContextFile.load(self.file).written.document["contexts"][name]

    def test_private(self) -> None:
        """
        File and directory are for the user alone, also where others could read
        it before, and a link to the file stays one.
        """
        os.rmdir(self.file.parent)
        self.context("add", "work", "--a=h")
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.file.parent.stat().st_mode & 0o777, 0o700)
        elsewhere = self.home / "dotfiles.toml"
        os.replace(self.file, elsewhere)
        os.chmod(elsewhere, 0o644)
        self.file.symlink_to(elsewhere)
        self.context("add", "home", "--a=i")
        self.assertTrue(self.file.is_symlink())
        self.assertEqual(elsewhere.stat().st_mode & 0o777, 0o600)
        self.assertEqual(os.listdir(self.file.parent), ["config.toml"])

    def test_absolute(self) -> None:
        """
        Names of files are kept so that they hold elsewhere.
        """
        relative = os.path.relpath(self.token)
        self.context("add", "work", "--token", relative)
        self.assertEqual(self.document(), {"token": str(self.token)})

    def test_kept(self) -> None:
        """
        Everything else in the file stays as it was, and so do comments.
        """
        self.write(SOUND + "\n# The end.\n")
        self.context("add", "new", "--a=h")
        self.assertTrue(self.file.read_text().startswith(SOUND))
        self.context("use", "new")
        self.context("remove", "home")
        text = self.file.read_text()
        self.assertIn('# Mine.\ncurrent = "new"\n', text)
        self.assertNotIn("[contexts.home]", text)
        self.context("remove", "new")
        self.context("use", "work")
        self.assertEqual(ContextFile.load(self.file).current, "work")
        self.assertEqual(ContextFile.load(self.file).names(), ["work"])

    def test_forms(self) -> None:
        """
        Where a context is removed, comments on the next one stay; and what is
        written in a form that cannot be added to is left as it is.
        """
        self.write("[contexts.a]\nca = [\n'x']\n\n# b is mine.\n[contexts.b]\n")
        self.assertEqual(self.context("remove", "a").code, 0)
        self.assertEqual(self.file.read_text(), "\n# b is mine.\n[contexts.b]\n")
        inline = "contexts = {a = {address = 'x'}, b = {}}\n"
        self.write(inline)
        self.check(self.context("add", "c", "--a=h"), 78, "as it is written")
        self.assertEqual(self.file.read_text(), inline)
        self.assertEqual(self.context("remove", "a").code, 0)
        self.assertEqual(ContextFile.load(self.file).names(), ["b"])

    def test_replaced(self) -> None:
        """
        A context is replaced if that is insisted on, as a whole.
        """
        self.context("add", "work", "--a=h", f"--token={self.token}")
        again = ["add", "work", "--a=i"]
        self.check(self.context(*again), 78, "'work' already", "--force")
        self.assertEqual(self.context(*again, "--force").code, 0)
        self.assertEqual(self.document(), {"address": "i"})

    def test_refused(self) -> None:
        """
        A token, a file that is not there, and nothing at all make no context.
        """
        token = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.abc"
        for given in (token, "/no/such"):
            outcome = self.context("add", "x", f"--token={given}")
            self.check(outcome, 78, "no token", "put it into a file")
            self.assertNotIn(given, outcome.err)
        for flag in ("cert", "key", "ca", "token"):
            outcome = self.context("add", "x", f"--{flag}=/tmp")
            self.check(outcome, 66, "'/tmp'", "Is a directory")
        self.check(self.context("add", "x", "--key=/no/such"), 66, "'/no/such'")
        self.check(self.context("add", "x"), 64, "without a single flag")
        self.check(self.context("add", "a b", "--a=h"), 64, "'a b'", "letters")
        self.assertFalse(self.file.exists())

    def test_unknown(self) -> None:
        """
        What is not there can be neither chosen nor removed nor shown.
        """
        self.write(SOUND)
        for command in ("use", "remove", "show"):
            self.check(self.context(command, "x"), 78, "'x'", "work, home")
        self.assertEqual(self.file.read_text(), SOUND)
        self.write("")
        self.check(self.context("show"), 78, "no context is the current one")
        self.check(run(["context", "list"]), 78, "HOME")

    def test_list(self) -> None:
        """
        They are listed, and it is shown which counts.
        """
        self.assertEqual(self.context("list"), Outcome(0, b"", ""))
        self.write(SOUND)
        listed = self.context("list").out.decode()
        self.assertEqual(listed, "* work  work.example\n  home\n")
        other = self.context("list", JOBWORKER_CONTEXT="home").out.decode()
        self.assertEqual(other, "  work  work.example\n* home\n")
        lines = self.context("list", "--json").out.splitlines()
        rows = [json.loads(line) for line in lines]
        self.assertEqual([row["name"] for row in rows], ["work", "home"])
        self.assertEqual([row["current"] for row in rows], [True, False])
        three = str(self.file.parent / "three.pem")
        self.assertEqual((rows[1]["ca"], rows[1]["key"]), ([three], None))

    def test_json(self) -> None:
        """
        For programs it is said what became of a context.
        """

        def said(*arguments: str, **variables: str) -> object:
            """
            Read the one object that a command prints.
            """
            outcome = self.context(*arguments, "--json", **variables)
            (line,) = outcome.out.splitlines()
            found: object = json.loads(line)
            return found

        rest = dict.fromkeys(("cert", "key", "token"), None)
        work: dict[str, object] = {
            "name": "work",
            "current": True,
            "address": "h",
            "ca": [],
            **rest,
        }
        home = {**work, "name": "home", "address": "i"}
        self.assertEqual(said("add", "work", "--a=h"), work)
        self.assertEqual(said("add", "home", "--a=i"), {**home, "current": False})
        self.assertEqual(said("use", "home"), home)
        counts = {"JOBWORKER_CONTEXT": "home"}
        self.assertEqual(said("use", "work", **counts), {**work, "current": False})
        for name in ("work", "home"):
            self.assertEqual(said("remove", name), {"name": name, "removed": True})

    def test_show(self) -> None:
        """
        One is shown with everything that it says.
        """
        self.write(SOUND)
        lines = self.context("show").out.decode().splitlines()
        self.assertEqual(lines[:2], ["name:     work", "address:  work.example"])
        self.assertEqual(lines[3], "key:      /keys/alice_key.pem")
        self.assertEqual(len(lines), 7)
        shown = json.loads(self.context("show", "home", "--json").out)
        self.assertEqual((shown["name"], shown["current"]), ("home", False))

    def test_overruled(self) -> None:
        """
        Who chooses a context hears that a variable names another.
        """
        self.write(SOUND)
        outcome = self.context("use", "home", JOBWORKER_CONTEXT="work")
        self.assertEqual(outcome.code, 0)
        self.assertIn("JOBWORKER_CONTEXT names 'work'", outcome.err)

    def test_broken(self) -> None:
        """
        A file that is wrong is not touched.
        """
        self.write("[contexts.work]\nnonsense\n")
        self.check(self.context("add", "x", "--a=h"), 78, f"{self.file}, line 2")
        self.assertIn("nonsense", self.file.read_text())

    def test_atOnce(self) -> None:
        """
        Of those who add something at once, nobody undoes what another did.
        """
        threads = [
            Thread(target=add, args=(self.file, f"c{each}", {"address": ("h",)}, False))
            for each in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        names = ContextFile.load(self.file).names()
        self.assertEqual(sorted(names), [f"c{each}" for each in range(8)])

    def test_unwritable(self) -> None:
        """
        Where nothing can be written that is said.
        """
        self.environment["XDG_CONFIG_HOME"] = "/dev/null"
        self.check(self.context("add", "x", "--a=h"), 73, "cannot write '/dev/null")
