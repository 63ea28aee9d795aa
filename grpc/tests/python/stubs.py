"""Makes the Python stubs of echo.proto in a directory of their own."""

import importlib
import pathlib
import sys
import tempfile

from grpc_tools import protoc

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"


def load():
    """The modules of the messages and of the service."""
    directory = tempfile.mkdtemp(prefix="minato-grpc-")
    include = pathlib.Path(protoc.__file__).parent / "_proto"
    result = protoc.main([
        "protoc",
        f"-I{PROTO}",
        f"-I{include}",
        f"--python_out={directory}",
        f"--grpc_python_out={directory}",
        "minato/test/echo.proto",
    ])
    assert result == 0, "echo.proto does not compile"
    sys.path.insert(0, directory)
    return (
        importlib.import_module("minato.test.echo_pb2"),
        importlib.import_module("minato.test.echo_pb2_grpc"),
    )
