"""What a process loads: pixels stay in the children."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "tintype.bootstrap",
        "tintype.doctor",
        "tintype.entrypoints.cli",
        "tintype.entrypoints.http.service",
        "tintype.recipe.loader",
    ],
)
def test_neither_the_server_nor_recipe_validation_loads_an_image_codec(module: str) -> None:
    code = (
        f"import sys, {module}\n"
        "print(sorted({'pyvips', 'pi_heif', 'PIL', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
