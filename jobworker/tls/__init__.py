"""
Certificates, private keys and TLS contexts.
"""
