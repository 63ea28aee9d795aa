"""Sends SIGTERM while requests are under way: all of them are answered, new ones are refused, the process ends well."""

import os
import signal
import socket
import sys
import threading
import time

host, port = sys.argv[1].split(":")
pid = int(sys.argv[2])
COUNT = 50
answers = []
ready = threading.Barrier(COUNT + 1)


def request():
    with socket.create_connection((host, int(port)), timeout=20) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        # The connection is accepted and served once, so the next request is surely read.
        assert peer.recv(65536).startswith(b"HTTP/1.1 200")
        peer.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        ready.wait()
        answer = b""
        while piece := peer.recv(65536):
            answer += piece
        answers.append(answer)


threads = [threading.Thread(target=request) for _ in range(COUNT)]
for thread in threads:
    thread.start()
ready.wait()
# The requests take 500 ms; let all of them be read.
time.sleep(0.2)
os.kill(pid, signal.SIGTERM)
for thread in threads:
    thread.join()
served = sum(a.startswith(b"HTTP/1.1 200") and a.endswith(b"slow, but done\n") for a in answers)
closing = sum(b"connection: close" in a.lower() for a in answers)
assert served == COUNT, f"{COUNT - served} of {COUNT} accepted requests were lost"
assert closing == COUNT, f"{COUNT - closing} answers did not say that the connection closes"
for _ in range(200):
    try:
        os.kill(pid, 0)
        stat = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0]
        if stat == "Z":
            break
    except (ProcessLookupError, FileNotFoundError):
        break
    time.sleep(0.05)
else:
    raise AssertionError("the server did not end")
try:
    socket.create_connection((host, int(port)), timeout=2).close()
    raise AssertionError("the server still accepts")
except ConnectionRefusedError:
    pass
print(f"ok: SIGTERM with {COUNT} requests under way, all answered")
