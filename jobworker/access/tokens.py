"""
Tokens: issued here, and verified here; signed with ES256 and nothing else.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final

from attrs import define, field
from cryptography.hazmat.primitives.asymmetric.ec import (
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from jwt import PyJWS
from jwt.exceptions import InvalidAlgorithmError, InvalidSignatureError, PyJWTError

from .claims import BadToken, parseClaims, requireUnexpired
from .identity import Caller
from .keys import loadVerifyingKey
from .requests import TokenRequest

ALGORITHM: Final = "ES256"

#: Who issues tokens if nothing else was said.
ISSUER: Final = "jobworker"

#: Seconds that a token is good for: thirty days.
MONTH: Final = 30 * 24 * 3600

#: Characters that a token may have.
LIMIT: Final = 16 * 1024

#: Knows no other algorithm than ours, whatever a header says.
_JWS: Final = PyJWS(algorithms=[ALGORITHM])


@define(eq=False, init=False)
class TokenVerifier:
    """
    Says who a token stands for.

    Verifying a signature takes a hundred times as long as the rest of a small
    call, so that what was verified is remembered until it expires, by digest:
    the tokens themselves are not kept.

    Use it in one thread only.
    """

    _key: EllipticCurvePublicKey
    _issuer: str
    _clock: Callable[[], float]
    _remembered: int
    _verified: OrderedDict[bytes, Caller] = field(repr=False)

    def __init__(
        self,
        keyPEM: bytes,
        issuer: str,
        clock: Callable[[], float],
        remembered: int = 1024,
    ) -> None:
        """
        @param keyPEM: A public key or certificate.

        @param issuer: Whose tokens are accepted.

        @param clock: Says how many seconds have passed since the epoch.

        @param remembered: How many tokens are remembered at most.

        @raise BadConfiguration: If the key does not serve.
        """
        self._key = loadVerifyingKey(keyPEM, clock())
        self._issuer = issuer
        self._clock = clock
        self._remembered = remembered
        self._verified = OrderedDict()

    def verify(self, token: str) -> Caller:
        """
        Find out who calls.

        @raise BadToken: If the token does not say, or is not to be trusted.
        """
        if len(token) > LIMIT:
            raise BadToken("the token is too long")
        if not token.isascii():
            raise BadToken("the token is not a JWT")
        digest = sha256(token.encode("ascii")).digest()
        now = self._clock()
        caller = self._verified.pop(digest, None)
        if caller is None:
            claims = _verifiedClaims(token, self._key)
            caller = parseClaims(claims, self._issuer, now)
        else:
            requireUnexpired(caller, now)
        self._verified[digest] = caller
        if len(self._verified) > self._remembered:
            self._verified.popitem(last=False)
        return caller


def issue(
    request: TokenRequest,
    key: EllipticCurvePrivateKey,
    issuer: str,
    now: float,
    life: int = MONTH,
) -> str:
    """
    Make a token.

    @param key: A key on P-256, as L{loadSigningKey} gives it.

    @param now: Seconds since the epoch.

    @param life: Seconds until the token expires.
    """
    claims = {
        "iss": issuer,
        "sub": request.subject,
        "name": request.name,
        "email": request.email,
        "roles": request.roles,
        "groups": request.groups,
        "iat": int(now),
        "exp": int(now) + life,
    }
    return _JWS.encode(json.dumps(claims).encode(), key, ALGORITHM)


def readUnverified(token: str) -> Mapping[str, object]:
    """
    Read what a token claims, for people to look at: nothing of it is to be
    trusted.

    @raise BadToken: If it is no token.
    """
    try:
        content = _JWS.decode(token, options={"verify_signature": False})
    except (PyJWTError, ValueError, RecursionError):
        raise BadToken("the token is not a JWT") from None
    return _parseObject(content)


def _verifiedClaims(token: str, key: EllipticCurvePublicKey) -> Mapping[str, object]:
    """
    Check the signature of a token.
    """
    try:
        complete = _JWS.decode_complete(token, key, algorithms=[ALGORITHM])
    except InvalidAlgorithmError:
        raise BadToken(f"the token is not signed with {ALGORITHM}") from None
    except InvalidSignatureError:
        raise BadToken("the token was not signed with the key expected") from None
    # Releases of PyJWT differ in what they let through of malformed JSON.
    except (PyJWTError, ValueError, RecursionError):
        raise BadToken("the token is not a JWT") from None
    # Extensions that the issuer calls critical, and we know none, must be
    # refused (RFC 7515, section 4.1.11); old releases of PyJWT ignore them.
    if "crit" in complete["header"]:
        raise BadToken("the token needs extensions that are not known here")
    return _parseObject(complete["payload"])


def _parseObject(content: bytes) -> Mapping[str, object]:
    """
    Parse the claims of a token.
    """
    try:
        claims = json.loads(content)
    except (ValueError, RecursionError):
        raise BadToken("the claims of the token are not JSON") from None
    if not isinstance(claims, dict):
        raise BadToken("the claims of the token are not a JSON object")
    return claims
