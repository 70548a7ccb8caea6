"""Recipes that the tests of this folder share."""

from tintype.recipe.loader import loads
from tintype.recipe.problems import Problem, RecipeProblemsError

SAMPLE = """\
version: 1
name: marketplace
originals:
  prefix: originals/
  accept: [jpeg, png, webp, avif, heic, gif, tiff]
  max_bytes: 50MB
  max_pixels: 100MP
  max_frames: 1000
  min_width: 1
  min_height: 1
variants:
  - name: 800x600
    operations:
      - resize: {width: 800, height: 600, fit: cover, gravity: center, enlarge: true}
    output: {format: same, quality: 80, progressive: true}
    key: "800x600/{filename}"
delivery: {access: public}
retry: {max_attempts: 5, interval: 3s, backoff_rate: 1.5}
"""


def problems_of(text: str, environ: dict[str, str] | None = None) -> tuple[Problem, ...]:
    """The problems of a recipe's text; none where it is valid."""
    try:
        loads(text, environ or {}, source="r.yaml")
    except RecipeProblemsError as error:
        if not error.problems:
            raise AssertionError("a recipe was refused without a problem") from error
        return error.problems
    return ()


def problem_of(text: str, environ: dict[str, str] | None = None) -> Problem:
    """The one problem of a recipe's text."""
    (problem,) = problems_of(text, environ)
    return problem


def with_variant(*lines: str, top: str = "") -> str:
    """A recipe with one variant `v` that has these lines as well; they begin in line 5."""
    added = "".join(f"    {line}\n" for line in lines)
    return f"version: 1\nname: sample\nvariants:\n  - name: v\n{added}{top}"
