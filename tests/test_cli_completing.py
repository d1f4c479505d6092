"""
What is offered to whoever types a command.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import grpc

from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import worker_pb2 as wire

from .commandlines import run, spawn
from .daemons import PATIENCE, freePort
from .wireserver import ID, WireServer, status

#: Answers a shell once for each line of words.  It takes a process of its own, as
#: click looks for words in the environment.  A server has all the time that it needs.
_ANSWER = """
import json, os, sys
sys.argv[0] = "jobworker"
from jobworker.cli import offering, program
offering._PATIENCE = 60.0
shell, *rows = sys.argv[1:]
for row in rows:
    words = json.loads(row)
    os.environ["COMP_WORDS"] = "\\n".join(words)
    last = words[-1] if shell == "fish" else len(words) - 1
    os.environ["COMP_CWORD"] = str(last)
    os.environ["_JOBWORKER_COMPLETE"] = shell + "_complete"
    assert program.run([], os.environ) == 0
    print("end", flush=True)
"""


class OfferCase(SynchronousTestCase):
    """
    Shells are answered.
    """

    def answers(self, *rows: Sequence[str], shell: str = "bash") -> list[list[str]]:
        """
        Ask what is offered for the last word of each row.
        """
        words = [json.dumps(["jobworker", *row]) for row in rows]
        process = spawn([shell, *words], _ANSWER)
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual((process.returncode, err), (0, b""))
        parts = out.decode().split("end\n")
        return [[*filter(None, part.split("\n"))] for part in parts[:-1]]


class OfferTests(OfferCase):
    """
    What there is is offered.
    """

    def test_words(self) -> None:
        """
        Commands, flags and what they take are offered.
        """
        rows: dict[tuple[str, ...], list[str]] = {
            ("qu",): ["plain,query"],
            ("context", "u"): ["plain,use"],
            ("stop", "--for"): ["plain,--force"],
            ("completion", ""): ["plain,bash", "plain,zsh", "plain,fish"],
            ("ps", "--state", "lo"): ["plain,lost"],
            ("logs", "--source", "stde"): ["plain,stderr"],
            ("logs", "-o", "x"): ["file,x"],
            ("kill", "-s", "usr"): ["plain,USR1", "plain,USR2"],
            ("kill", "--signal", "SIGTE"): ["plain,SIGTERM"],
            ("--key", "al"): ["file,al"],
            ("ps", "--token", ""): ["file,"],
            ("token", "show", "x"): ["file,x"],
            ("certs", "init", "x"): ["dir,x"],
            ("start", "--cwd", "x"): [],
            ("start", "--cmd", "ls", "--", ""): [],
        }
        for row, answer in zip(rows, self.answers(*rows), strict=True):
            self.assertEqual(answer, rows[row], row)

    def test_joined(self) -> None:
        """
        A flag and its value may be one word, of which bash makes three.
        """
        answers = self.answers(
            ("ps", "--state", "=", "lo"), ("ps", "--state", "="), ("ps", "--state=lo")
        )
        self.assertEqual(answers[0], ["plain,lost"])
        self.assertEqual(len(answers[1]), 4)
        self.assertEqual(answers[2], ["plain,lost"])

    def test_unreachable(self) -> None:
        """
        Where no server is, or nothing is known of one, nothing is offered and
        nothing said.
        """
        server = WireServer({}, freePort())
        flags = server.flags()
        server.stop()
        rows = [("kill", ""), (*flags, "kill", ""), ("--context", "x", "kill", "")]
        self.assertEqual(self.answers(*rows), [[], [], []])

    def test_shells(self) -> None:
        """
        Each shell is answered in its way.
        """
        row = ("completion", "ba")
        self.assertEqual(self.answers(row, shell="zsh"), [["plain", "bash", "_"]])
        self.assertEqual(self.answers(row, shell="fish"), [["plain,bash"]])

    def test_contexts(self) -> None:
        """
        Contexts are offered, with their addresses.
        """
        home = Path(self.mktemp()).resolve()
        (home / "jobworker").mkdir(parents=True)
        (home / "jobworker" / "config.toml").write_text(
            "[contexts.work]\naddress = 'h'\n[contexts.home]\n"
        )
        code = f"import os; os.environ['XDG_CONFIG_HOME'] = {str(home)!r}\n{_ANSWER}"
        rows = [["jobworker", "context", "use", ""], ["jobworker", "--context", "w"]]
        process = spawn(["zsh", *map(json.dumps, rows)], code)
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual((process.returncode, err), (0, b""))
        first, second, _ = out.decode().split("end\n")
        self.assertEqual(first.split(), ["plain", "work", "h", "plain", "home", "_"])
        self.assertEqual(second.split(), ["plain", "work", "h"])


class JobTests(OfferCase):
    """
    Jobs are offered as the server has them.
    """

    def setUp(self) -> None:
        """
        Start a server with four jobs.
        """
        self.jobs = []
        self.asked: list[wire.ListRequest] = []
        for number, name in enumerate(("nightly", "", "$(reboot) *", "-rf")):
            job = status(wire.RUNNING, -1)
            job.job.id = ID[:-1] + str(number)
            job.command.name = name
            self.jobs.append(job)
        self.server = WireServer({"ListJobs": self.list})
        self.addCleanup(self.server.stop)

    def list(
        self, request: wire.ListRequest, context: grpc.ServicerContext
    ) -> wire.JobList:
        """
        Give a page.
        """
        self.asked.append(request)
        return wire.JobList(
            jobs=[
                each for each in self.jobs if each.job.id.startswith(request.id_prefix)
            ]
        )

    def test_jobs(self) -> None:
        """
        They are offered by name and id; but no name that a shell would take for
        something else, and none twice.
        """
        ids = [f"plain,{each.job.id}" for each in self.jobs]
        expected = ["plain,nightly", *ids]
        rows = [("query", "--job", ""), ("kill", ""), ("kill", "nig")]
        rows += [("kill", ID[:9]), ("kill", "nightly", "")]
        rows += [("logs", "-f", "nig")]
        flags = self.server.flags()
        answers = self.answers(*[(*flags, *row) for row in rows])
        self.assertEqual(
            answers,
            [expected, expected, ["plain,nightly"], ids, ids, ["plain,nightly"]],
        )

    def test_states(self) -> None:
        """
        What has ended is not offered to be killed, nor what runs to be deleted.
        """
        flags = self.server.flags()
        self.answers((*flags, "kill", ""), (*flags, "delete", "--job", ""))
        states = [[*each.states] for each in self.asked]
        ended = [wire.EXITED, wire.STOPPED, wire.LOST]
        self.assertEqual(states, [[wire.RUNNING], ended])

    def test_described(self) -> None:
        """
        Where the shell shows more, there is more.
        """
        words = (*self.server.flags(), "kill", "nig")
        answer = self.answers(words, shell="zsh")[0]
        self.assertEqual(answer, ["plain", "nightly", "running sh"])


class ScriptTests(SynchronousTestCase):
    """
    The scripts ask us; whether shells understand them is tried with shells.
    """

    def script(self, shell: str) -> str:
        """
        Print a script.
        """
        outcome = run(["completion", shell])
        self.assertEqual((outcome.code, outcome.err), (0, ""))
        return outcome.out.decode()

    def test_content(self) -> None:
        """
        Each asks us, for its shell.
        """
        rows = {"bash": "complete -o nosort", "zsh": "compdef", "fish": "complete "}
        for shell, word in rows.items():
            script = self.script(shell)
            self.assertIn(word, script)
            self.assertIn(f"{shell}_complete", script)

    def test_unknown(self) -> None:
        """
        Another shell is refused, with those that there are.
        """
        outcome = run(["completion", "tcsh"])
        self.assertEqual(outcome.code, 64)
        self.assertIn("'zsh'", outcome.err)
