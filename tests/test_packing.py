"""
What jobs ask for and what they find, as JSON.
"""

from __future__ import annotations

import json

from hypothesis import given

from twisted.trial.unittest import SynchronousTestCase

from jobworker.conditions import Conditions
from jobworker.packing import pack, packConditions, unpack, unpackConditions
from jobworker.specification import NOTHING, ResourceLimit, Specification
from tests.strategies import conditions, specifications

#: What a job finds.
FOUND = Conditions(
    directory="/",
    umask=0o022,
    nice=0,
    limits=(ResourceLimit("nofile", 1024, 4096),),
    userNumber=0,
    user="root",
    groupNumber=0,
    group="root",
    variables=("HOME", "PATH"),
)


class PackTests(SynchronousTestCase):
    """
    Specifications as JSON.
    """

    @given(specifications)
    def test_roundTrip(self, wanted: Specification) -> None:
        """
        What comes back is what was put in; the bytes of the input are not
        among it.
        """
        back = unpack(pack(wanted))
        self.assertEqual(back, wanted)
        self.assertTrue(back.input is None or back.input.data is None)

    def test_nothing(self) -> None:
        """
        What asks for nothing is an empty object, as is nothing at all.
        """
        self.assertEqual(pack(NOTHING), "{}")
        self.assertEqual([unpack("{}"), unpack("")], [NOTHING, NOTHING])

    def test_unknown(self) -> None:
        """
        Whatever else there is, is an error and not ignored.
        """
        for packed in (
            {"gpu": 1},
            {"umask": [1]},
            {"limits": {"cpu": [1]}},
            {"input": 3},
            ["umask"],
            3,
        ):
            self.assertRaises(ValueError, unpack, json.dumps(packed))
        self.assertRaises(ValueError, unpack, "{")


class PackConditionsTests(SynchronousTestCase):
    """
    Conditions are stored and sent as JSON.
    """

    @given(conditions)
    def test_roundTrip(self, found: Conditions) -> None:
        """
        What was written is read again.
        """
        self.assertEqual(unpackConditions(packConditions(found)), found)

    def test_later(self) -> None:
        """
        What a later version knows beside is left out.
        """
        packed = {**json.loads(packConditions(FOUND)), "color": "red"}
        self.assertEqual(unpackConditions(json.dumps(packed)), FOUND)

    def test_bad(self) -> None:
        """
        What is something else is refused.
        """
        packed = json.loads(packConditions(FOUND))
        del packed["umask"]
        for text in ("", "[]", "{", json.dumps(packed), '{"limits": 1}'):
            self.assertRaises(ValueError, unpackConditions, text)
