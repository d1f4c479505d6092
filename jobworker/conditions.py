"""
What is in force for a job when its command begins, asked for or not, as data.

It is computed and not read from the process: that may have changed it, or be
gone, by the time that anybody looks.
"""

from __future__ import annotations

from signal import SIGTERM

from attrs import evolve, frozen

from .specification import NOTHING, ResourceLimit, Specification


@frozen(cache_hash=True)
class Conditions:
    """
    What a command finds.

    @ivar directory: The working directory as it was named: symbolic links are
        not resolved.
    @ivar umask: The file mode creation mask.
    @ivar nice: The niceness.
    @ivar limits: One for each resource that can be limited; sorted.
    @ivar userNumber: Who it runs as.
    @ivar user: The same by name; empty if the host has none for it.
    @ivar groupNumber: The group that it runs as.
    @ivar group: The same by name.
    @ivar variables: The names of all variables; sorted.
    @ivar stopSignal: The number of the signal that a stop sends which names
        none.
    @ivar stopGrace: Seconds until what is left after such a stop is killed;
        C{None}: nothing is.
    @ivar logLimit: Bytes that its log may take on disk; 0 if there is no limit.
    @ivar logPolicy: What happens then, as the flag calls it.
    """

    directory: str
    umask: int
    nice: int
    limits: tuple[ResourceLimit, ...]
    userNumber: int
    user: str
    groupNumber: int
    group: str
    variables: tuple[str, ...]
    stopSignal: int = int(SIGTERM)
    stopGrace: float | None = None
    logLimit: int = 0
    logPolicy: str = ""


def inForce(usual: Conditions, wanted: Specification) -> Conditions:
    """
    Compute what a job finds.

    @param usual: What one finds that asks for nothing, or only for the user
        that it runs as.

    @param wanted: What it asks for; its user is not looked at.
    """
    if wanted == NOTHING:
        return usual
    limits = {each.resource: each for each in (*usual.limits, *wanted.limits)}
    variables = {*usual.variables}
    for name, value in wanted.environment:
        if value is None:
            variables.discard(name)
        else:
            variables.add(name)
    return evolve(
        usual,
        directory=wanted.directory or usual.directory,
        umask=usual.umask if wanted.umask is None else wanted.umask,
        nice=usual.nice if wanted.nice is None else wanted.nice,
        limits=tuple(limits[name] for name in sorted(limits)),
        variables=tuple(sorted(variables)),
        stopSignal=wanted.stopSignal or usual.stopSignal,
        stopGrace=usual.stopGrace if wanted.stopGrace is None else wanted.stopGrace,
    )
