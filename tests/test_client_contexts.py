"""
Named servers, and what counts where several places say something.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from jobworker.client import Client
from jobworker.client.contexts import ContextFile, configFile
from jobworker.client.failures import BadContext, Failure, Incomplete, Unreadable
from jobworker.client.target import Target

from .certificates import path
from .wireserver import TOKEN

SOUND = """
# Mine.
current = "work"

[contexts.work]
address = "work.example"
cert = "alice_cert.pem"
key = '/keys/alice_key.pem'
ca = ["~/one.pem", "../two.pem"]
token = "alice.jwt"

[contexts.home]
ca = "three.pem"
"""


class ContextCase(SynchronousTestCase):
    """
    A user with a file of contexts.
    """

    def setUp(self) -> None:
        """
        Make a place for it.
        """
        self.home = Path(self.mktemp()).resolve()
        self.file = self.home / "jobworker" / "config.toml"
        self.file.parent.mkdir(parents=True)
        self.environment = {"XDG_CONFIG_HOME": str(self.home)}

    def write(self, text: str) -> None:
        """
        Write the file.
        """
        self.file.write_text(text, "utf-8")

    def said(self, kind: type[Failure], text: str | bytes) -> str:
        """
        Find out what is said of a file that is wrong.
        """
        content = text.encode() if isinstance(text, str) else text
        self.file.write_bytes(content)
        failure = self.assertRaises(kind, ContextFile.load, self.file)
        assert isinstance(failure, Failure)
        self.assertTrue(failure.remedy)
        said = str(failure)
        self.assertNotIn("\n", said)
        return said.replace(str(self.file), "FILE")


class FileTests(ContextCase):
    """
    The file is read.
    """

    def test_place(self) -> None:
        """
        It is where XDG_CONFIG_HOME says, or below HOME; a relative name does not
        count.
        """
        rows: list[tuple[dict[str, str], str | None]] = [
            ({"XDG_CONFIG_HOME": "/x", "HOME": "/h"}, "/x/jobworker/config.toml"),
            ({"HOME": "/h"}, "/h/.config/jobworker/config.toml"),
            (
                {"XDG_CONFIG_HOME": "x", "HOME": "/h"},
                "/h/.config/jobworker/config.toml",
            ),
            ({"XDG_CONFIG_HOME": "x"}, None),
            ({}, None),
        ]
        for environment, expected in rows:
            found = configFile(environment)
            self.assertEqual(expected, None if found is None else str(found))

    def test_values(self) -> None:
        """
        Names of files count from its directory on, or from that of the user.
        """
        self.write(SOUND)
        file = ContextFile.load(self.file)
        self.assertEqual((file.names(), file.current), (["work", "home"], "work"))
        work, home = (file.context(name) for name in file.names())
        folder = self.file.parent
        self.assertEqual(work.get("address"), ("work.example",))
        self.assertEqual(work.get("cert"), (str(folder / "alice_cert.pem"),))
        self.assertEqual(work.get("key"), ("/keys/alice_key.pem",))
        one = os.path.expanduser("~/one.pem")
        self.assertEqual(work.get("ca"), (one, str(self.home / "two.pem")))
        self.assertEqual(home.get("ca"), (str(folder / "three.pem"),))
        self.assertEqual(home.get("address"), ())

    def test_where(self) -> None:
        """
        It is known on which line something stands.
        """
        self.write(SOUND)
        file = ContextFile.load(self.file)
        work = file.context("work")
        self.assertEqual(work.where("address"), f"{self.file}, line 6")
        self.assertEqual(work.where("ca"), f"{self.file}, line 9")
        self.assertEqual(
            file.written.where("contexts", "home"), f"{self.file}, line 12"
        )
        self.assertEqual(file.written.where("none"), str(self.file))
        self.write("# ca\n[contexts.x]\nca = [\n'ca',\n'key']\nkey = 'ca'\n")
        several = ContextFile.load(self.file).context("x")
        self.assertEqual(several.where("ca"), f"{self.file}, line 3")
        self.assertEqual(several.where("key"), f"{self.file}, line 6")

    def test_missing(self) -> None:
        """
        A file that is not there has no contexts.
        """
        file = ContextFile.load(self.file)
        self.assertEqual((file.names(), file.current), ([], ""))
        nowhere = ContextFile.load(Path("/dev/null/config.toml"))
        self.assertEqual(nowhere.names(), [])

    def test_wrong(self) -> None:
        """
        What is wrong is named with its line.
        """
        work = "[contexts.work]\n"
        rows: list[tuple[str | bytes, tuple[str, ...]]] = [
            ("current = \n", ("FILE, line 1: invalid value; correct",)),
            ("\n[contexts.work\n", ("FILE, line 2: ", "TOML")),
            ("current = '", ("FILE, line 1: ",)),
            (b"#\n\xff", ("FILE, line 2: this is not UTF-8",)),
            ("\nother = 1\n", ("FILE, line 2: unknown key 'other'", "current")),
            ("current = 1\n", ("FILE, line 1: 'current' is no text",)),
            ("contexts = 1\n", ("FILE, line 1: 'contexts' is no table",)),
            ("[contexts]\nx = 1\n", ("FILE, line 2: 'x' is no context",)),
            ("[contexts.'a b']\n", ("FILE, line 1: 'a b' is no name",)),
            (f"{work}\nadress = 'x'\n", ("line 3: unknown key 'adress'", "address")),
            (f"{work}cert = 1\n", ("line 2: 'cert' of context 'work' is no text",)),
            (f"{work}cert = ['x']\n", ("line 2: 'cert' of context",)),
            (f"{work}ca = []\n", ("line 2: 'ca' of context",)),
            (f"{work}ca = ['x', 1]\n", ("line 2: 'ca' of context",)),
            (f"{work}key = ''\n", ("line 2: 'key' of context",)),
            (f"{work}x = {'[' * 9999}", ("FILE",)),
            (f"# {'x' * 1024 * 1024}", ("too large",)),
        ]
        for text, words in rows:
            said = self.said(BadContext, text)
            for word in words:
                self.assertIn(word, said)

    def test_token(self) -> None:
        """
        A token in it is refused, and not repeated.
        """
        token = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.abc"
        said = self.said(BadContext, f"[contexts.x]\ntoken = '{token}'\n")
        self.assertIn("FILE, line 2: context 'x' holds a token; put it", said)
        self.assertNotIn(token, said)
        self.write("[contexts.x]\ntoken = 'alice.work.jwt'\n")
        ContextFile.load(self.file)

    def test_unreadable(self) -> None:
        """
        What cannot be read is no file without contexts.
        """
        self.file.mkdir()
        self.assertRaises(Unreadable, ContextFile.load, self.file)

    def test_unknown(self) -> None:
        """
        A context that is not there is named with where it was asked for, and
        those that are.
        """
        self.write("\ncurrent = 'wrok'\n[contexts.work]\n[contexts.home]\n")
        file = ContextFile.load(self.file)
        said = str(self.assertRaises(BadContext, file.context, file.current))
        self.assertIn(f"{self.file}, line 2: there is no context 'wrok'", said)
        self.assertIn("those there are: work, home", said)
        said = str(self.assertRaises(BadContext, file.context, "x", "--context=x"))
        self.assertIn("--context=x: there is no context 'x'", said)


class TargetTests(ContextCase):
    """
    What is nearer counts.
    """

    def origins(
        self, named: str = "", flags: Mapping[str, tuple[str, ...]] = {}, **more: str
    ) -> dict[str, str]:
        """
        Find out where everything comes from.
        """
        target = Target.find({**self.environment, **more}, named, flags)
        return {name: each.origin for name, each in target.settings.items()}

    def test_rank(self) -> None:
        """
        A flag counts, then the environment, then the context; but one that was
        named by a flag comes before the environment.
        """
        self.write(SOUND)
        flags = {"address": ("f",), "cert": (), "ca": ("x", "y")}
        variables = {"JOBWORKER_ADDRESS": "e", "JOBWORKER_KEY": "e"}
        work = "context 'work'"
        plain = {"address": "--address", "cert": work, "ca": "--ca", "token": work}
        self.assertEqual(
            self.origins(flags=flags, **variables), {**plain, "key": "JOBWORKER_KEY"}
        )
        self.assertEqual(
            self.origins("work", flags, **variables), {**plain, "key": work}
        )

    def test_chosen(self) -> None:
        """
        The environment may name another context than the current one.
        """
        self.write(SOUND)
        failure = self.assertRaises(Incomplete, self.origins, JOBWORKER_CONTEXT="home")
        assert isinstance(failure, Incomplete)
        self.assertEqual(failure.name, "cert")
        self.assertIn("JOBWORKER_CERT", str(failure))
        said = self.assertRaises(BadContext, self.origins, JOBWORKER_CONTEXT="x")
        self.assertIn("JOBWORKER_CONTEXT: there is no context 'x'", str(said))
        self.assertRaises(BadContext, Target.find, {"JOBWORKER_CONTEXT": "x"})

    def test_needless(self) -> None:
        """
        A file that cannot be used is in nobody's way who says everything.
        """
        self.write("nonsense")
        flags = dict.fromkeys(("address", "cert", "key", "ca", "token"), ("x",))
        self.origins(flags=flags)
        del flags["address"]
        self.assertRaises(BadContext, self.origins, flags=flags)

    def test_default(self) -> None:
        """
        Nothing is known but for the address, if nobody has said something.
        """
        environment = {
            f"JOBWORKER_{name}": "x" for name in ("CERT", "KEY", "CA", "TOKEN")
        }
        found = Target.find({**environment, "JOBWORKER_CA": "a::b"}).settings
        self.assertEqual(found["address"].values, ("127.0.0.1",))
        self.assertEqual(found["address"].origin, "default")
        self.assertEqual(found["ca"].values, ("a", "b"))
        self.assertRaises(Incomplete, Target.find, {})

    def test_client(self) -> None:
        """
        A client is made of a context.
        """
        (self.file.parent / "alice.jwt").write_text(TOKEN)
        self.write(
            f"[contexts.work]\naddress = 'h:1'\ncert = '{path('alice_cert.pem')}'\n"
            f"key = '{path('alice_key.pem')}'\nca = '{path('server_ca.pem')}'\n"
            "token = 'alice.jwt'\n"
        )
        with Client.from_context("work", self.environment) as client:
            self.assertEqual(str(client.address), "h:1")
        self.assertRaises(Incomplete, Client.fromContext, None, self.environment)

    def test_files(self) -> None:
        """
        A file that a context names and that is not there is named with the line.
        """
        self.write(
            f"[contexts.work]\ncert = '{path('alice_cert.pem')}'\nkey = 'none.pem'\n"
            "ca = 'ca.pem'\ntoken = 'x'\n"
        )
        target = Target.find(self.environment, "work")
        said = str(self.assertRaises(Unreadable, target.load))
        self.assertIn(f"{self.file}, line 3: cannot read key '", said)
        self.assertIn("No such file", said)
        self.assertIn("context 'work'", said)
