"""A grpcio client of the greeter: the four kinds of call, metadata, a deadline, a status, health and reflection."""

import sys

import grpc
import greeter_pb2 as pb
import greeter_pb2_grpc as rpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

channel = grpc.insecure_channel(sys.argv[1])
stub = rpc.GreeterStub(channel)
name = lambda n, **more: pb.HelloRequest(name=n, **more)

reply, call = stub.SayHello.with_call(name("Umi"), metadata=[("x-token", "42")], timeout=5)
assert reply.message == "Hello, Umi!", reply
assert dict(call.initial_metadata())["x-token-seen"] == "42"
assert dict(call.trailing_metadata())["x-token-end"] == "42"
print("ok: unary with metadata both ways")

replies = [r.message for r in stub.SayHelloMany(name("Nami", count=500), timeout=5)]
assert replies == ["Hello, Nami!"] * 500
print("ok: server stream")

reply = stub.SayHelloToAll(iter([name("a"), name("b"), name("c")]), timeout=5)
assert reply.message == "Hello, a and b and c!", reply
print("ok: client stream")

replies = [r.message for r in stub.Chat(iter([name("x"), name("y")]), timeout=5)]
assert replies == ["Hello, x!", "Hello, y!"], replies
print("ok: both ways")


def status_of(call):
    try:
        result = call()
        list(result) if hasattr(result, "__iter__") else None
    except grpc.RpcError as error:
        return error
    raise AssertionError("the call should have failed")


error = status_of(lambda: stub.SayHello(name("slow", delay_ms=5000), timeout=0.1))
assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error
error = status_of(lambda: stub.SayHelloMany(name("slow", count=9, delay_ms=5000), timeout=0.1))
assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error
print("ok: deadlines that expire")

error = status_of(lambda: stub.SayHello(name("error:ran aground – 100 %"), timeout=5))
assert error.code() == grpc.StatusCode.FAILED_PRECONDITION, error
assert error.details() == "ran aground – 100 %", error.details()
print("ok: an error status")

error = status_of(lambda: stub.SayHello(name("x" * (5 << 20)), timeout=5))
assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, error
print("ok: a message over the limit")

missing = channel.unary_unary("/greeter.v1.Greeter/Nothing", request_serializer=bytes, response_deserializer=bytes)
error = status_of(lambda: missing(b"", timeout=5))
assert error.code() == grpc.StatusCode.UNIMPLEMENTED, error
broken = channel.unary_unary("/greeter.v1.Greeter/SayHello", request_serializer=bytes, response_deserializer=bytes)
error = status_of(lambda: broken(b"\xff\xff\xff", timeout=5))
assert error.code() == grpc.StatusCode.INTERNAL, error
print("ok: an unknown method, a broken message")

health = health_pb2_grpc.HealthStub(channel)
check = lambda service: health.Check(health_pb2.HealthCheckRequest(service=service), timeout=5)
assert check("greeter.v1.Greeter").status == health_pb2.HealthCheckResponse.SERVING
assert check("").status == health_pb2.HealthCheckResponse.SERVING
assert status_of(lambda: check("nobody")).code() == grpc.StatusCode.NOT_FOUND
watch = health.Watch(health_pb2.HealthCheckRequest(service="nobody"), timeout=5)
assert next(watch).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
watch.cancel()
print("ok: health")

reflection = reflection_pb2_grpc.ServerReflectionStub(channel)
requests = [
    reflection_pb2.ServerReflectionRequest(list_services=""),
    reflection_pb2.ServerReflectionRequest(file_containing_symbol="greeter.v1.Greeter"),
    reflection_pb2.ServerReflectionRequest(file_containing_symbol="no.such.Symbol"),
]
listed, described, unknown = list(reflection.ServerReflectionInfo(iter(requests), timeout=5))
assert "greeter.v1.Greeter" in [s.name for s in listed.list_services_response.service]
assert described.file_descriptor_response.file_descriptor_proto
assert unknown.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
print("ok: reflection")
