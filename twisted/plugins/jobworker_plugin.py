"""
What C{twistd} can start of jobworker.
"""

from twisted.application.service import ServiceMaker

gateway = ServiceMaker(
    "jobworker",
    "jobworker.tap",
    "Run Linux processes for remote callers, over gRPC and mutual TLS 1.3.",
    "jobworker",
)

supervisor = ServiceMaker(
    "jobworker-supervisor",
    "jobworker.supervisortap",
    "Run the jobs of a jobworker, which starts this by itself.",
    "jobworker-supervisor",
)
