"""
What a job may ask for at most.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from jobworker.bounds import (
    MAX_ENVIRONMENT,
    MAX_INPUT,
    MAX_LABELS,
    MAX_TIME,
    MAX_VARIABLE,
    MAX_VARIABLES,
    check,
)
from jobworker.errors import BadSpecification
from jobworker.specification import Input, ResourceLimit, Specification

#: For each field of the wire, what nobody can have.
REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("environment", {"environment": {"": "x"}}),
    ("environment", {"environment": {"1A": "x"}}),
    ("environment", {"environment": {"A=B": "x"}}),
    ("environment", {"environment": {"A\n": "x"}}),
    ("environment", {"environment": {"É": "x"}}),
    ("environment", {"environment": {"A" * 129: "x"}}),
    ("environment", {"environment": {"A": "a\0b"}}),
    ("environment", {"environment": {"A": "x" * (MAX_VARIABLE + 1)}}),
    ("environment", {"environment": {"JOBWORKER_JOB_ID": "x"}}),
    ("environment", {"environment": {"JOBWORKER_JOB_ID": None}}),
    ("environment", {"environment": {"PWD": "/"}}),
    ("environment", {"environment": (("A", "x"), ("A", None))}),
    ("environment", {"environment": {f"A{n}": "" for n in range(MAX_VARIABLES + 1)}}),
    (
        "environment",
        {"environment": {f"A{n}": "x" * (MAX_ENVIRONMENT // 8) for n in range(8)}},
    ),
    ("directory", {"directory": "relative"}),
    ("directory", {"directory": "/a\0b"}),
    ("directory", {"directory": "/" * 4096}),
    ("umask", {"umask": 0o1000}),
    ("nice", {"nice": 20}),
    ("nice", {"nice": -1}),
    ("limits", {"limits": [ResourceLimit("files", 1, 1)]}),
    ("limits", {"limits": [ResourceLimit("nofile", 2, 1)]}),
    ("limits", {"limits": [ResourceLimit("nofile", 15, 20)]}),
    ("limits", {"limits": [ResourceLimit("nofile", -1, 1)]}),
    ("limits", {"limits": [ResourceLimit("nofile", -2, -2)]}),
    ("limits", {"limits": [ResourceLimit("cpu", 1, 1), ResourceLimit("cpu", 2, 2)]}),
    ("timeout", {"timeout": 0.0}),
    ("timeout", {"timeout": float("nan")}),
    ("idle_timeout", {"idleTimeout": MAX_TIME + 1}),
    ("stop_signal", {"stopSignal": 65}),
    ("stop_signal", {"stopSignal": -1}),
    ("stop_grace", {"stopGrace": -0.1}),
    ("stop_grace", {"stopGrace": 86401}),
    ("labels", {"labels": {"": "x"}}),
    ("labels", {"labels": {"a b": "x"}}),
    ("labels", {"labels": {"a": "x\n"}}),
    ("labels", {"labels": {"a": "x" * 257}}),
    ("labels", {"labels": {f"a{n}": "" for n in range(MAX_LABELS + 1)}}),
    ("name", {"name": "a b"}),
    ("name", {"name": "-a"}),
    ("name", {"name": "a" * 129}),
    ("key", {"key": "a\n"}),
    ("key", {"key": "a" * 257}),
    ("stdin", {"input": Input.of(bytes(MAX_INPUT + 1))}),
    ("user", {"user": "a b"}),
    ("user", {"user": "-1"}),
    ("user", {"user": "a" * 65}),
    ("group", {"user": "nobody", "group": "a:b"}),
    ("group", {"group": "nogroup"}),
]

#: As much as anybody can have, or as little.
GRANTED: list[dict[str, Any]] = [
    {},
    {"environment": {"_A1": "", "PATH": None, "B": "é\n"}},
    {"environment": {"A": "x" * MAX_VARIABLE}},
    {"directory": "/"},
    {"umask": 0, "nice": 0},
    {"umask": 0o777, "nice": 19},
    {"limits": [ResourceLimit("nofile", 16, -1), ResourceLimit("core", -1, -1)]},
    {"timeout": 0.001, "idleTimeout": MAX_TIME},
    {"stopSignal": 64, "stopGrace": 0.0},
    {"labels": {"team": "", "a.b/c-d_e": "é ü"}, "name": "a" * 128},
    {"key": "7c4a 1/é"},
    {"input": Input.of(bytes(MAX_INPUT))},
    {"user": "a.b-c_d@e$", "group": "100"},
]


class CheckTests(SynchronousTestCase):
    """
    There are limits to what a job may ask for.
    """

    def test_refused(self) -> None:
        """
        What is beyond them is refused, with the field that is to blame.
        """
        for field, wanted in REFUSED:
            error = self.assertRaises(BadSpecification, check, Specification(**wanted))
            self.assertEqual(error.field, field, wanted)
            self.assertLess(len(str(error)), 400)

    def test_granted(self) -> None:
        """
        What is within them is not.
        """
        for wanted in GRANTED:
            check(Specification(**wanted))
