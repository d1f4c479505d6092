"""
What stands in the documentation as typed and answered, typed and compared.

In blocks of C{console} a line with a dollar is typed, lines with C{>} go on with
it, and what follows must be the answer, but for what differs each time: ids,
times, process ids, durations.  C{…} stands for anything on a line, and alone on it
for any number of lines.
What is typed must succeed, unless C{echo $?} follows.  All blocks of a page are
typed into one shell.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from attrs import evolve, field, frozen

from tests.daemons import PATIENCE, TWISTD

#: What stands between the answers to two commands; the status goes behind it.
_MARK: Final = "\N{WHITE SQUARE}"

#: What the scripts do that an installation makes.
PROGRAMS: Final = {
    "jobworker": "from jobworker.cli.main import main; sys.exit(main())",
    "twistd": TWISTD,
}

#: What differs each time, and what is compared instead.
_VARYING: Final = (
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "ID"),
    (r"\b[0-9a-f]{8}\b", "ID"),
    (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| UTC)?", "TIME"),
    (r"\b\d\d:\d\d:\d\d(\.\d+)?\b", "TIME"),
    (r"\b\d+[smhd] ago\b", "AGO"),
    (r"\b\d+(\.\d+)? ?s\b", "SECONDS"),
    (r"(\"?pid\"?): +\d+", r"\1: PID"),
    (r"\b\d+(\.\d+)? [KMG]iB\b", "SIZE"),
    (r"[ ]{2,}", "  "),
)


@frozen
class Example:
    """
    Something that is typed, and what is answered.

    @ivar line: Where it stands.
    @ivar fails: Whether the next command asks for its status.
    """

    line: int
    typed: str
    answer: str = ""
    fails: bool = field(default=False, kw_only=True)


def blocks(text: str, language: str) -> Iterator[tuple[int, str]]:
    """
    Find the blocks of code of a page.

    @return: For each the line before its first, and itself without its indentation.
    """
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if line.strip() != f".. code-block:: {language}":
            continue
        margin = len(line) - len(line.lstrip())
        block = []
        for below in lines[number:]:
            if below.strip() and len(below) - len(below.lstrip()) <= margin:
                break
            block.append(below[margin + 4 :])
        yield number, "\n".join(block)


def examples(text: str) -> list[Example]:
    """
    Find everything that is typed on a page.
    """
    found: list[Example] = []
    for start, block in blocks(text, "console"):
        for number, line in enumerate(block.strip("\n").splitlines(), start + 2):
            if line.startswith("$ "):
                if line == "$ echo $?":
                    found[-1] = evolve(found[-1], fails=True)
                found.append(Example(number, line[2:]))
            elif line.startswith("> ") and not found[-1].answer:
                found[-1] = evolve(found[-1], typed=f"{found[-1].typed}\n{line[2:]}")
            else:
                found[-1] = evolve(found[-1], answer=f"{found[-1].answer}{line}\n")
    return found


def compared(text: str) -> str:
    """
    Make what is compared of an answer.
    """
    for pattern, word in _VARYING:
        text = re.sub(pattern, word, text)
    return "".join(f"{line.rstrip()}\n" for line in text.strip().splitlines())


def fits(expected: str, said: str) -> bool:
    """
    Say whether an answer is as the page has it.
    """
    wanted = "".join(
        r"(?:.*\n)*" if line == "…" else re.escape(line).replace("…", ".*") + r"\n"
        for line in compared(expected).splitlines()
    )
    return re.fullmatch(wanted, compared(said)) is not None


def exchange(text: str, there: str, wanted: str) -> str:
    """
    Put something in the place of a word, or of what is more than one, but not of
    parts of words: a port may well stand in the middle of an id.
    """
    begin = r"\b" if there[0].isalnum() else ""
    end = r"\b" if there[-1].isalnum() else ""
    return re.sub(f"{begin}{re.escape(there)}{end}", lambda _: wanted, text)


def writePrograms(folder: Path) -> str:
    """
    Write the programs that an installation has.

    @return: The search path that has them first.
    """
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    for name, program in PROGRAMS.items():
        path = programs / name
        path.write_text(f"#!{sys.executable}\nimport sys\n{program}\n")
        path.chmod(0o755)
    return f"{programs}:{os.environ['PATH']}"


@frozen
class Typist:
    """
    Types what stands on a page.

    @ivar folder: Where it is typed.
    @ivar environment: The variables of the shell.
    @ivar exchanged: What is typed instead of what stands there; it is exchanged back
        in the answers.
    """

    folder: Path
    environment: Mapping[str, str]
    exchanged: Mapping[str, str] = field(factory=dict)

    def type(self, typed: Sequence[Example]) -> list[str]:
        """
        Type everything, one after the other.

        @return: What differs from the page.
        """
        script = [f'mark() {{ s=$?; echo "{_MARK}$s"; return $s; }}']
        for example in typed:
            script += [self._exchange(example.typed), "mark"]
        output = self._run("\n".join(script))
        for theirs, ours in self.exchanged.items():
            output = exchange(output, ours, theirs)
        return self._differences(typed, re.split(rf"{_MARK}(\d+)\n", output))

    def _differences(self, typed: Sequence[Example], parts: Sequence[str]) -> list[str]:
        """
        Compare what was answered.

        @param parts: Answers and statuses by turns.
        """
        wrong = []
        if len(parts) != 2 * len(typed) + 1:
            wrong.append(f"the shell ended: {parts[-1]}")
        for example, said, status in zip(typed, parts[::2], parts[1::2], strict=False):
            if (status != "0") != example.fails:
                wrong.append(f"line {example.line} ends with {status}: {said}")
            if not fits(example.answer, said):
                wrong.append(f"line {example.line}: {example.typed}\nsays\n{said}")
        return wrong

    def _exchange(self, text: str) -> str:
        for theirs, ours in self.exchanged.items():
            text = text.replace(theirs, ours)
        return text

    def _run(self, script: str) -> str:
        """
        Run a script, with our programs first on the path.
        """
        shell = subprocess.Popen(
            ["sh", "-c", script],
            cwd=self.folder,
            env={**self.environment, "PATH": writePrograms(self.folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return shell.communicate(timeout=3 * PATIENCE)[0].decode()
        except subprocess.TimeoutExpired:
            os.killpg(shell.pid, signal.SIGKILL)
            said = shell.communicate()[0].decode()
            raise AssertionError(f"this takes too long:\n{said}") from None
