"""
What a certificate says about whom it was issued to.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID


def namesOf(certificate: x509.Certificate) -> frozenset[str]:
    """
    Find the common names and the alternative names (e-mail, DNS, URI).

    @raise ValueError: If the certificate is malformed.
    """
    names = {
        str(attribute.value)
        for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    }
    try:
        alternatives = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
    except x509.ExtensionNotFound:
        pass
    else:
        for kind in (x509.RFC822Name, x509.DNSName, x509.UniformResourceIdentifier):
            names.update(alternatives.get_values_for_type(kind))
    return frozenset(names - {""})


def fingerprintOf(certificate: x509.Certificate) -> str:
    """
    Compute the SHA-256 of a certificate in DER, in hexadecimal.
    """
    return certificate.fingerprint(SHA256()).hex()
