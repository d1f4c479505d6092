"""
Does what C{grpc_health_probe} does, with those of its flags that we speak of.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub

from tests.daemons import PATIENCE


def main() -> None:
    """
    Ask whether a server works, and say what it answers.
    """
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("-addr", required=True)
    parser.add_argument("-tls", action="store_true", required=True)
    for flag in ("-tls-ca-cert", "-tls-client-cert", "-tls-client-key"):
        parser.add_argument(flag, type=Path, required=True)
    told = parser.parse_args()
    secrets = grpc.ssl_channel_credentials(
        told.tls_ca_cert.read_bytes(),
        told.tls_client_key.read_bytes(),
        told.tls_client_cert.read_bytes(),
    )
    with grpc.secure_channel(told.addr, secrets) as channel:
        request = health_pb2.HealthCheckRequest()
        answer = HealthStub(channel).Check(request, timeout=PATIENCE)
    status = health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)
    print(f"status: {status}")
    raise SystemExit(0 if status == "SERVING" else 4)


if __name__ == "__main__":
    main()
