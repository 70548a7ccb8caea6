"""How an SVG file begins, told without a parser: what a parser is never to see is found here."""

import re

from tintype.errors import UnsupportedFormatError

# XML 1.0, section 2.8. Nothing that was matched is ever given back, so that no text takes long.
_DECLARATION = re.compile(rb"<\?xml\s(?:(?!\?>).)*+\?>", re.DOTALL)
_ENCODING = re.compile(rb"\sencoding\s*=\s*[\"']([^\"']*)[\"']")
_MISCELLANY = re.compile(
    rb"(?:\s++|<!--(?:(?!-->).)*+-->|<\?(?:(?!\?>).)*+\?>)*+",
    re.DOTALL,
)
_DOCTYPE = re.compile(rb"<!DOCTYPE\s++(?:[A-Za-z_][\w.-]*+:)?svg(?=[\s\[>])[^\[>]*+([\[>])")
_ROOT = re.compile(rb"<(?:[A-Za-z_][\w.-]*+:)?svg[\s/>]")

# In these every byte of ASCII is what it is in ASCII, so that what is looked for cannot hide.
_ENCODINGS = re.compile(rb"utf-8|us-ascii|ascii|iso-8859-\d{1,2}|windows-125\d", re.IGNORECASE)


def begins_svg(head: bytes) -> bool:
    """Whether a file is XML whose root is an SVG element, by its first bytes.

    Raises UnsupportedFormatError for one that declares entities, as only a document type with
    declarations of its own can, and for encodings other than UTF-8 and those of one byte.
    """
    text = head.removeprefix(b"\xef\xbb\xbf")
    declaration = _DECLARATION.match(text)
    at = _after(text, 0)
    doctype = _DOCTYPE.match(text, at)
    if doctype and doctype[1] == b"[":
        raise UnsupportedFormatError(
            "SVG images with declarations of their own, such as entities, are not accepted."
        )
    if doctype:
        at = _after(text, doctype.end())
    if not _ROOT.match(text, at):
        return False
    encoding = _ENCODING.search(declaration[0]) if declaration else None
    if encoding and not _ENCODINGS.fullmatch(encoding[1]):
        raise UnsupportedFormatError("SVG images in this encoding are not accepted; UTF-8 is.")
    return True


def _after(text: bytes, at: int) -> int:
    """Where the space, comments and instructions end that begin here."""
    found = _MISCELLANY.match(text, at)
    return found.end() if found else at
