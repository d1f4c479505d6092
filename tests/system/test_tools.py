"""
Standard tools for gRPC, which know nothing of us, can be used through the door.
"""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2 as health
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from tests.callers import channelCredentials, metadata
from tests.daemons import credentials
from tests.sharing import SharingCase

#: Seconds that a call may take on a busy machine.
PATIENCE = 60


class Tool:
    """
    Does what grpcurl does: learns from the server what there is, and calls it
    with JSON.
    """

    def __init__(self, channel: grpc.Channel, subject: str) -> None:
        self._channel = channel
        self._metadata = metadata(subject)
        self.database = ProtoReflectionDescriptorDatabase(channel)
        self.pool = DescriptorPool(self.database)

    def method(self, path: str) -> MethodDescriptor:
        """
        Find a method by its name, as C{proto.WorkerService/QueryJob}.
        """
        service, name = path.split("/")
        found = self.pool.FindServiceByName(service).methods_by_name[name]
        assert isinstance(found, MethodDescriptor)
        return found

    def call(self, path: str, request: dict[str, Any]) -> list[dict[str, Any]]:
        """
        Call a method.

        @return: All answers.
        """
        method = self.method(path)
        answer = GetMessageClass(method.output_type)
        call = self._channel.unary_stream(
            f"/{path}",
            GetMessageClass(method.input_type).SerializeToString,
            answer.FromString,
        )
        message = ParseDict(request, GetMessageClass(method.input_type)())
        answers = call(message, metadata=self._metadata, timeout=PATIENCE)
        return [MessageToDict(each) for each in answers]


class ToolTests(SharingCase):
    """
    One daemon, and tools that come to its door.
    """

    def channel(self, secrets: grpc.ChannelCredentials | None = None) -> grpc.Channel:
        """
        Connect through the door.
        """
        secrets = secrets or channelCredentials("bob")
        channel = grpc.secure_channel(f"127.0.0.1:{self.daemon.port}", secrets)
        self.addCleanup(channel.close)
        return channel

    def test_grpcurl(self) -> None:
        """
        A tool lists the services, describes their methods and messages, and
        calls them, without ever having seen our proto files.
        """
        tool = Tool(self.channel(), "bob")
        services = set(tool.database.get_services())
        self.assertLessEqual({"proto.WorkerService", "grpc.health.v1.Health"}, services)
        for service in services:
            if service.startswith("grpc.reflection."):
                continue
            for method in tool.pool.FindServiceByName(service).methods:
                self.assertNotEqual(method.input_type.full_name, "")
                self.assertNotEqual(method.output_type.full_name, "")
        query = tool.method("proto.WorkerService/QueryJob")
        fields = query.output_type.fields_by_name
        self.assertEqual(fields["owner"].number, 3)
        status: Any = fields["status"].message_type
        states = status.fields_by_name["state"].enum_type.values_by_name
        self.assertEqual(states["EXITED"].number, 2)
        (job,) = tool.call(
            "proto.WorkerService/StartJob",
            {"cmd": "sh", "args": ["-c", "echo hello; exit 3"]},
        )
        logged = tool.call("proto.WorkerService/StreamLog", {"job": job})
        self.assertIn('"hello"', logged[0]["entry"])
        (told,) = tool.call("proto.WorkerService/QueryJob", job)
        self.assertEqual(told["owner"], "bob")
        self.assertEqual(told["status"]["state"], "EXITED")
        self.assertEqual(told["status"]["exitCode"], 3)
        (answer,) = tool.call("grpc.health.v1.Health/Check", {})
        self.assertEqual(answer, {"status": "SERVING"})

    def test_probe(self) -> None:
        """
        A probe with a certificate and no token is told that the service and
        the server work; one for another service is told that there is none, and
        one without a certificate nothing.
        """
        stub = HealthStub(self.channel())
        for service in ("", "proto.WorkerService"):
            request = health.HealthCheckRequest(service=service)
            answer = stub.Check(request, timeout=PATIENCE)
            self.assertEqual(answer.status, health.HealthCheckResponse.SERVING)
        request = health.HealthCheckRequest(service="nobody")
        error = self.assertRaises(grpc.RpcError, stub.Check, request, timeout=PATIENCE)
        self.assertEqual(error.code(), grpc.StatusCode.NOT_FOUND)
        self.assertNothingForStrangers()

    def assertNothingForStrangers(self) -> None:
        """
        Without a certificate of ours there is nothing to be learned.
        """
        authority = (credentials() / "certs/server_ca.pem").read_bytes()
        channel = self.channel(grpc.ssl_channel_credentials(authority))
        request = health.HealthCheckRequest()
        check = HealthStub(channel).Check
        error = self.assertRaises(grpc.RpcError, check, request, timeout=PATIENCE)
        self.assertEqual(error.code(), grpc.StatusCode.UNAVAILABLE)
        database = ProtoReflectionDescriptorDatabase(channel)
        self.assertRaises(grpc.RpcError, database.get_services)
