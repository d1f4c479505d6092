"""
Where flags may stand, and what is said when they are wrong.
"""

from __future__ import annotations

from contextlib import redirect_stdout
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import worker_pb2 as wire
from jobworker.cli import program

from .certificates import path
from .commandlines import run, spawn
from .wireserver import ID, TOKEN, WireServer, status


class PlacementTests(SynchronousTestCase):
    """
    The flags of the server may stand anywhere.
    """

    def setUp(self) -> None:
        """
        Start a server that answers every query.
        """
        self.server = WireServer({"QueryJob": self.query})
        self.addCleanup(self.server.stop)
        self.tokens: list[str] = []

    def query(self, request: object, context: object) -> wire.JobStatus:
        """
        Write down the token.
        """
        metadata = dict(context.invocation_metadata())  # type: ignore[attr-defined]
        self.tokens.append(metadata["token"])
        return status()

    def environment(self) -> dict[str, str]:
        """
        Write the flags as an environment.
        """
        flags = (flag.removeprefix("--").split("=") for flag in self.server.flags())
        rename = {"a": "address"}
        return {
            f"JOBWORKER_{rename.get(name, name).upper()}": value
            for name, value in flags
        }

    def check(self, arguments: list[str], environment: dict[str, str]) -> None:
        """
        See that the server is reached, with the right token.
        """
        outcome = run(arguments, environment)
        self.assertEqual((outcome.code, outcome.err), (0, ""))
        self.assertEqual(self.tokens.pop(), TOKEN)

    def test_everywhere(self) -> None:
        """
        Each flag is accepted before and after the subcommand, and from the
        environment.
        """
        flags = self.server.flags()
        names = [*self.environment()]
        command = ["query", "--job", ID]
        for count in range(len(flags) + 1):
            first, last = flags[:count], flags[count:]
            self.check([*first, *command, *last], {})
            self.check([*last, *command, *first], {})
            rest = {name: self.environment()[name] for name in names[count:]}
            self.check([*command, *first], rest)
            self.check([*first, *command], rest)

    def test_separated(self) -> None:
        """
        A flag and its value may be two words, and the address has another name.
        """
        flags = [part for flag in self.server.flags() for part in flag.split("=", 1)]
        flags[0] = "--address"
        self.check([*flags, "query", "--job", ID], {})

    def test_rank(self) -> None:
        """
        What is nearer counts: after the subcommand, then before it, then the
        environment.
        """
        flags, environment = self.server.flags(), self.environment()
        wrong = ["--a=127.0.0.1:1", "--cert=/none", "--key=/none", "--ca=/none"]
        wrong.append("--token=/none")
        nowhere = dict.fromkeys(environment, "/none")
        self.check([*wrong, "query", *flags, "--job", ID], nowhere)
        self.check([*flags, "query", "--job", ID], nowhere)
        self.assertEqual(run([*flags, "query", *wrong, "--job", ID]).code, 66)

    def test_tokenFile(self) -> None:
        """
        The token may be in a file, and the line may end.
        """
        file = Path(self.mktemp())
        file.write_text(f"{TOKEN}\n")
        flags = [*self.server.flags()[:-1], f"--token={file}"]
        self.check(["query", "--job", ID, *flags], {})

    def test_authorities(self) -> None:
        """
        Several authorities may be given, as flags and in the environment.
        """
        others = path("bad/other_server_ca.pem")
        command = ["query", "--job", ID]
        environment = self.environment()
        right = environment["JOBWORKER_CA"]
        environment["JOBWORKER_CA"] = f"{others}:{right}"
        self.check(command, environment)
        self.check([*command, f"--ca={others}", f"--ca={right}"], environment)


class MistakeTests(SynchronousTestCase):
    """
    Mistakes are named in one line.
    """

    def flags(self, **changes: str) -> list[str]:
        """
        Write flags that are right but for some.
        """
        values = {
            "a": "127.0.0.1:1",
            "cert": path("alice_cert.pem"),
            "key": path("alice_key.pem"),
            "ca": path("server_ca.pem"),
            "token": TOKEN,
            **changes,
        }
        return [f"--{name}={value}" for name, value in values.items() if value]

    def check(self, arguments: list[str], code: int, *words: str) -> None:
        """
        See how a command ends and what it says.
        """
        outcome = run(arguments)
        self.assertEqual((outcome.code, outcome.out), (code, b""), outcome.err)
        self.assertEqual(outcome.err.count("\n"), 1, outcome.err)
        for word in words:
            self.assertIn(word, outcome.err)

    def test_usage(self) -> None:
        """
        Wrong use is told from all else, and says where help is.
        """
        query = ["query", "--job", ID]
        self.check([], 64, "missing command", "jobworker --help")
        self.check(["certs"], 64, "jobworker certs --help")
        self.check(["quary"], 64, "'quary'")
        self.check(["--nope"], 64, "--nope")
        self.check(["query"], 64, "--job")
        self.check(["query", "--jab", "x"], 64, "--jab")
        self.check(["query", "--job"], 64, "requires an argument", "query --help")
        self.check(["start", *self.flags()], 64, "--cmd")
        for name in ("cert", "key", "ca", "token"):
            flags = self.flags(**{name: ""})
            self.check(
                [*query, *flags], 64, f"--{name}", f"JOBWORKER_{name.upper()}", "query"
            )

    def test_likely(self) -> None:
        """
        What somebody may have meant is named.
        """
        self.check(["pss"], 64, "no such command 'pss' (perhaps ps)")
        self.check(["rm", ID], 64, "no such command 'rm' (perhaps delete)")
        self.check(["help"], 64, "no such command 'help' (perhaps --help)")
        self.check(["frob"], 64, "no such command 'frob'; see")
        self.check(["kill", "-9", ID], 64, "no such option '-9'; a signal is named")
        self.check(["kill", "-INT", ID], 64, "a signal is named as in '-s KILL'")
        self.check(["stop", "-f", ID], 64, "no such option '-f'; see")

    def test_missing(self) -> None:
        """
        Everything that is missing is named at once.
        """
        flags = self.flags(key="", ca="", token="")
        said = "--key, --ca and --token are missing; give them, set JOBWORKER_KEY, "
        self.check(["ps", *flags], 64, said, "JOBWORKER_CA and JOBWORKER_TOKEN, or")
        self.check(["ps", *self.flags(key="")], 64, "--key is missing; give it, set")

    def test_numbers(self) -> None:
        """
        What is no number is called that, in words of ours.
        """
        for arguments, said in (
            (["stop", "-t", "abc", ID], "'abc' is no time span; write seconds, or as"),
            (["wait", "--timeout", "nan", ID], "nan is not a valid number"),
            (["logs", "-n", "x", ID], "'x' is not a valid whole number"),
            (["ps", "--limit", "1.5"], "'1.5' is not a valid whole number"),
        ):
            code = 200 if arguments[0] == "wait" else 64
            self.check([*arguments, *self.flags()], code, said)

    def test_variable(self) -> None:
        """
        The name of a variable is repeated as it was given.
        """
        twice = ["start", "--env=A=1", "--unset=A", "--cmd=true", *self.flags()]
        self.check(twice, 64, "the variable A is set and unset")

    def test_files(self) -> None:
        """
        Files that are not what they should be are named, before anything is
        sent.
        """
        query = ["query", "--job", ID]
        for name in ("cert", "key", "ca"):
            missing = self.flags(**{name: "/no/such"})
            self.check([*query, *missing], 66, "'/no/such'", "No such file")
            self.check([*query, *self.flags(**{name: "/tmp"})], 66, "'/tmp'")
            other = self.flags(**{name: path("token_public.pem")})
            self.check([*query, *other], 78, "token_public.pem", "PEM")
        swapped = self.flags(cert=path("alice_key.pem"), key=path("alice_cert.pem"))
        self.check([*query, *swapped], 78, "each other's file")

    def test_token(self) -> None:
        """
        What is no token is not repeated, as it may be a secret.
        """
        query = ["query", "--job", ID]
        self.check([*query, *self.flags(token="/no/such")], 78, "neither a file")
        outcome = run([*query, *self.flags(token=f"{TOKEN}!")])
        self.assertNotIn(TOKEN, outcome.err)
        other = self.flags(token=path("alice_key.pem"))
        self.check([*query, *other], 78, "does not hold a token")
        self.check([*query, *self.flags(token="x" * 9000)], 78, "neither a file")

    def test_addresses(self) -> None:
        """
        What is no address is refused.
        """
        query = ["query", "--job", ID]
        for address in (":1", "a:b", "a:0", "a:65536", "a:-1", "[::1", "[::1]x", "a b"):
            self.check([*query, *self.flags(a=address)], 65, "HOST")

    def test_help(self) -> None:
        """
        Help goes to standard output, knows the exit codes, and is no mistake.
        """
        for arguments in (["--help"], ["query", "-h"], ["--version"]):
            outcome = run(arguments)
            self.assertEqual((outcome.code, outcome.err), (0, ""))
        text = run(["--help"]).out.decode()
        for word in ("JOBWORKER_TOKEN", "  69  ", " 141  ", "128 + n", "stream"):
            self.assertIn(word, text)

    def test_encoding(self) -> None:
        """
        What has no place in the encoding of the output is escaped.
        """
        file = self.mktemp()
        with open(file, "w", encoding="latin-1") as out, redirect_stdout(out):
            code = program.run(["run", "--help"], {})
        text = Path(file).read_text("latin-1")
        self.assertEqual(code, 0)
        self.assertIn("Usage: jobworker run [OPTIONS] -- CMD [ARGS]\\u2026\n", text)


class ImportTests(SynchronousTestCase):
    """
    What the command line loads.
    """

    def test_light(self) -> None:
        """
        Nothing of jobs is loaded before a command needs it.  Twisted is never
        loaded, not even when all commands are; and gRPC is not, until something is
        to be sent.
        """
        code = (
            "import sys\n"
            "from jobworker.cli import main\n"
            "assert 'click' not in sys.modules\n"
            "from jobworker.cli.commands import below\n"
            "from jobworker.cli.program import jobworker\n"
            "assert 'jobworker.client.values' not in sys.modules\n"
            "assert len([*below(jobworker)]) > 10\n"
            "assert 'grpc' not in sys.modules\n"
            "assert 'cryptography' not in sys.modules\n"
            "import jobworker.client.client, jobworker.access.tokens\n"
            "import jobworker.tls.authority\n"
            "for name in ('twisted', 'zope.interface', 'OpenSSL', 'sqlite3'):\n"
            "    assert name not in sys.modules, name\n"
        )
        process = spawn([], code)
        out, err = process.communicate(timeout=30)
        self.assertEqual((process.returncode, out, err), (0, b"", b""))
