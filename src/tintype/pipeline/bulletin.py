"""Tells those who wait in this process that something happened to an image."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Bulletin:
    """Calls the listeners of an image whenever one of its jobs ends in this process.

    A hint, not a record: what happens in another process is not heard here, so a listener looks
    at the catalog now and then as well.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[str, list[Callable[[], None]]] = defaultdict(list)

    @contextmanager
    def listening(self, image_id: str, listener: Callable[[], None]) -> Iterator[None]:
        """Call `listener` from the thread that ends a job of this image; it must not block."""
        with self._lock:
            self._listeners[image_id].append(listener)
        try:
            yield
        finally:
            with self._lock:
                self._listeners[image_id].remove(listener)
                if not self._listeners[image_id]:
                    del self._listeners[image_id]

    def post(self, image_id: str) -> None:
        """Tell the listeners of an image."""
        with self._lock:
            listeners = tuple(self._listeners.get(image_id, ()))
        for listener in listeners:
            listener()
