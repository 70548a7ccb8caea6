"""XMP is read for rights, and passed on without what is true of the original's file only."""

import re
from xml.dom import minidom

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tintype.imaging.xmp import CREATOR, CREDIT, RIGHTS, of_rights, rights, without_original

START = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
)
END = '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
PACKET = f"""{START}
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
  xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"
  xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/"
  xmlns:GDepth="http://ns.google.com/photos/1.0/depthmap/"
  tiff:Orientation="6" photoshop:Credit="Ann &amp; Co" aux:SerialNumber="12345"
  exif:GPSLatitude="52,30N" xmpRights:Marked="True">
 <dc:rights><rdf:Alt><rdf:li xml:lang="x-default">(c) Ann</rdf:li>
  <rdf:li xml:lang="de">\u00a9 Ann</rdf:li></rdf:Alt></dc:rights>
 <dc:creator><rdf:Seq><rdf:li>Ann</rdf:li><rdf:li>Bob</rdf:li></rdf:Seq></dc:creator>
 <xmp:Thumbnails><rdf:Alt><rdf:li>SECRETPICTURE</rdf:li></rdf:Alt></xmp:Thumbnails>
 <GDepth:Data>SECRETPICTURE</GDepth:Data>
 <xmp:Rating>5</xmp:Rating>
</rdf:Description>{END}""".encode()


def test_rights_are_found_in_elements_and_attributes() -> None:
    found = rights(PACKET)
    assert found[RIGHTS] == (("x-default", "(c) Ann"), ("de", "\u00a9 Ann"))
    assert found[CREATOR] == (("", "Ann"), ("", "Bob"))
    assert found[CREDIT] == (("", "Ann & Co"),)
    assert len(found) == 4


def test_a_packet_of_rights_has_them_and_nothing_else() -> None:
    made = of_rights(rights(PACKET))
    assert rights(made) == rights(PACKET)
    assert not re.search(rb"SECRET|12345|GPS|Rating", made)
    minidom.parseString(made)
    assert of_rights({}) == b""


def test_a_packet_is_passed_on_without_pictures_and_orientation() -> None:
    made = without_original(PACKET)
    assert rights(made) == rights(PACKET)
    assert not re.search(rb"SECRET|Orientation", made)
    assert b"xmp:Rating>5<" in made
    assert b"52,30N" in made  # as asked
    assert without_original(made) == made


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"no XML",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<?xml version="1.0" encoding="utf-7"?><a>+</a',
        b"<a>" * 5000 + b"</a>" * 5000,
        f"{START}{'<a>' * 5000}{'</a>' * 5000}{END}".encode(),
    ],
)
def test_hostile_packets_are_left_out(content: bytes) -> None:
    assert rights(content) == {}
    assert without_original(content) == b""


@given(st.text(max_size=50), st.text(max_size=10))
def test_values_cannot_break_out(text: str, language: str) -> None:
    printable = "".join(each for each in text if each.isprintable())
    made = of_rights({RIGHTS: ((language, printable),), CREDIT: (("", printable),)})
    found = rights(made)
    assert found[CREDIT] == (("", printable),)
    assert found[RIGHTS][0][1] == printable


@given(st.integers(0, len(PACKET)), st.binary(min_size=1, max_size=8))
def test_damaged_packets_are_survived(at: int, noise: bytes) -> None:
    content = bytearray(PACKET)
    content[at : at + len(noise)] = noise
    rights(bytes(content))
    made = without_original(bytes(content))
    assert made == b"" or minidom.parseString(made)
