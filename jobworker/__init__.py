"""
Run Linux processes for remote callers, over gRPC and mutual TLS 1.3.
"""

from typing import Final

__version__: Final = "0.1.0"
