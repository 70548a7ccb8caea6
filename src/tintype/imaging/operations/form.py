"""How an operation is written: a mapping whose one key is its name, `{resize: {width: 800}}`."""

import difflib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from tintype.imaging.operations.base import Operation

# What people know from elsewhere, and no spelling leads to.
_ALSO_CALLED: Mapping[str, str] = MappingProxyType(
    {
        "extend": "pad",
        "border": "pad",
        "mirror": "flip",
        "flop": "flip",
        "scale": "resize",
        "thumbnail": "resize",
        "greyscale": "grayscale",
        "overlay": "watermark",
        "composite": "watermark",
    }
)


@dataclass(frozen=True)
class OneKeyForm:
    """Teaches pydantic to read, write and describe operations in their one-key form.

    A bare name stands for `{name: {}}`. A problem with a parameter is located at
    `(name, parameter)`, which is also the path to it in the recipe.
    """

    operations: tuple[type[Operation], ...]

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        choices: dict[Any, CoreSchema] = {
            operation.name: core_schema.no_info_before_validator_function(
                _parameters, handler.generate_schema(operation)
            )
            for operation in self.operations
        }
        return core_schema.no_info_before_validator_function(
            self._one_key,
            core_schema.tagged_union_schema(choices, discriminator=_name_of),
            serialization=core_schema.plain_serializer_function_ser_schema(_written),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        choices: dict[str, Any] = schema["schema"]["choices"]
        mappings = [
            {
                "type": "object",
                "properties": {name: handler(choice["schema"])},
                "required": [name],
                "additionalProperties": False,
            }
            for name, choice in choices.items()
        ]
        bare = [operation.name for operation in self.operations if _needs_nothing(operation)]
        return {"oneOf": [*mappings, {"type": "string", "enum": bare}]}

    def _one_key(self, value: object) -> object:
        if isinstance(value, self.operations):
            return value
        if isinstance(value, str):
            value = {value: {}}
        if not isinstance(value, Mapping) or len(value) != 1:
            raise PydanticCustomError(
                "operation_form",
                "write one operation as one name with its parameters, like {example}",
                {"example": "{resize: {width: 800, height: 600}}"},
            )
        self._check_name(str(next(iter(value))))
        return value

    def _check_name(self, name: str) -> None:
        known = [operation.name for operation in self.operations]
        if name in known:
            return
        other = _ALSO_CALLED.get(name.lower())
        near = [other] if other else difflib.get_close_matches(name.lower(), known, n=1)
        raise PydanticCustomError(
            "operation_unknown",
            "there is no operation '{name}'{meant}; there are: {known}",
            {
                "name": name,
                "known": ", ".join(known),
                "meant": f" (did you mean '{near[0]}'?)" if near else "",
            },
        )


def _name_of(value: Any) -> str:
    return str(next(iter(value))) if isinstance(value, Mapping) else str(value.name)


def _parameters(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    (parameters,) = value.values()
    return {} if parameters is None else parameters


def _written(operation: Any) -> dict[str, Any]:
    return {operation.name: asdict(operation)}


def _needs_nothing(operation: type[Operation]) -> bool:
    try:
        operation()
    except (TypeError, ValueError):
        return False
    return True
