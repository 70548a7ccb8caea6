"""The settings: `TINTYPE_*` variables or `tintype.toml`, read once at the edge.

Nothing else in Tintype reads the environment.
"""

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from tintype.errors import SettingsInvalidError
from tintype.machine import LEAST_BYTES, memory_for_decoders

_PREFIX = "TINTYPE_"
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
# Never shown: they are or hold passwords.
_SECRET = ("database", "key")
_SQLITE = "sqlite:///"
FILE = "tintype.toml"


def _processors() -> int:
    """The processors this process may use, which a container often limits."""
    return len(os.sched_getaffinity(0))


def _begins_with(*beginnings: str) -> AfterValidator:
    """Checks an address that may be left empty."""

    def check(value: str) -> str:
        if value and not any(value.startswith(b) and len(value) > len(b) for b in beginnings):
            raise ValueError(f"must begin with {' or '.join(beginnings)}")
        return value

    return AfterValidator(check)


def _absolute_file(address: str) -> str:
    """The address of a database, with the whole path of its file where it is one."""
    file = address.removeprefix(_SQLITE)
    if file in (address, ":memory:"):  # which is refused when it is opened
        return address
    return f"{_SQLITE}{Path(file).expanduser().absolute()}"


def _lower(value: object) -> object:
    """Text in lower case: levels are often written in capitals."""
    return value.lower() if isinstance(value, str) else value


_StoreAddress = Annotated[str, _begins_with("file:///", "s3://")]
_DatabaseAddress = Annotated[
    str, _begins_with(_SQLITE, "postgresql://"), AfterValidator(_absolute_file)
]
_WebAddress = Annotated[str, _begins_with("http://", "https://")]
_LogLevel = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)]


class Settings(BaseSettings):
    """What one deployment of Tintype is told besides its recipe."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, toml_file=FILE, extra="forbid", frozen=True
    )

    recipe: Path = Field(Path("recipe.yaml"), examples=["recipe.yaml"])
    """The recipe file."""

    data: Path = Field(Path("data"), examples=["/var/lib/tintype"])
    """The folder for everything that has no address of its own: objects, database, scratch."""

    originals: _StoreAddress = Field("", examples=["file:///data/objects"])
    """Where originals are stored; the folder `objects` in the data folder unless it is said."""

    variants: _StoreAddress = Field("", examples=["file:///data/objects"])
    """Where variants are stored; the same as `originals` unless it is said."""

    database: _DatabaseAddress = Field("", examples=["sqlite:////data/tintype.db"])
    """The database of catalog and engine; `tintype.db` in the data folder unless it is said.

    Like `data`, a file's path is below the folder in which the process was started, or absolute.
    """

    url: _WebAddress = Field("http://127.0.0.1:8080", examples=["https://img.example.com"])
    """The address of the service that client commands talk to."""

    key: SecretStr = Field(SecretStr(""), examples=["tt_..."])
    """The API key with which client commands come."""

    public_url: _WebAddress = Field("", examples=["https://img.example.com"])
    """The address by which clients reach this service; that of each request unless it is said."""

    host: str = Field("127.0.0.1", examples=["127.0.0.1"])
    """The address to listen on."""

    port: int = Field(8080, ge=0, le=65535, examples=[8080])
    """The port to listen on; 0 takes a free one. `PORT` is understood too."""

    decoders: int = Field(default_factory=_processors, ge=1, le=256, examples=[4])
    """How many decoder children work side by side; as many as processors unless it is said."""

    decoder_memory: int = Field(512 * 1024 * 1024, ge=64 * 1024 * 1024, examples=[536870912])
    """How many bytes of memory one decoder may use."""

    memory: int = Field(default_factory=memory_for_decoders, ge=LEAST_BYTES, examples=[1073741824])
    """How many bytes of memory the images under way may need together, as estimated; what the
    machine or container has beside the server, unless it is said. Images wait for their share."""

    decoder_seconds: int = Field(20, ge=1, le=3600, examples=[20])
    """How many seconds of CPU time one image may take."""

    vips_concurrency: int = Field(
        1, ge=1, le=256, validation_alias="VIPS_CONCURRENCY", examples=[1]
    )
    """How many threads libvips uses in each decoder; set by `VIPS_CONCURRENCY`, as everywhere."""

    queue_limit: int = Field(100_000, ge=1, examples=[100000])
    """How many images may wait; who sends more is told to come back later (429)."""

    watch: bool = Field(False, examples=["true"])
    """Whether `tintype up` takes in what others put into the originals' folder."""

    link_seconds: int = Field(24 * 3600, ge=60, le=366 * 24 * 3600, examples=[86400])
    """How long signed addresses in responses stay good, at the least."""

    history_days: int = Field(90, ge=1, le=36500, examples=[90])
    """How many days the history of what is over is kept: of jobs that were replaced, of images that
    are gone."""

    grace_seconds: float = Field(25.0, ge=0, le=3600, examples=[25])
    """How long a shutdown waits for running jobs."""

    log_level: _LogLevel = Field("info", examples=["info"])
    """The least that is logged: debug, info, warning or error."""

    log_format: Literal["auto", "json", "text"] = Field("auto", examples=["json"])
    """How log lines look: auto is text on a terminal and JSON anywhere else."""

    @field_validator("data", "recipe")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return path.expanduser().absolute()

    @property
    def originals_url(self) -> str:
        """Where originals are stored."""
        return self.originals or f"file://{self.data / 'objects'}"

    @property
    def variants_url(self) -> str:
        """Where variants are stored."""
        return self.variants or self.originals_url

    @property
    def database_url(self) -> str:
        """The database of catalog and engine."""
        return self.database or f"{_SQLITE}{self.data / 'tintype.db'}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is the library's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The command line wins over the environment, the environment over the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def environment() -> Mapping[str, str]:
    """The environment, for the recipe's `${NAME}`."""
    return dict(os.environ)


def load_settings(**overrides: Any) -> Settings:
    """The settings of this process; `overrides` that are None count as not given.

    Raises SettingsInvalidError with every problem at once.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    if "port" not in given and f"{_PREFIX}PORT" not in os.environ and os.environ.get("PORT"):
        given["port"] = os.environ["PORT"]
    problems = list(_misspelled(os.environ))
    try:
        settings = Settings(**given)
        problems += _wrong_endpoints(settings, os.environ)
    except ValidationError as error:
        problems += map(_problem, error.errors())
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{FILE}: {error}")
    if problems:
        raise SettingsInvalidError("\n".join(problems))
    return settings


def _misspelled(environ: Mapping[str, str]) -> Iterator[str]:
    """Variables that look like a setting and are none: silence would hide a typing error."""
    known = [_PREFIX + name.upper() for name in Settings.model_fields]
    for name in environ:
        if not name.startswith(_PREFIX) or name in known:
            continue
        if close := difflib.get_close_matches(name, known, n=1, cutoff=0.85):
            yield f"{name}: there is no such setting; did you mean {close[0]}?"


def _wrong_endpoints(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    """Variables that should say where stores at s3:// addresses are, and do not."""
    if not any(url.startswith("s3://") for url in (settings.originals_url, settings.variants_url)):
        return
    for name in _ENDPOINTS:
        if name in environ and not _is_web_address(environ[name]):
            yield f"{name}: must be a web address or unset; an example is https://s3.example.com"


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is no number, or too high
        return False


def _problem(problem: ErrorDetails) -> str:
    told = str(problem["loc"][0])
    fields = Settings.model_fields
    name = next((name for name in fields if fields[name].validation_alias == told), told)
    if name not in fields:
        return f"{FILE}: {name}: there is no such setting"
    example = (fields[name].examples or [""])[0]
    said = problem["msg"].removeprefix("Value error, ")
    # What is before the @ of an address may be a password.
    secret = name in _SECRET or "@" in str(problem["input"])
    got = "" if secret else f"got {problem['input']!r}, "
    variable = str(fields[name].validation_alias or f"{_PREFIX}{name.upper()}")
    return f"{variable}: {said}; {got}an example is {example}"
