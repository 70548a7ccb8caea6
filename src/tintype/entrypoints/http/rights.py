"""What each route asks of a caller: the one table of who may do what."""

from collections.abc import Mapping
from dataclasses import dataclass

from tintype.model import Scope


@dataclass(frozen=True, slots=True)
class Right:
    """What a route asks of a caller."""

    scope: Scope | None  # None: anybody may ask
    page: bool = False  # a person asks, with a browser: refusals are pages too
    delivery: bool = False  # the route looks itself, as the recipe's delivery says
    basic: bool = False  # programs ask that send a password once they are asked for one


ANYBODY = Right(None)
UPLOAD = Right(Scope.UPLOAD)
READ = Right(Scope.READ)
ADMIN = Right(Scope.ADMIN)

RIGHTS: Mapping[tuple[str, str], Right] = {
    # Nothing of what is stored is told here.
    ("GET", "/healthz"): ANYBODY,
    ("GET", "/readyz"): ANYBODY,
    ("GET", "/openapi.json"): ANYBODY,
    ("GET", "/docs"): ANYBODY,
    ("GET", "/static/{path}"): ANYBODY,
    ("GET", "/login"): ANYBODY,
    ("POST", "/login"): ANYBODY,
    ("POST", "/logout"): ANYBODY,
    # What it tells of the traffic and the recipe is not for everybody.
    ("GET", "/metrics"): READ,
    # The API.
    ("POST", "/v1/images"): UPLOAD,
    ("GET", "/v1/images"): READ,
    ("GET", "/v1/images/{image_id}"): READ,
    ("DELETE", "/v1/images/{image_id}"): UPLOAD,
    ("POST", "/v1/events/s3"): Right(Scope.UPLOAD, basic=True),
    ("GET", "/v1/jobs"): READ,
    ("GET", "/v1/jobs/{job_id}"): READ,
    ("POST", "/v1/jobs/{job_id}/retry"): ADMIN,
    ("POST", "/v1/jobs/{job_id}/cancel"): ADMIN,
    ("GET", "/v1/dead-letters"): READ,
    ("GET", "/v1/dead-letters/{job_id}"): READ,
    ("POST", "/v1/dead-letters/redrive"): ADMIN,
    ("POST", "/v1/dead-letters/drop"): ADMIN,
    ("GET", "/v1/queue"): READ,
    ("POST", "/v1/queue/pause"): ADMIN,
    ("POST", "/v1/queue/resume"): ADMIN,
    # The page.
    ("GET", "/"): Right(Scope.READ, page=True),
    ("GET", "/images/{image_id}"): Right(Scope.READ, page=True),
    ("GET", "/images/{image_id}/card"): READ,
    ("POST", "/images"): Right(Scope.UPLOAD, page=True),
    # Variants.
    ("GET", "/i/{variant}/{image}"): Right(None, delivery=True),
    ("GET", "/{key}"): Right(None, delivery=True),
}


def right(method: str, path: str) -> Right:
    """What a route asks; `path` is the route's own, with its parameters in braces.

    A route that is not in the table asks for the scope admin: whoever forgets one closes it.
    """
    return RIGHTS.get(("GET" if method == "HEAD" else method, path), ADMIN)
