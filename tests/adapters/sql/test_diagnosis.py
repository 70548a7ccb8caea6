"""What an operator is told about a server that cannot be used."""

import re
import socket

import psycopg
import pytest
import sqlalchemy as sa

from tests.support.postgres import PostgresServer
from tintype.adapters.sql import diagnosis, migrate, open_engine
from tintype.adapters.sql.examining import examine
from tintype.errors import CatalogFailedError


def told(url: str) -> CatalogFailedError:
    """What both who start the service and who ask the doctor are told."""
    engine = open_engine(url, patience=3)
    with pytest.raises(CatalogFailedError) as started:
        migrate(engine)
    engine.dispose()
    with pytest.raises(CatalogFailedError) as examined:
        examine(url)
    assert (started.value.detail, started.value.hint) == (
        examined.value.detail,
        examined.value.hint,
    )
    assert "TINTYPE_DATABASE" in examined.value.hint or "owner" in examined.value.hint
    return examined.value


def test_a_server_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    failure = told(f"postgresql://me:hunter2@127.0.0.1:{port}/photos")
    assert f"the server at 127.0.0.1:{port} does not run" in failure.detail
    assert "hunter2" not in failure.detail + failure.hint


def test_a_database_and_a_role_that_a_server_has_not(postgres: PostgresServer) -> None:
    url = postgres.database()
    failure = told(re.sub("/tintype_[0-9]+", "/photos", url))
    assert 'there is no database "photos"' in failure.detail
    assert "CREATE DATABASE photos" in failure.hint
    assert 'has no role "stranger"' in told(url.replace("tintype@", "stranger@")).detail


def test_a_role_that_may_not_make_tables(postgres: PostgresServer) -> None:
    url = postgres.database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS weak")
        connection.execute("CREATE ROLE weak LOGIN")
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        weak = url.replace("tintype@", "weak@")
        failure = told(weak)
        assert '"weak" may not make tables' in failure.detail
        assert "GRANT CREATE ON DATABASE tintype_" in failure.hint
        connection.execute("GRANT CREATE ON SCHEMA public TO weak")
        assert '"weak" may not make tables' in told(weak).detail  # the engine wants a schema
        database = sa.make_url(url).database
        connection.execute(f"GRANT CREATE ON DATABASE {database} TO weak".encode())
        engine = open_engine(weak)
        migrate(engine)
        engine.dispose()
        connection.execute("DROP OWNED BY weak CASCADE")
        connection.execute("DROP ROLE weak")


def test_a_server_that_is_too_old(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnosis, "OLDEST_SERVER", (99,))
    engine = open_engine(postgres.database())
    with pytest.raises(CatalogFailedError, match="too old") as caught:
        migrate(engine)
    engine.dispose()
    assert caught.value.hint == "Use PostgreSQL 99 or newer."


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('FATAL:  password authentication failed for user "me"', "the password is wrong"),
        ("fe_sendauth: no password supplied", 'wants a password of "me"'),
        ('FATAL:  no pg_hba.conf entry for host "::1", user "me"', 'does not let "me" in'),
        ("failed to resolve host 'ter2@db': unknown", "the name of the server is not known"),
        ("FATAL:  sorry, too many clients already", "no connection left"),
        ("connection timeout expired", "does not answer"),
        ("FATAL:  the database system is starting up", "starting or stopping"),
    ],
)
def test_what_a_server_says_is_told_without_the_password(said: str, expected: str) -> None:
    engine = sa.create_engine("postgresql+psycopg://me:hun@ter2@db/photos")
    failed = CatalogFailedError()
    failed.__cause__ = sa.exc.OperationalError("", {}, psycopg.OperationalError(said))
    with pytest.raises(CatalogFailedError, match=expected) as caught, diagnosis.explained(engine):
        raise failed from failed.__cause__
    assert "ter2" not in caught.value.detail + caught.value.hint
    assert caught.value.hint != CatalogFailedError.hint


@pytest.mark.parametrize(
    "address", ["me:p@hun/ter2@nohost.invalid/x", "me:p@hun:5/ter2@h/x", "me:p@hun/ter?2=@h/x"]
)
@pytest.mark.parametrize(
    "said", ["failed to resolve host 'hun'", 'database "ter2@h/x" does not exist', "Was hun ter?"]
)
def test_no_end_of_a_password_with_an_at_sign_is_taken_for_a_host_or_a_database(
    address: str, said: str
) -> None:
    engine = sa.create_engine(f"postgresql+psycopg://{address}")
    failed = CatalogFailedError()
    failed.__cause__ = sa.exc.OperationalError("", {}, psycopg.OperationalError(said))
    with pytest.raises(CatalogFailedError) as caught, diagnosis.explained(engine):
        raise failed from failed.__cause__
    for part in ("hun", "ter"):
        assert part not in f"{caught.value.detail} {caught.value.hint}"


@pytest.mark.parametrize(("login", "shown"), [("me:hunter2@", True), ("me:hun@hunter2@", False)])
def test_what_is_not_known_is_told_in_the_servers_words_unless_they_may_hold_a_password(
    login: str, shown: bool
) -> None:
    engine = sa.create_engine(f"postgresql+psycopg://{login}db/photos")
    cause = sa.exc.OperationalError("", {}, psycopg.OperationalError("Datenbank fehlt\nZeile 2"))
    with pytest.raises(CatalogFailedError) as caught, diagnosis.explained(engine):
        raise CatalogFailedError from cause
    assert ("Datenbank fehlt" in caught.value.detail) == shown
    assert "Zeile 2" not in caught.value.detail
