"""grpcio as the client: every kind of call, metadata, deadlines, errors, health, reflection, HTTP beside it.

Usage: client.py PORT. Exits with 0 when everything was as it should be.
"""

import sys
import threading
import time
import urllib.error
import urllib.request

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

import stubs

pb, rpc = stubs.load()
PORT = int(sys.argv[1])


def status_of(call):
    """The error a call ends with."""
    try:
        result = call()
        if hasattr(result, "__iter__"):
            for _ in result:
                pass
    except grpc.RpcError as error:
        return error
    raise AssertionError("the call went well")


def four_kinds(echo):
    assert echo.Unary(pb.Msg(text="hello ☺", blob=b"\x00" * 1000)).text == "hello ☺"
    assert echo.Collect(pb.Msg(text=text) for text in "abc").text == "abc"
    assert [m.count for m in echo.Expand(pb.Msg(count=1000))] == list(range(1000))
    assert [m.text for m in echo.Chat(pb.Msg(text=text) for text in "xyz")] == ["x", "y", "z"]


def ping_pong(echo):
    """Each reply arrives before the next request is sent."""
    turn = threading.Semaphore(1)

    def requests():
        for n in range(20):
            assert turn.acquire(timeout=10)
            yield pb.Msg(count=n)

    for n, reply in enumerate(echo.Chat(requests())):
        assert reply.count == n
        turn.release()


def metadata(echo):
    sent = (("x-initial", "one"), ("x-initial", "two"), ("x-trailing-bin", b"\xab\x00"))
    reply, call = echo.Unary.with_call(pb.Msg(text="m"), metadata=sent)
    assert [v for k, v in call.initial_metadata() if k == "x-initial"] == ["one", "two"]
    assert dict(call.trailing_metadata())["x-trailing-bin"] == b"\xab\x00"


def errors(echo):
    for call in (lambda: echo.Unary(pb.Msg(wish="fail")), lambda: echo.Expand(pb.Msg(wish="fail", count=3))):
        error = status_of(call)
        assert error.code() == grpc.StatusCode.FAILED_PRECONDITION, error
        assert error.details() == "\t\nA%b\r ☺ 😈~", error.details()
        trailers = dict(error.trailing_metadata())
        assert trailers["why"] == "asked to" and trailers["grpc-status-details-bin"] == b"\x00\xffdetails"
    from google.protobuf import empty_pb2

    assert status_of(lambda: echo.Missing(empty_pb2.Empty())).code() == grpc.StatusCode.UNIMPLEMENTED
    assert status_of(lambda: echo.Unary(pb.Msg(wish="panic"))).code() == grpc.StatusCode.UNKNOWN
    too_large = status_of(lambda: echo.Unary(pb.Msg(blob=b"\x00" * (5 << 20))))
    assert too_large.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, too_large


def deadlines(echo):
    for call in (
        lambda: echo.Unary(pb.Msg(wish="hang"), timeout=0.3),
        lambda: echo.Expand(pb.Msg(wish="hang", count=2), timeout=0.3),
    ):
        start = time.monotonic()
        assert status_of(call).code() == grpc.StatusCode.DEADLINE_EXCEEDED
        assert 0.25 < time.monotonic() - start < 5


def cancellation(echo):
    call = echo.Expand(pb.Msg(wish="hang", count=1))
    assert next(call).count == 0
    call.cancel()
    assert call.code() == grpc.StatusCode.CANCELLED
    assert echo.Unary(pb.Msg(text="alive")).text == "alive"


def large(echo):
    assert len(echo.Unary(pb.Msg(blob=b"\x01" * (3 << 20))).blob) == 3 << 20
    assert len(echo.Unary(pb.Msg(wish="large", count=2 << 20)).text) == 2 << 20


def parallel(echo):
    calls = [echo.Unary.future(pb.Msg(text=str(n))) for n in range(500)]
    assert [call.result().text for call in calls] == [str(n) for n in range(500)]


def health(channel):
    client = health_pb2_grpc.HealthStub(channel)
    request = health_pb2.HealthCheckRequest
    serving = health_pb2.HealthCheckResponse.SERVING
    assert client.Check(request()).status == serving
    assert client.Check(request(service="minato.test.Echo")).status == serving
    assert status_of(lambda: client.Check(request(service="none"))).code() == grpc.StatusCode.NOT_FOUND
    watch = client.Watch(request(service="none"))
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
    watch.cancel()


def reflection(channel):
    database = ProtoReflectionDescriptorDatabase(channel)
    names = set(database.get_services())
    assert {"minato.test.Echo", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"} <= names, names
    service = DescriptorPool(database).FindServiceByName("minato.test.Echo")
    assert [m.name for m in service.methods] == ["Unary", "Collect", "Expand", "Chat", "Missing"]


def http():
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/page", timeout=10) as page:
        assert page.read() == b"page /page"


def main():
    with grpc.insecure_channel(f"127.0.0.1:{PORT}") as channel:
        echo = rpc.EchoStub(channel)
        for check in (four_kinds, ping_pong, metadata, errors, deadlines, cancellation, large, parallel):
            check(echo)
        for check in (health, reflection):
            check(channel)
    http()


main()
