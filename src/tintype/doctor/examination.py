"""All checks, one after the other."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from tintype.doctor import address, deployment, folders, machine, pixels, storage
from tintype.doctor.findings import Finding, bad, ok
from tintype.errors import SettingsInvalidError
from tintype.settings import FILE, Settings

Check = Callable[[], Iterable[Finding]]

_OPTIONS = ("recipe", "data", "host", "port")  # that the command line has


def examine(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """What every check finds about a deployment with these settings."""
    recipe, recipe_findings = deployment.recipe(settings.recipe, environ)
    sqlite = storage.local_file(settings.database_url)
    places = _places(settings, sqlite)
    checks: dict[str, Check] = {
        **_everywhere(environ),
        "memory": lambda: [machine.memory(settings.memory)],
        "libvips": lambda: pixels.codecs(recipe.originals.accept if recipe else ()),
        "sandbox": deployment.sandbox,
        "settings": lambda: [_given(settings)],
        "recipe": lambda: recipe_findings,
        "data folder": lambda: [folders.rights(settings.data)],
        "file rights": lambda: folders.secrecy(sqlite),
        "file system": lambda: folders.kinds(places, sqlite),
        "disk": lambda: folders.space(places),
        "stores": lambda: storage.stores(settings),
        "database": lambda: storage.database(settings.database_url),
        "address": lambda: [address.port(settings.host, settings.port)],
    }
    return _found(checks)


def examine_without_settings(
    error: SettingsInvalidError, environ: Mapping[str, str]
) -> Iterator[Finding]:
    """What is wrong with the settings, and what every check finds that needs none."""
    checks: dict[str, Check] = {
        **_everywhere(environ),
        "libvips": lambda: pixels.codecs(()),
        "sandbox": deployment.sandbox,
        "settings": lambda: (
            bad("settings", line, _correct(line, environ)) for line in error.detail.splitlines()
        ),
    }
    return _found(checks)


def _correct(line: str, environ: Mapping[str, str]) -> str:
    """Where the setting that a line is about may have been given: what to correct."""
    name = line.partition(":")[0]
    places = [f"the variable {each}" for each in _variables(name) if each in environ]
    prefix = "TINTYPE_"
    setting = name.removeprefix(prefix).lower() if name.startswith(prefix) else name
    if setting in _OPTIONS:
        places.insert(0, f"--{setting}")
    if name == FILE:
        places.append(name)
    elif name not in environ:
        places.append(f"{setting} in {FILE}")
    return f"Correct {' or '.join(places)}: what depends on the settings was not looked at."


def _variables(name: str) -> tuple[str, ...]:
    return (name, "PORT") if name == "TINTYPE_PORT" else (name,)


def _everywhere(environ: Mapping[str, str]) -> dict[str, Check]:
    return {
        "python": lambda: [machine.python()],
        "clock": lambda: [machine.clock(environ)],
        "open files": lambda: [machine.open_files()],
    }


def _found(checks: Mapping[str, Check]) -> Iterator[Finding]:
    for name, check in checks.items():
        try:
            yield from check()
        except Exception as error:  # noqa: BLE001 - one broken check must not hide the others
            yield bad(name, f"this could not be looked at: {error!r}", "Tell us, please.")


def _given(settings: Settings) -> Finding:
    fields = type(settings).model_fields
    names = [
        str(fields[name].validation_alias or f"TINTYPE_{name.upper()}")
        for name in sorted(settings.model_fields_set)
    ]
    return ok("settings", f"given: {', '.join(names)}" if names else "none given, all as usual")


def _places(settings: Settings, sqlite: Path | None) -> dict[str, Path]:
    """The folders on this machine, by what they are for."""
    places = {
        "data": settings.data,
        "originals": storage.local_folder(settings.originals_url),
        "variants": storage.local_folder(settings.variants_url),
        "database": sqlite and sqlite.parent,
    }
    return {name: folder for name, folder in places.items() if folder}
