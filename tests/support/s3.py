"""S3 servers of the tests' own: real processes with authentication, started, frozen and killed."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import quote

import httpx

# `./do setup` puts the servers into an environment of their own, inside that of the tests.
_BINARIES = Path(sys.prefix) / "servers" / "bin"
_PATIENCE = 30.0

# All that Tintype needs; the tests' credentials may do nothing else.
BUCKET_ACTIONS = ("s3:ListBucket",)
OBJECT_ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")


T = TypeVar("T", bound="_Server")


class S3Server(Protocol):
    """What tests need of a server."""

    url: str

    def address(self) -> str:
        """The `s3://` address of a new, empty store."""
        ...

    def environ(self) -> Mapping[str, str]:
        """The variables that lead to this server."""
        ...


class _Server:
    """A server process on a port of its own, which it keeps when it is started again."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.start()

    def start(self) -> None:
        """Start the server, with all that it had, and wait until it answers."""
        command = self._command()
        if not Path(command[0]).exists():
            raise RuntimeError(f"{command[0]} is needed for this test: `./do setup` installs it")
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, env=os.environ | self._settings(), stdout=log, stderr=log
            )
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                httpx.get(self.url, timeout=_PATIENCE)
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise AssertionError((self._folder / "log").read_text()) from None
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """Kill it, as a crash does."""
        self._process.kill()
        self._process.wait(_PATIENCE)

    def freeze(self) -> None:
        """Stop it in its tracks: connections are made, and nothing answers."""
        self._process.send_signal(signal.SIGSTOP)
        os.waitpid(self._process.pid, os.WUNTRACED)  # until all of its threads stand still

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self._process.send_signal(signal.SIGCONT)

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _settings(self) -> dict[str, str]:
        raise NotImplementedError


class Ministack(_Server):
    """An emulator of AWS that enforces signatures and policies; conditional puts and versions."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._buckets = 0
        self._user = self._make_user()

    def address(self) -> str:
        """The `s3://` address of a new, empty bucket."""
        return f"s3://{self.bucket()}"

    def bucket(self, *, versioned: bool = False) -> str:
        """The name of a new, empty bucket."""
        self._buckets += 1
        name = f"photos-{self._buckets}"
        self.administer("PUT", f"/{name}")
        if versioned:
            status = "<Status>Enabled</Status>"
            body = f"<VersioningConfiguration>{status}</VersioningConfiguration>"
            self.administer("PUT", f"/{name}?versioning", body)
        return name

    def put(self, bucket: str, key: str, content: str | bytes) -> None:
        """Put an object under any key, also under one that Tintype refuses."""
        self.administer("PUT", f"/{bucket}/{quote(key, safe='')}", content)

    def delete(self, bucket: str, key: str) -> None:
        """Delete an object."""
        self.administer("DELETE", f"/{bucket}/{quote(key, safe='')}")

    def keys(self, bucket: str) -> set[str]:
        """The keys of all objects, of up to a thousand."""
        listing = self.administer("GET", f"/{bucket}?list-type=2").text
        return {unescape(key) for key in re.findall(r"<Key>(.*?)</Key>", listing)}

    def headers(self, bucket: str, key: str) -> httpx.Headers:
        """With which headers an object is served."""
        return self.administer("GET", f"/{bucket}/{quote(key)}").headers

    def environ(self) -> Mapping[str, str]:
        """The variables with which a program may do what Tintype needs, and nothing else."""
        key, secret = self._user
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_REGION": "us-east-1",
        }

    def administer(self, method: str, path: str, body: str | bytes = "") -> httpx.Response:
        """Do something as the account's owner, whose signature the emulator does not check."""
        service = "iam" if path == "/" else "s3"
        scope = f"Credential=root/20260101/us-east-1/{service}/aws4_request"
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return httpx.request(
            method, self.url + path, content=body, headers=headers, timeout=_PATIENCE
        ).raise_for_status()

    def _make_user(self) -> tuple[str, str]:
        statements = [
            {"Effect": "Allow", "Action": BUCKET_ACTIONS, "Resource": "arn:aws:s3:::photos-*"},
            {"Effect": "Allow", "Action": OBJECT_ACTIONS, "Resource": "arn:aws:s3:::photos-*/*"},
        ]
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.administer("POST", "/", "Action=CreateUser&UserName=tintype")
        self.administer(
            "POST",
            "/",
            "Action=PutUserPolicy&UserName=tintype&PolicyName=store&PolicyDocument="
            + quote(policy, safe=""),
        )
        answer = self.administer("POST", "/", "Action=CreateAccessKey&UserName=tintype").text
        found = [
            re.search(f"<{name}>([^<]+)</{name}>", answer)
            for name in ("AccessKeyId", "SecretAccessKey")
        ]
        assert found[0]
        assert found[1]
        return found[0][1], found[1][1]

    def _command(self) -> list[str]:
        return [str(_BINARIES / "ministack")]

    def _settings(self) -> dict[str, str]:
        return {
            "AUTH": "true",
            "AWS_ACCESS_KEY_ID": "root",
            "AWS_SECRET_ACCESS_KEY": "root",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "SERVICES": "s3,iam,sts",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "S3_PERSIST": "1",
            "PERSIST_STATE": "1",
            "S3_DATA_DIR": str(self._folder / "s3"),
            "STATE_DIR": str(self._folder / "state"),
            "TMPDIR": str(self._folder),
            "LOG_LEVEL": "WARNING",
        }


class Rclone(_Server):
    """A folder served as S3: no conditional puts, no ranges, other entity tags after multipart."""

    def __init__(self, folder: Path) -> None:
        (folder / "buckets" / "photos").mkdir(parents=True)
        super().__init__(folder)
        self._prefixes = 0

    def address(self) -> str:
        """The `s3://` address of a new, empty prefix: the server notices new folders late."""
        self._prefixes += 1
        return f"s3://photos/{self._prefixes}"

    def environ(self) -> Mapping[str, str]:
        """The variables that lead to this server."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "ACCESSKEY",
            "AWS_SECRET_ACCESS_KEY": "SECRETKEY",
            "AWS_REGION": "us-east-1",
        }

    def _command(self) -> list[str]:
        address = ["--addr", f"127.0.0.1:{self.port}", "--auth-key", "ACCESSKEY,SECRETKEY"]
        return [str(_BINARIES / "rclone"), "serve", "s3", *address, str(self._folder / "buckets")]

    def _settings(self) -> dict[str, str]:
        return {"RCLONE_CONFIG": os.devnull}


@contextmanager
def running(kind: type[T], folder: Path) -> Iterator[T]:
    """A server that is gone at the end."""
    server = kind(folder)
    try:
        yield server
    finally:
        server.kill()
