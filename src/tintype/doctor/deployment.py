"""Whether what a deployment is told makes sense: its recipe, and the sandbox of its decoders."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tintype.doctor.findings import Finding, bad, ok, warn
from tintype.doctor.folders import is_there
from tintype.errors import RecipeInvalidError, TintypeError
from tintype.imaging.sandbox import Sandbox
from tintype.recipe.advice import advice
from tintype.recipe.loader import load
from tintype.recipe.schema import Recipe


def recipe(file: Path, environ: Mapping[str, str]) -> tuple[Recipe | None, tuple[Finding, ...]]:
    """The recipe, if it loads, and what is wrong with it, each with file and line."""
    try:
        loaded = load(file, environ)
    except RecipeInvalidError as error:
        remedy = f"Correct it; `tintype recipe check {file}` checks it again."
        if not is_there(file):
            remedy = f"`tintype recipe new {file}` writes one, or name another by TINTYPE_RECIPE."
        return None, tuple(bad("recipe", line, remedy) for line in error.detail.splitlines())
    told = ok("recipe", f"{file}: {loaded.name}, digest {loaded.digest[:12]}")
    remedy = "Change the recipe, unless that is what you want."
    return loaded, (told, *(warn("recipe", each, remedy) for each in advice(loaded)))


def sandbox() -> tuple[Finding, ...]:
    """Whether decoder children start here, and what confines them."""
    try:
        with TemporaryDirectory(prefix="tintype-") as folder, Sandbox(1, Path(folder)) as tried:
            missing = tried.confinement.warnings
    except (TintypeError, OSError) as error:
        told = error.detail if isinstance(error, TintypeError) else str(error)
        return (bad("sandbox", told, "Look at what it says on standard error; is /tmp full?"),)
    if not missing:
        return (ok("sandbox", "decoders start, without files and network (Landlock, seccomp)"),)
    remedy = (
        "Use a kernel that has it, and let the container use it; until then, give the service a"
        " user and a network of its own."
    )
    return tuple(warn("sandbox", each, remedy) for each in missing)
