"""Sends what no client should, and checks the answer and that the next connection is served."""

import socket
import struct
import sys

host, port = sys.argv[1].split(":")
address = (host, int(port))


def exchange(data, ends=True):
    """Everything the server answers before it closes; the client ends its side first, or leaves that to the server."""
    with socket.create_connection(address, timeout=10) as peer:
        peer.sendall(data)
        if ends:
            peer.shutdown(socket.SHUT_WR)
        answer = b""
        while True:
            try:
                piece = peer.recv(65536)
            except ConnectionResetError:
                break
            if not piece:
                return answer
            answer += piece
        return answer


def status(answer):
    return answer.split(b" ")[1].decode() if answer.startswith(b"HTTP/1.") else "closed"


def get(extra=b"", line=b"GET / HTTP/1.1", host=b"Host: x\r\n"):
    return line + b"\r\n" + host + extra + b"\r\n"


H1 = {
    "no host": (get(host=b""), "400"),
    "two hosts": (get(b"Host: y\r\n"), "400"),
    "space before colon": (get(b"A : b\r\n"), "400"),
    "folded line": (get(b"A: b\r\n c\r\n"), "400"),
    "bare LF": (b"GET / HTTP/1.1\nHost: x\n\n", "400"),
    "NUL in a value": (get(b"A: b\0c\r\n"), "400"),
    "length and chunked": (get(b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n") + b"0\r\n\r\n", "400"),
    "two lengths": (get(b"Content-Length: 3\r\nContent-Length: 4\r\n") + b"abc", "400"),
    "signed length": (get(b"Content-Length: +3\r\n") + b"abc", "400"),
    "unknown coding": (get(b"Transfer-Encoding: gzip, chunked\r\n") + b"0\r\n\r\n", "501"),
    "bad version": (get(line=b"GET / HTTP/3.0"), "505"),
    "no version": (get(line=b"GET /"), "400"),
    "long target": (get(line=b"GET /" + b"a" * 9000 + b" HTTP/1.1"), "414"),
    "large head": (get(b"".join(b"X-%d: %s\r\n" % (n, b"v" * 1000) for n in range(50))), "431"),
    "many fields": (get(b"".join(b"X-%d: v\r\n" % n for n in range(150))), "431"),
    "bad chunk size": (
        b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n", None),
    "garbage": (b"\x16\x03\x01\x02\x00\x01\x00", "400"),
}

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


RST_STREAM, GOAWAY = 3, 7


def kinds(answer):
    """The kinds of the frames in an answer."""
    found = set()
    while len(answer) >= 9:
        found.add(answer[3])
        answer = answer[9 + int.from_bytes(answer[:3], "big"):]
    return found


SETTINGS = frame(4, 0, 0)
H2 = {
    "broken preface": b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
    "first frame is not SETTINGS": PREFACE + frame(6, 0, 0, b"12345678"),
    "oversized frame": PREFACE + SETTINGS + b"\xff\xff\xff\x00\x00\x00\x00\x00\x01",
    "DATA on an idle stream": PREFACE + SETTINGS + frame(0, 1, 1, b"hello"),
    "bad HPACK": PREFACE + SETTINGS + frame(1, 5, 1, b"\xff\xff\xff\xff\xff\xff"),
    "CONTINUATION alone": PREFACE + SETTINGS + frame(9, 4, 1, b""),
    "WINDOW_UPDATE of zero": PREFACE + SETTINGS + frame(8, 0, 0, b"\0\0\0\0"),
    "SETTINGS of odd length": PREFACE + frame(4, 0, 0, b"12345"),
}


def served():
    answer = exchange(get(b"Connection: close\r\n"))
    assert status(answer) == "200", f"the next connection was not served: {answer[:200]}"


for name, (data, wanted) in H1.items():
    answer = exchange(data)
    got = status(answer)
    if wanted is None:
        assert b"400" in answer.split(b"\r\n")[0] or not answer.endswith(b"0\r\n\r\n"), (name, answer[:200])
    else:
        assert got == wanted, f"{name}: wanted {wanted}, got {got}: {answer[:200]}"
    served()
for name, data in H2.items():
    answer = exchange(data, ends=False)
    assert kinds(answer) & {GOAWAY, RST_STREAM} or status(answer) in ("400", "505"), (name, answer[:200])
    served()
print(f"ok: {len(H1)} malformed HTTP/1 and {len(H2)} malformed HTTP/2 inputs, each followed by a served request")
