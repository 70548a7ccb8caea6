"""A service with nothing in it, in this process: real keys, sessions and signatures, no images."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import httpx

from tests.support.asgi import ask
from tintype.adapters.sql import SqlCatalog
from tintype.adapters.sql.engines import open_engine
from tintype.adapters.sql.migrating import migrate
from tintype.entrypoints.http import create_app
from tintype.errors import CatalogFailedError, ImageNotFoundError, VariantNotFoundError
from tintype.model import Image, Page, Scope, Variant
from tintype.pipeline.access import Authority
from tintype.pipeline.app import App
from tintype.recipe.loader import load
from tintype.recipe.schema import Delivery

RECIPE = Path(__file__).parents[2] / "recipes" / "marketplace.yaml"


class EmptyApp:
    """As much of the app as pages and delivery need where there are no images."""

    jobs = noticing = None

    def __init__(self, access: str) -> None:
        delivery = Delivery.model_validate({"access": access})
        self.recipe = load(RECIPE, {}).model_copy(update={"delivery": delivery})
        self.away = False

    def images(self, **_: object) -> Page[Image]:
        if self.away:
            raise CatalogFailedError
        return Page((), None)

    def delete(self, _image_id: str) -> None:
        raise ImageNotFoundError

    def variant_by_key(self, _key: str) -> Variant:
        raise VariantNotFoundError

    def variants(self, _name: str, _image: str, *, only: str | None = None) -> tuple[Variant, ...]:
        raise VariantNotFoundError


class EmptyService:
    """Everything but the images."""

    def __init__(
        self,
        app: EmptyApp,
        catalog: SqlCatalog,
        spool: Path,
        *,
        public_url: str,
        keys_needed: bool,
    ) -> None:
        self.app = app
        self.authority = Authority.over(catalog, link_seconds=3600)
        self.http = create_app(
            cast("App", self.app),
            self.authority,
            spool=spool,
            public_url=public_url,
            keys_needed=keys_needed,
        )

    def key(self, *scopes: Scope) -> str:
        """The secret of a new API key."""
        return self.authority.access.create("test", scopes)[1]

    def ask(self, method: str, path: str, key: str = "", **request: Any) -> httpx.Response:
        """One request, with an API key if one is given."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return ask(self.http, method, path, headers=headers | request.pop("headers", {}), **request)


@contextmanager
def empty_service(
    folder: Path,
    app: EmptyApp | None = None,
    *,
    access: str = "signed",
    public_url: str = "",
    keys_needed: bool = True,
) -> Iterator[EmptyService]:
    """An empty service with its own database in a folder; `app` may have something after all."""
    database = open_engine(f"sqlite:///{folder / 'empty.db'}")
    migrate(database)
    catalog = SqlCatalog(database, enqueue=lambda *_: None)
    app = app or EmptyApp(access)
    yield EmptyService(app, catalog, folder, public_url=public_url, keys_needed=keys_needed)
    database.dispose()
