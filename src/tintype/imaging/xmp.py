"""XMP (ISO 16684-1): what it says of rights, and what variants keep of it.

It is XML from outside. Document types are refused, so there are no entities to blow up or to fetch.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple
from xml.dom import minidom
from xml.parsers.expat import ExpatError
from xml.sax.saxutils import escape

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DC = "http://purl.org/dc/elements/1.1/"
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
_RIGHTS = "http://ns.adobe.com/xap/1.0/rights/"
_BASIC = "http://ns.adobe.com/xap/1.0/"
_TIFF = "http://ns.adobe.com/tiff/1.0/"
_EXIF = "http://ns.adobe.com/exif/1.0/"

_PREFIXES: Mapping[str, str] = MappingProxyType(
    {_DC: "dc", _PHOTOSHOP: "photoshop", _RIGHTS: "xmpRights"}
)


class Property(NamedTuple):
    """A property's namespace and name."""

    namespace: str
    name: str


RIGHTS = Property(_DC, "rights")
CREATOR = Property(_DC, "creator")
CREDIT = Property(_PHOTOSHOP, "Credit")

_CONTAINERS: Mapping[Property, str] = MappingProxyType(
    {
        RIGHTS: "Alt",
        CREATOR: "Seq",
        CREDIT: "",
        Property(_RIGHTS, "Certificate"): "",
        Property(_RIGHTS, "Marked"): "",
        Property(_RIGHTS, "Owner"): "Bag",
        Property(_RIGHTS, "UsageTerms"): "Alt",
        Property(_RIGHTS, "WebStatement"): "",
    }
)
"""The properties on rights, and in what kind of list each has its values."""

# Not true of a variant, or a picture of the original.
_UNTRUE = frozenset(
    {
        Property(_BASIC, "Thumbnails"),
        Property(_TIFF, "Orientation"),
        Property(_TIFF, "ImageWidth"),
        Property(_TIFF, "ImageLength"),
        Property(_EXIF, "PixelXDimension"),
        Property(_EXIF, "PixelYDimension"),
        Property(_EXIF, "ColorSpace"),
        Property(_EXIF, "MakerNote"),
        Property(_PHOTOSHOP, "ICCProfile"),
        Property("http://ns.adobe.com/xmp/note/", "HasExtendedXMP"),
    }
)

# Previews, depth maps, gain maps and films in the original's file, and regions in its pixels.
_UNTRUE_NAMESPACES = frozenset(
    {
        "http://ns.adobe.com/xap/1.0/g/img/",
        "http://ns.google.com/photos/1.0/camera/",
        "http://ns.google.com/photos/1.0/container/",
        "http://ns.google.com/photos/1.0/depthmap/",
        "http://ns.google.com/photos/1.0/image/",
        "http://ns.adobe.com/hdr-gain-map/1.0/",
        "http://ns.apple.com/HDRGainMap/1.0/",
        "http://www.metadataworkinggroup.com/schemas/regions/",
        "http://ns.microsoft.com/photo/1.2/",
    }
)

Texts = tuple[tuple[str, str], ...]
"""Values of a property, each with its language, which may be empty."""


def rights(packet: bytes) -> dict[Property, Texts]:
    """What the packet says of rights; nothing where it cannot be read."""
    try:
        return _rights(packet)
    except RecursionError:  # elements in elements in elements
        return {}


def _rights(packet: bytes) -> dict[Property, Texts]:
    found: dict[Property, Texts] = {}
    document = _parsed(packet)
    for description in _descriptions(document) if document else ():
        for attribute in description.attributes.values():
            name = Property(attribute.namespaceURI or "", attribute.localName or "")
            if name in _CONTAINERS:
                found.setdefault(name, (("", attribute.value),))
        for child in _elements(description):
            name = Property(child.namespaceURI or "", child.localName or "")
            if name in _CONTAINERS:
                items = child.getElementsByTagNameNS(_RDF, "li") or [child]
                found.setdefault(
                    name, tuple((item.getAttribute("xml:lang"), _text(item)) for item in items)
                )
    return found


def of_rights(values: Mapping[Property, Texts]) -> bytes:
    """A packet that has these properties and nothing else; empty without any."""
    lines = [_written(name, values[name]) for name in _CONTAINERS if values.get(name)]
    if not lines:
        return b""
    spaces = "".join(f' xmlns:{prefix}="{uri}"' for uri, prefix in _PREFIXES.items())
    inside = f'<rdf:Description rdf:about=""{spaces}>{"".join(lines)}</rdf:Description>'
    return _packet(
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">{inside}</rdf:RDF>'
        "</x:xmpmeta>"
    )


def without_original(packet: bytes) -> bytes:
    """The same packet without what is only true of the original's file, or shows its picture.

    Empty where the packet cannot be read.
    """
    try:
        return _without_original(packet)
    except RecursionError:
        return b""


def _without_original(packet: bytes) -> bytes:
    document = _parsed(packet)
    if document is None or document.documentElement is None:
        return b""
    # At any depth: pictures that this one was put together from may have previews of their own.
    for element in document.getElementsByTagName("*"):
        for attribute in list(element.attributes.values()):
            if _untrue(Property(attribute.namespaceURI or "", attribute.localName or "")):
                element.removeAttributeNode(attribute)
        for child in _elements(element):
            if _untrue(Property(child.namespaceURI or "", child.localName or "")):
                element.removeChild(child)
    return _packet(document.documentElement.toxml())


def _untrue(name: Property) -> bool:
    return name in _UNTRUE or name.namespace in _UNTRUE_NAMESPACES


def _parsed(packet: bytes) -> minidom.Document | None:
    try:
        text = packet.decode("utf-8").strip("\ufeff\0 \r\n\t")
        if "<!DOCTYPE" in text:
            return None
        return minidom.parseString(text)  # noqa: S318 - no document type, so no entities
    except (UnicodeError, ExpatError, ValueError):
        return None


def _descriptions(document: minidom.Document) -> Iterator[minidom.Element]:
    for tree in document.getElementsByTagNameNS(_RDF, "RDF"):
        yield from (
            each
            for each in _elements(tree)
            if each.namespaceURI == _RDF and each.localName == "Description"
        )


def _elements(parent: minidom.Element) -> list[minidom.Element]:
    return [node for node in parent.childNodes if isinstance(node, minidom.Element)]


def _text(element: minidom.Element) -> str:
    return "".join(node.data for node in element.childNodes if isinstance(node, minidom.Text))


def _written(name: Property, values: Sequence[tuple[str, str]]) -> str:
    tag = f"{_PREFIXES[name.namespace]}:{name.name}"
    container = _CONTAINERS[name]
    if not container:
        return f"<{tag}>{escape(values[0][1])}</{tag}>"
    items = "".join(_item(language, text, container) for language, text in values)
    return f"<{tag}><rdf:{container}>{items}</rdf:{container}></{tag}>"


def _item(language: str, text: str, container: str) -> str:
    known = language if language.replace("-", "").isalnum() and language.isascii() else "x-default"
    attribute = f' xml:lang="{known}"' if container == "Alt" else ""
    return f"<rdf:li{attribute}>{escape(text)}</rdf:li>"


def _packet(content: str) -> bytes:
    start = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    return f'{start}{content}<?xpacket end="r"?>'.encode()
