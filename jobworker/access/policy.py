"""
Who may do what: a table of methods and roles, and nothing else.

What does not stand in the table is forbidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from .identity import Caller


class Scope(Enum):
    """
    Which jobs a permission extends to.

    @cvar OWN: Those that the caller has started.
    @cvar ANY: All.
    """

    OWN = "own"
    ANY = "any"


ADMIN: Final = "system.admin"
USER: Final = "system.user"
OBSERVER: Final = "system.observer"

#: What each role may do by each method of the service.
REQUIRED: Final[Mapping[str, Mapping[str, Scope]]] = {
    "StartJob": {ADMIN: Scope.ANY, USER: Scope.OWN},
    "StopJob": {ADMIN: Scope.ANY, USER: Scope.OWN},
    "QueryJob": {ADMIN: Scope.ANY, USER: Scope.ANY, OBSERVER: Scope.ANY},
    "StreamLog": {ADMIN: Scope.ANY, USER: Scope.OWN},
    "ReadLog": {ADMIN: Scope.ANY, USER: Scope.OWN},
    "DeleteJob": {ADMIN: Scope.ANY, USER: Scope.OWN},
    "SignalJob": {ADMIN: Scope.ANY, USER: Scope.OWN},
    "GetServerInfo": {ADMIN: Scope.ANY, USER: Scope.ANY, OBSERVER: Scope.ANY},
    "ListJobs": {ADMIN: Scope.ANY, USER: Scope.ANY, OBSERVER: Scope.ANY},
    "WatchJobs": {ADMIN: Scope.ANY, USER: Scope.ANY, OBSERVER: Scope.ANY},
    "WaitJob": {ADMIN: Scope.ANY, USER: Scope.ANY, OBSERVER: Scope.ANY},
}

#: What one does by each method, in words that follow "may".
DEEDS: Final[Mapping[str, str]] = {
    "StartJob": "start a job",
    "StopJob": "stop a job",
    "QueryJob": "ask about a job",
    "StreamLog": "read the output of a job",
    "ReadLog": "read the output of a job",
    "DeleteJob": "delete a job",
    "SignalJob": "send a job a signal",
    "GetServerInfo": "ask about the server",
    "ListJobs": "list jobs",
    "WatchJobs": "watch jobs",
    "WaitJob": "wait for a job",
}

#: Roles that may choose the user that a job runs as.
CHOOSING: Final = frozenset({ADMIN})

#: Services that a certificate is enough for, without a token.  They tell
#: nothing of jobs: whether the service works, and what its messages look like.
OPEN: Final = frozenset(
    {
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
    }
)


def mayAttempt(caller: Caller, method: str) -> bool:
    """
    Say whether there can be any job that a caller may use a method on.

    Ask this before a job is looked up; ask L{permits} once it is known whose
    it is.
    """
    return bool(_scopes(caller, method))


def permits(caller: Caller, method: str, owner: str) -> bool:
    """
    Say whether a caller may use a method on a job.

    @param owner: Whose job it is.
    """
    scopes = _scopes(caller, method)
    if Scope.ANY in scopes:
        return True
    return Scope.OWN in scopes and caller.subject == owner


def mayChooseUser(caller: Caller) -> bool:
    """
    Say whether a caller may have jobs run as another user than that of the
    service, or with another group.
    """
    return not CHOOSING.isdisjoint(caller.roles)


def mayKnow(caller: Caller) -> bool:
    """
    Say whether a caller may be told that a job does not exist.

    That is for those who may query every job.  To anybody else a job that
    does not exist must look like one of somebody else, which is forbidden.
    """
    return Scope.ANY in _scopes(caller, "QueryJob")


def _scopes(caller: Caller, method: str) -> set[Scope]:
    """
    Find what the roles of a caller give together.
    """
    row = REQUIRED.get(method, {})
    return {row[role] for role in caller.roles if role in row}
