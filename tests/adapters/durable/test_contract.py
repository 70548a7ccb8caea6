"""The durable engine keeps the contract of engines, on both databases."""

from collections.abc import Callable

import pytest

from tintype.adapters.durable import DurableEngine
from tintype.testing.engine_contract import EngineContract


class TestContract(EngineContract):
    @pytest.fixture
    def make_engine(self, make_engine: Callable[..., DurableEngine]) -> Callable[[], DurableEngine]:
        return make_engine
