"""
Requests for tokens.
"""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from jobworker.access.requests import LIMIT, BadTokenRequest, TokenRequest, parseRequest

CERTS = Path(__file__).parent.parent / "certs"

#: What cannot be used, and a word of what is said about it.
BAD: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "mapping"),
    "a list": (b"- sub\n- alice\n", "mapping"),
    "a word": (b"alice", "mapping"),
    "no YAML": (b"sub: [alice\nroles: }", "line 2"),
    "a tab": (b"sub: alice\n\tname: x\n", "line 2"),
    "binary": (b"sub: \x00\x01", "not YAML"),
    "other encoding": (b"sub: \xff\xfe\xfd", "not YAML"),
    "an impossible date": (b"sub: 2024-99-99", "not YAML"),
    "a number too long": (b"sub: " + b"1" * 5000, "not YAML"),
    "nested too deep": (b"sub: " + b"[" * 20_000, "not YAML"),
    "an object of Python": (b"!!python/object/apply:os.getcwd []", "line 1"),
    "two documents": (b"sub: alice\n---\nsub: bob\n", "not YAML"),
    "too long": (b"sub: alice\n#" + b"x" * LIMIT, "at most"),
    "unknown key": (b"sub: alice\nrole: [system.user]\n", "'role'"),
    "unknown key that is no string": (b"sub: alice\n17: x\n", "17"),
    "no subject": (b"name: Alice\nroles: [system.user]\n", "'sub'"),
    "empty subject": (b"sub: ''\n", "'sub'"),
    "subject of two lines": (b'sub: "alice\\nbob"\n', "'sub'"),
    "subject is a number": (b"sub: 1000\n", "'sub'"),
    "subject is a truth": (b"sub: yes\n", "'sub'"),
    "subject is a list": (b"sub: [alice]\n", "'sub'"),
    "name is a number": (b"sub: alice\nname: 12\n", "'name'"),
    "email is a mapping": (b"sub: alice\nemail: {a: b}\n", "'email'"),
    "roles is a string": (b"sub: alice\nroles: system.user\n", "'roles'"),
    "roles has a number": (b"sub: alice\nroles: [system.user, 3]\n", "'roles'"),
    "roles is a mapping": (b"sub: alice\nroles: {system.user: true}\n", "'roles'"),
    "groups has a list": (b"sub: alice\ngroups: [[a]]\n", "'groups'"),
}


def refusal(text: bytes) -> str:
    """
    Parse a request that cannot be used, and get what is said about it.
    """
    try:
        return f"accepted: {parseRequest(text)}"
    except BadTokenRequest as error:
        return str(error)


class RequestTests(SynchronousTestCase):
    """
    What a request says, and what it must not be.
    """

    def test_everything(self) -> None:
        """
        A request may say everything that a token can.
        """
        text = (
            "name: Ålice\nsub: alice\nemail: a@example.com\n"
            "roles:\n- system.user\n- system.observer\ngroups: [a, b]\n"
        )
        self.assertEqual(
            parseRequest(text.encode()),
            TokenRequest(
                subject="alice",
                name="Ålice",
                email="a@example.com",
                roles=("system.user", "system.observer"),
                groups=("a", "b"),
            ),
        )

    def test_onlyTheSubject(self) -> None:
        """
        Everything but the subject may be missing, or be left empty.
        """
        self.assertEqual(parseRequest(b"sub: alice"), TokenRequest("alice"))
        self.assertEqual(
            parseRequest(b"sub: alice\nname:\nemail:\nroles:\ngroups:\n"),
            TokenRequest("alice"),
        )

    def test_bad(self) -> None:
        """
        What is no request is refused with one line that says what is wrong.
        """
        for kind, (text, word) in BAD.items():
            said = refusal(text)
            self.assertIn(word, said, kind)
            self.assertNotIn("\n", said, kind)

    def test_examples(self) -> None:
        """
        The examples are what their README says.
        """
        found = {
            path.name: (request.subject, request.roles)
            for path in CERTS.glob("*.yaml")
            for request in [parseRequest(path.read_bytes())]
        }
        self.assertEqual(
            found,
            {
                "admin.yaml": ("alice", ("system.admin",)),
                "user.yaml": ("bob", ("system.user",)),
                "observer.yaml": ("bob", ("system.observer",)),
                "unknown.yaml": ("bob", ("system.janitor",)),
            },
        )
