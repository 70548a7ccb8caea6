"""The one file in a multipart/form-data body (RFC 7578), found while it streams by."""

from collections.abc import Callable

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from tintype.errors import ParameterInvalidError, UploadIncompleteError

# A page's form has a handful of fields; the parser itself bounds the headers of each part.
_MAX_PARTS = 20

# How browsers write the characters that cannot stand in a quoted file name (the HTML standard,
# "multipart/form-data encoding algorithm").
_BROWSER_ESCAPES = {"%22": '"', "%0D": "\r", "%0A": "\n"}


class FormFile:
    """Hands the content of the field `file` to `take`, piece by piece; ignores other fields."""

    def __init__(self, content_type: str, take: Callable[[bytes], None]) -> None:
        self.name = ""  # the file's name as the sender calls it
        self._take = take
        self._found = False
        self._inside = False
        self._whole = False
        self._parts = 0
        self._header = b""
        self._value = b""
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        if not boundary:
            raise ParameterInvalidError("The multipart body's Content-Type names no boundary.")
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._extend_header,
                    "on_header_value": self._extend_value,
                    "on_header_end": self._end_header,
                    "on_part_data": self._data,
                    "on_end": self._end,
                },
            )
        except FormParserError:
            raise ParameterInvalidError("The multipart boundary is too long.") from None

    def feed(self, data: bytes) -> None:
        """Read the next piece of the body; raises ParameterInvalidError and what `take` raises."""
        try:
            self._parser.write(data)
        except FormParserError:
            raise ParameterInvalidError("The body is not valid multipart/form-data.") from None

    def close(self) -> None:
        """Check that the body was whole and had a file.

        Raises UploadIncompleteError, ParameterInvalidError.
        """
        if not self._whole:
            raise UploadIncompleteError("The form's closing boundary is missing.")
        if not self._found:
            raise ParameterInvalidError("The form has no field `file` with the photograph.")

    def _begin_part(self) -> None:
        self._inside = False
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise ParameterInvalidError(f"The form has more than {_MAX_PARTS} fields.")

    def _extend_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _extend_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        header, value, self._header, self._value = self._header, self._value, b"", b""
        if header.lower() != b"content-disposition":
            return
        options = parse_options_header(value)[1]
        if options.get(b"name") != b"file":
            return
        if self._found:
            raise ParameterInvalidError("The form has more than one `file`: send one at a time.")
        self._found = self._inside = True
        self.name = _file_name(options.get(b"filename", b""))

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._inside:
            self._take(data[start:end])

    def _end(self) -> None:
        self._whole = True


def _file_name(raw: bytes) -> str:
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        name = raw.decode("latin-1")
    for escape, character in _BROWSER_ESCAPES.items():
        name = name.replace(escape, character)
    return name
