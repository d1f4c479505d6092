"""
Tokens for tests: right ones, and every kind of wrong one.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from hashlib import sha256

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
)

from jobworker.access.claims import LEEWAY
from jobworker.access.identity import Caller
from jobworker.access.tokens import ISSUER, LIMIT

#: When all of this happens.
NOW = 1_700_000_000

KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC_PEM = KEY.public_key().public_bytes(
    Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
)

CLAIMS: dict[str, object] = {
    "iss": ISSUER,
    "sub": "alice",
    "name": "Alice",
    "email": "alice@example.com",
    "roles": ["system.user"],
    "groups": ["staff"],
    "iat": NOW,
    "exp": NOW + 60,
}

ABSENT = object()

ALICE = Caller(
    subject="alice",
    name="Alice",
    email="alice@example.com",
    roles=frozenset({"system.user"}),
    groups=frozenset({"staff"}),
    expires=NOW + 60,
)


def base64(data: bytes) -> str:
    """
    Encode a part of a token.
    """
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(content: bytes, **header: object) -> str:
    """
    Sign anything at all, with the right key.
    """
    return jwt.PyJWS().encode(content, KEY, "ES256", headers=header)


def claiming(**changes: object) -> str:
    """
    Make a token that is right but for some claims.
    """
    claims = {**CLAIMS, **changes}
    return signed(
        json.dumps({k: v for k, v in claims.items() if v is not ABSENT}).encode()
    )


def forged(header: dict[str, object], signature: bytes = b"") -> str:
    """
    Make a token with any header and any signature.
    """
    return ".".join(
        [
            base64(json.dumps(header).encode()),
            base64(json.dumps(CLAIMS).encode()),
            base64(signature),
        ]
    )


def signedByPublicKey() -> str:
    """
    Make the token that a verifier believes which takes the public key for the
    secret of HS256.  PyJWT would not help with that.
    """
    unsigned = forged({"alg": "HS256", "typ": "JWT"}).removesuffix(".")
    tag = hmac.new(PUBLIC_PEM, unsigned.encode(), sha256).digest()
    return f"{unsigned}.{base64(tag)}"


def encoded(key: object, algorithm: str) -> str:
    """
    Have PyJWT make a token with another kind of key.
    """
    return jwt.encode(CLAIMS, key, algorithm)  # type: ignore[arg-type]


def tampered() -> str:
    """
    Take a token that is right, and make its owner an administrator.
    """
    header, _, signature = claiming().split(".")
    claims = {**CLAIMS, "roles": ["system.admin"]}
    return f"{header}.{base64(json.dumps(claims).encode())}.{signature}"


def signedAsES256(key: ec.EllipticCurvePrivateKey, **header: object) -> str:
    """
    Sign what says that it is ES256, with any key.
    """
    unsigned = forged({"alg": "ES256", **header}).removesuffix(".")
    der = key.sign(unsigned.encode(), ec.ECDSA(hashes.SHA256()))
    size = (key.curve.key_size + 7) // 8
    raw = b"".join(part.to_bytes(size, "big") for part in decode_dss_signature(der))
    return f"{unsigned}.{base64(raw)}"


def jwkOf(key: ec.EllipticCurvePrivateKey) -> object:
    """
    Write a public key as a header may carry it.
    """
    return jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)


def forgeries() -> dict[str, tuple[str, str]]:
    """
    Make the tokens that nobody who holds the key has signed, or not so, each
    with a word of what is said about it.
    """
    p384 = ec.generate_private_key(ec.SECP384R1())
    return {
        "nothing": ("", "not a JWT"),
        "one part": ("abc", "not a JWT"),
        "two parts": ("abc.def", "not a JWT"),
        "four parts": (claiming() + ".abc", "not"),
        "no base64": ("!!!.???.###", "not a JWT"),
        "not ASCII": ("é.é.é", "not a JWT"),
        "a lone surrogate": ("\udc80.a.b", "not a JWT"),
        "header is no JSON": (f"{base64(b'{')}.e30.e30", "not a JWT"),
        "header is no object": (f"{base64(b'[]')}.e30.e30", "not a JWT"),
        "header nested too deep": (f"{base64(b'[' * 9000)}.e30.e30", "not a JWT"),
        "no algorithm": (forged({"typ": "JWT"}), "ES256"),
        "algorithm is no string": (forged({"alg": ["ES256"]}), "ES256"),
        # CVE-2022-23540: what is not signed is believed.
        "alg none": (forged({"alg": "none"}), "ES256"),
        "alg None": (forged({"alg": "None"}), "ES256"),
        "alg none with a signature": (forged({"alg": "none"}, b"x" * 64), "ES256"),
        "no signature": (forged({"alg": "ES256"}), "key expected"),
        # CVE-2022-21449: zeros are a signature of everything to some.
        "signature of zeros": (forged({"alg": "ES256"}, bytes(64)), "key expected"),
        # CVE-2016-10555, CVE-2017-11424, CVE-2022-29217: a public key is taken
        # for a secret.
        "HS256 signed with the public key": (signedByPublicKey(), "ES256"),
        "HS256": (encoded("s" * 32, "HS256"), "ES256"),
        "RS256": (encoded(rsa.generate_private_key(65537, 2048), "RS256"), "ES256"),
        "EdDSA": (encoded(ed25519.Ed25519PrivateKey.generate(), "EdDSA"), "ES256"),
        "ES384": (encoded(p384, "ES384"), "ES256"),
        "ES256 on another curve": (
            signedAsES256(ec.generate_private_key(ec.SECP256K1())),
            "key expected",
        ),
        "ES256 on a longer curve": (signedAsES256(p384), "key expected"),
        "another key": (signedAsES256(OTHER_KEY), "key expected"),
        # CVE-2018-0114: a key that comes with the token is believed.
        "another key that comes along": (
            signedAsES256(OTHER_KEY, jwk=jwkOf(OTHER_KEY)),
            "key expected",
        ),
        "tampered": (tampered(), "key expected"),
        # CVE-2026-32597: an extension that must be understood is ignored.
        "critical extension": (
            signed(json.dumps(CLAIMS).encode(), crit=["x"], x=1),
            "",
        ),
        # CVE-2024-53861: an issuer is believed to be who has it in his name.
        "part of the issuer": (claiming(iss=ISSUER[:3]), "issuer"),
        "too long": (claiming(name="a" * LIMIT), "too long"),
        "claims are no JSON": (signed(b"{"), "not JSON"),
        "claims are no object": (signed(b'["sub"]'), "object"),
        "claims nested too deep": (signed(b"[" * 9000), "not JSON"),
        "claims are no UTF-8": (signed(b'{"sub": "\xff"}'), "not JSON"),
    }


#: Claims that are not believed though their signature is right.
BAD_CLAIMS: dict[str, tuple[dict[str, object], str]] = {
    "no issuer": ({"iss": ABSENT}, "'iss'"),
    "another issuer": ({"iss": "somebody"}, "issuer"),
    "longer issuer": ({"iss": ISSUER + "2"}, "issuer"),
    "issuer is a list": ({"iss": [ISSUER]}, "'iss'"),
    "issuer is null": ({"iss": None}, "'iss'"),
    "no subject": ({"sub": ABSENT}, "'sub'"),
    "subject is null": ({"sub": None}, "'sub'"),
    "subject is empty": ({"sub": ""}, "'sub'"),
    "subject is a number": ({"sub": 17}, "'sub'"),
    "subject is a list": ({"sub": ["alice"]}, "'sub'"),
    "subject of two lines": ({"sub": "alice\nbob"}, "'sub'"),
    "subject with NUL": ({"sub": "alice\0"}, "'sub'"),
    "subject that is no Unicode": ({"sub": "alice\udc80"}, "'sub'"),
    "no end": ({"exp": ABSENT}, "'exp'"),
    "end is null": ({"exp": None}, "'exp'"),
    "end is a string": ({"exp": str(NOW + 60)}, "'exp'"),
    "end is true": ({"exp": True}, "'exp'"),
    "end is infinite": ({"exp": float("inf")}, "'exp'"),
    "end is no number": ({"exp": float("nan")}, "'exp'"),
    "end is a list": ({"exp": [NOW + 60]}, "'exp'"),
    "expired": ({"exp": NOW - LEEWAY}, "expired"),
    "expired long ago": ({"exp": 0}, "expired"),
    "expired before time began": ({"exp": -1e300}, "expired"),
    "no beginning": ({"iat": ABSENT}, "'iat'"),
    "beginning is a string": ({"iat": str(NOW)}, "'iat'"),
    "issued in the future": ({"iat": NOW + LEEWAY + 1}, "future"),
    "not valid yet": ({"nbf": NOW + LEEWAY + 1}, "not valid yet"),
    "not before a string": ({"nbf": "0"}, "'nbf'"),
    "another audience": ({"aud": "somebody"}, "audience"),
    "other audiences": ({"aud": [ISSUER, "somebody"]}, "audience"),
    "roles is a string": ({"roles": "system.admin"}, "'roles'"),
    "roles has a number": ({"roles": ["system.user", 1]}, "'roles'"),
    "roles has a list": ({"roles": [["system.admin"]]}, "'roles'"),
    "roles is a mapping": ({"roles": {"system.admin": True}}, "'roles'"),
    "groups is a string": ({"groups": "staff"}, "'groups'"),
    "name is a number": ({"name": 1}, "'name'"),
    "email is a list": ({"email": ["alice@example.com"]}, "'email'"),
}

#: Claims that are believed though they look odd.
GOOD_CLAIMS: dict[str, dict[str, object]] = {
    "in its last second of leeway": {"exp": NOW - LEEWAY + 1},
    "by a clock that is ahead": {"iat": NOW + LEEWAY, "nbf": NOW + LEEWAY},
    "with fractions": {"iat": NOW - 0.5, "exp": NOW + 0.5},
    "without roles and groups": {"roles": ABSENT, "groups": ABSENT},
    "from Go": {"roles": None, "groups": None},
    "without name and email": {"name": ABSENT, "email": ABSENT},
    "for no audience": {"aud": []},
    "with more": {"jti": "1", "extra": {"a": [1]}},
}
