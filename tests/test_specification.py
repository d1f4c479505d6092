"""
What a job asks for.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from jobworker.specification import NOTHING, Input, Specification


class SpecificationTests(SynchronousTestCase):
    """
    What is the same, and what nobody may see.
    """

    def test_order(self) -> None:
        """
        The order in which things were said makes no difference.
        """
        self.assertEqual(
            Specification(environment={"A": "1", "B": None}, labels={"a": "", "b": ""}),
            Specification(
                environment=(("B", None), ("A", "1")), labels={"b": "", "a": ""}
            ),
        )

    def test_secrets(self) -> None:
        """
        Neither variables nor input are in what may be logged.
        """
        wanted = Specification(environment={"A": "secret"}, input=Input.of(b"secret"))
        self.assertNotIn("secret", repr(wanted))

    def test_public(self) -> None:
        """
        What everybody may know has no values of variables, but all else.
        """
        wanted = Specification(environment={"A": "secret", "B": None, "C": ""}, nice=1)
        expected = Specification(environment={"A": "", "B": None, "C": ""}, nice=1)
        self.assertEqual(wanted.public(), expected)
        self.assertIs(NOTHING.public(), NOTHING)
