"""The catalog's contract: which originals are known, and in which version."""

# ruff: noqa: D102 - the name of a test is its sentence

from tintype.ports.catalog import Catalog
from tintype.testing.catalog_setting import CatalogSetting, accept, dead, done

KEYS = ("originals/a/1.jpg", "originals/a/ü.jpg", "originals/ab.jpg", "originals/A/1.jpg")


def listed(catalog: Catalog, prefix: str = "", limit: int = 1000) -> list[str]:
    """All keys with a prefix, page by page."""
    page = catalog.original_keys(prefix, limit=limit)
    keys = list(page.items)
    while page.next is not None:
        assert len(page.items) == limit
        page = catalog.original_keys(prefix, cursor=page.next, limit=limit)
        keys += page.items
    return sorted(keys)


class OriginalsContract(CatalogSetting):
    """What `versions` and `original_keys` must do."""

    def test_versions_are_the_present_ones_of_live_images(self, catalog: Catalog) -> None:
        accept(catalog, "originals/a.jpg", "v1")
        accept(catalog, "originals/a.jpg", "v2")
        done(catalog, "originals/b.jpg", "v3")
        dead(catalog, "originals/c.jpg", "v4")
        gone = accept(catalog, "originals/d.jpg", "v5")
        catalog.remove(gone.image.id)
        keys = [f"originals/{name}.jpg" for name in "abcde"]
        known = {"originals/a.jpg": "v2", "originals/b.jpg": "v3", "originals/c.jpg": "v4"}
        assert catalog.versions(keys) == known
        assert catalog.versions(["originals/e.jpg"]) == {}
        assert catalog.versions([]) == {}

    def test_versions_of_a_thousand_keys_are_told_at_once(self, catalog: Catalog) -> None:
        accept(catalog, "originals/999.jpg")
        keys = [f"originals/{n}.jpg" for n in range(1000)]
        assert catalog.versions(keys) == {"originals/999.jpg": "v1"}

    def test_original_keys_are_listed_by_their_prefix(self, catalog: Catalog) -> None:
        for key in KEYS:
            accept(catalog, key)
        accept(catalog, "elsewhere/a.jpg")
        assert listed(catalog, "originals/") == sorted(KEYS)
        assert listed(catalog, "originals/a/") == sorted(KEYS[:2])
        assert listed(catalog, "originals/%") == []
        assert listed(catalog, "originals/a/ü") == ["originals/a/ü.jpg"]
        assert len(listed(catalog)) == len(KEYS) + 1

    def test_pages_of_original_keys_bring_each_live_one_once(self, catalog: Catalog) -> None:
        for n in range(7):
            accept(catalog, f"originals/{n}.jpg", "v1")
            accept(catalog, f"originals/{n}.jpg", "v2")
        gone = accept(catalog, "originals/7.jpg")
        catalog.remove(gone.image.id)
        wanted = [f"originals/{n}.jpg" for n in range(7)]
        for limit in (1, 3, 7, 8):
            assert listed(catalog, "originals/", limit) == wanted
