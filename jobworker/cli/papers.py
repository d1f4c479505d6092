"""
What a caller shows, examined on his own machine: without a server, and as far
as it goes where something is missing.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from attrs import define, field

from ..client.addresses import Address
from ..client.contexts import KEYS, ContextFile, configFile
from ..client.credentials import Credentials, loadToken, readPEM
from ..client.failures import BadCredentials
from ..client.target import Setting, gather, variable
from ..errors import JobWorkerError
from .exits import Exit
from .findings import Finding, Verdict, failed, ok, warning, wrong
from .lifetimes import RENEW, lasting, private
from .options import Said
from .times import asTime, span

if TYPE_CHECKING:
    from ..tls.inspection import Description


@define
class Papers:
    """
    What a caller shows, as far as it can be read.

    @ivar heard: What flags and the environment say.
    @ivar now: Seconds since the epoch.
    """

    heard: Said
    now: float
    settings: dict[str, Setting] = field(factory=dict, init=False)
    address: Address | None = field(default=None, init=False)
    token: str | None = field(default=None, init=False, repr=False)
    _certificate: bytes = field(default=b"", init=False)
    _names: tuple[str, ...] = field(default=(), init=False)
    _key: bytes = field(default=b"", init=False, repr=False)
    _authorities: bytes = field(default=b"", init=False)
    _begins: dict[str, float] = field(factory=dict, init=False)

    @property
    def credentials(self) -> Credentials | None:
        """
        What opens a connection; C{None} if some of it is missing.
        """
        parts = (self._certificate, self._key, self._authorities)
        return Credentials(*parts) if all(parts) else None

    def examine(self) -> Iterator[Finding]:
        """
        Look at everything.
        """
        yield self._contexts()
        checks: Mapping[str, Callable[[Setting], Finding]] = {
            "address": self._checkAddress,
            "cert": self._checkCertificate,
            "key": self._checkKey,
            "ca": self._checkAuthorities,
            "token": self._checkToken,
        }
        for name, check in checks.items():
            yield self._checked(name, check)
        yield self._clock()

    def _contexts(self) -> Finding:
        """
        Find out what was said, and look at the file with contexts.
        """
        environment, named, flags = (
            self.heard.environment,
            self.heard.named,
            self.heard.flags,
        )
        path = configFile(environment)
        try:
            self.settings = gather(environment, named, flags)
            file = None if path is None else ContextFile.load(path)
        except JobWorkerError as error:
            variables = {variable(name) for name in KEYS}
            rest = {name: environment.get(name, "") for name in variables}
            self.settings = self.settings or gather(rest, "", flags)
            return failed("contexts", error)
        if path is None or file is None or not file.written.document:
            return ok("contexts", f"none in {path}" if path else "no place for any")
        if os.stat(path).st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return warning("contexts", f"others may write {path}", f"chmod 600 {path}")
        named = named or environment.get(variable("context")) or file.current
        which = f"{named!r} counts" if named else "none counts"
        return ok("contexts", f"{len(file.names())} in {path}, {which}")

    def _checked(self, name: str, check: Callable[[Setting], Finding]) -> Finding:
        """
        Look at one thing that was said, if it was.
        """
        setting = self.settings.get(name)
        if setting is None:
            return wrong(
                name,
                f"no {KEYS[name]} is given",
                f"give it with --{name}, set {variable(name)}, or have it in a context",
                Exit.USAGE,
            )
        try:
            return check(setting)
        except JobWorkerError as error:
            found = failed(name, error)
            said = f"{found.said} ({setting.origin})"
            return Finding(name, found.verdict, said, found.remedy, found.code)

    def _checkAddress(self, setting: Setting) -> Finding:
        self.address = Address.parse(setting.values[0])
        return ok("address", f"{self.address} ({setting.origin})")

    def _checkCertificate(self, setting: Setting) -> Finding:
        """
        Look at the certificate: whose it is, what for, and when.
        """
        path = setting.values[0]
        pem = readPEM("certificate", path, b"CERTIFICATE-----")
        first = _described(pem, "certificate", path)[0]
        self._certificate, self._names = pem, first.names
        self._begins["certificate"] = first.begin
        said = f"{path} ({setting.origin})"
        if not first.forClients:
            return wrong(
                "cert",
                f"{said} is made for servers only",
                "give a client certificate",
            )
        return self._inForce("cert", said, first)

    def _checkKey(self, setting: Setting) -> Finding:
        """
        Look at the key: whether it is that of the certificate.
        """
        from ..tls.inspection import belongs

        path = setting.values[0]
        self._key = readPEM("key", path, b"PRIVATE KEY-----")
        try:
            if self._certificate and not belongs(self._key, self._certificate):
                raise BadCredentials(
                    f"key {path!r} does not belong to the certificate",
                    "give the pair that was made together with --cert and --key",
                )
        except ValueError:
            raise BadCredentials(f"key {path!r} is damaged", RENEW) from None
        said = f"{path} ({setting.origin})"
        return private("key", path) or ok(
            "key",
            f"{said}: belongs to the certificate" if self._certificate else said,
        )

    def _checkAuthorities(self, setting: Setting) -> Finding:
        """
        Look at the authorities: whether they are some, and in force.
        """
        findings, contents = [], []
        for path in setting.values:
            said = f"{path} ({setting.origin})"
            contents.append(readPEM("CA certificate", path, b"CERTIFICATE-----"))
            for each in _described(contents[-1], "CA certificate", path):
                if not each.isAuthority:
                    findings.append(
                        wrong(
                            "ca",
                            f"{said} is not the certificate of an authority",
                            "give that of the CA that the server's comes from",
                        )
                    )
                    continue
                findings.append(self._inForce("ca", said, each))
        self._authorities = b"\n".join(contents)
        worst = (Verdict.WRONG, Verdict.WARNING, Verdict.OK)
        return min(findings, key=lambda found: worst.index(found.verdict))

    def _checkToken(self, setting: Setting) -> Finding:
        """
        Look at the token, which only a server can verify.
        """
        from ..access.policy import REQUIRED

        given = setting.values[0]
        self.token = loadToken(given)
        isFile = os.path.exists(given)
        place = f"{given if isFile else 'given as itself'} ({setting.origin})"
        claims = _claims(self.token)
        subject, begin, end = (claims.get(name) for name in ("sub", "iat", "exp"))
        if not isinstance(begin, int | float) or not isinstance(end, int | float):
            return wrong("token", f"{place} lacks the claims iat and exp", RENEW)
        self._begins["token"] = begin
        roles = claims.get("roles")
        mine = [str(each) for each in roles] if isinstance(roles, list) else []
        said = f"{subject}, {', '.join(mine) or 'no roles'}"
        found = lasting("token", f"{place}: {said}", begin, end, self.now)
        if found.verdict is not Verdict.OK:
            return found
        known = {role for row in REQUIRED.values() for role in row}
        if not known.intersection(mine):
            return warning(
                "token", f"{place}: {said}: that allows nothing", "ask for a role"
            )
        if self._names and subject not in self._names:
            return warning(
                "token",
                f"{place}: {subject} is not who the certificate is for "
                f"({', '.join(self._names)})",
                "a server refuses that, if it is not of the original kind",
            )
        if setting.origin == "--token" and not isFile:
            return warning(
                "token", f"{place}: others can see it in 'ps'", "put it into a file"
            )
        return (isFile and private("token", given)) or found

    def _inForce(self, check: str, place: str, found: Description) -> Finding:
        """
        Look at the time that a certificate is made for.
        """
        said = f"{place}: {', '.join(found.names) or 'for nobody'}"
        return lasting(check, said, found.begin, found.end, self.now)

    def _clock(self) -> Finding:
        """
        Compare the clock with what was made before now.
        """
        at = asTime(round(self.now) * 10**9)
        for name, begin in self._begins.items():
            if begin > self.now:
                return wrong(
                    "clock",
                    f"this machine says {at}, and the {name} begins "
                    f"{span(begin - self.now)} later",
                    "set the clock",
                )
        return ok("clock", f"this machine says {at}")


def _claims(token: str) -> Mapping[str, object]:
    """
    Read what a token claims.
    """
    from ..access.claims import BadToken
    from ..access.tokens import readUnverified

    try:
        return readUnverified(token)
    except BadToken as error:
        raise BadCredentials(str(error), "give another one") from None


def _described(pem: bytes, what: str, path: str) -> tuple[Description, ...]:
    """
    Read certificates.
    """
    from ..tls.inspection import describe

    try:
        return describe(pem)
    except ValueError:
        raise BadCredentials(f"{what} {path!r} is damaged", RENEW) from None
