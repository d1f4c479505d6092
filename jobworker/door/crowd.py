"""
Who is at the door, and who has to give way.
"""

from __future__ import annotations

from collections import Counter
from typing import Generic, TypeVar

from attrs import define, field

_T = TypeVar("_T")


@define(eq=False)
class Crowd(Generic[_T]):
    """
    Connections in handshake, by the host that they come from, oldest first.
    """

    _hosts: dict[_T, str] = field(factory=dict, init=False)
    _counts: Counter[str] = field(factory=Counter, init=False)

    def __len__(self) -> int:
        return len(self._hosts)

    def add(self, member: _T, host: str) -> None:
        """
        Let somebody join.
        """
        self._hosts[member] = host
        self._counts[host] += 1

    def discard(self, member: _T) -> None:
        """
        Let somebody leave, if it is there.
        """
        host = self._hosts.pop(member, None)
        if host is not None:
            self._counts[host] -= 1
            if not self._counts[host]:
                del self._counts[host]

    def burden(self) -> _T:
        """
        Find who has to give way: the oldest of the host that has the most.

        A host that connects and says nothing pushes out its own connections
        only.

        @raise IndexError: If nobody is there.
        """
        worst = max(self._counts.values(), default=0)
        for member, host in self._hosts.items():
            if self._counts[host] == worst:
                return member
        raise IndexError("nobody is there")
