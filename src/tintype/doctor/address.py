"""Whether the service's address can be had, or is answered already."""

import errno
import http.client
import json
import socket

from tintype.doctor.findings import Finding, bad, ok

_SECONDS = 3.0
_MOST_BYTES = 65536


def port(host: str, number: int) -> Finding:
    """Whether `tintype up` could listen there; `number` 0 stands for any free port."""
    told = f"{host}:{number}" if number else f"{host}, any free port"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, number))
            listener.listen(1)
    except PermissionError:
        return bad(
            "address",
            f"{told}: only root may listen below 1024",
            "Choose a higher TINTYPE_PORT, or give the process CAP_NET_BIND_SERVICE.",
        )
    except OSError as error:
        if error.errno == errno.EADDRINUSE and _is_tintype(host, number):
            return ok("address", f"{told}: a Tintype answers there")
        return bad(
            "address", f"{told}: {error.strerror}", "Choose another TINTYPE_PORT or TINTYPE_HOST."
        )
    return ok("address", f"{told} is free")


def _is_tintype(host: str, number: int) -> bool:
    connection = http.client.HTTPConnection(host, number, timeout=_SECONDS)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        answer = json.loads(connection.getresponse().read(_MOST_BYTES))
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
    return isinstance(answer, dict) and answer.get("service") == "tintype"
