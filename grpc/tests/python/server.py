"""grpcio as the server of minato.test.Echo. Prints its port, and serves until its input ends."""

import sys
import time
from concurrent import futures

import grpc

import stubs

pb, rpc = stubs.load()


class Echo(rpc.EchoServicer):
    def Unary(self, request, context):
        fields = [(k, v) for k, v in context.invocation_metadata() if k == "x-initial"]
        if fields:
            context.send_initial_metadata(fields)
        if request.wish == "fail":
            context.set_trailing_metadata((("why", "asked to"), ("blob-bin", b"\x00\xff")))
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "no ☺ %")
        if request.wish == "hang":
            while context.is_active():
                time.sleep(0.01)
        if request.wish == "panic":
            raise ValueError("asked to")
        return request

    def Collect(self, requests, context):
        return pb.Msg(text="".join(request.text for request in requests))

    def Expand(self, request, context):
        for count in range(request.count):
            yield pb.Msg(text=request.text, count=count)
        if request.wish == "fail":
            context.abort(grpc.StatusCode.ABORTED, "enough")

    def Chat(self, requests, context):
        for request in requests:
            yield request


def main():
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    rpc.add_EchoServicer_to_server(Echo(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(0)


main()
