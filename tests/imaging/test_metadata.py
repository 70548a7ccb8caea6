"""Of an original's metadata, variants have what the recipe says, in every format."""

import io
import itertools
import struct
from pathlib import Path
from typing import Any

import pytest
import pyvips
from PIL import ExifTags, Image

from tests.imaging.pictures import LIMITS, box, decoded, encoded, psnr, rendered, scene, tagged
from tests.imaging.test_exif import CAMERA
from tests.imaging.test_xmp import PACKET
from tintype.imaging.exif import of_owner
from tintype.imaging.header import inspect
from tintype.imaging.icc import is_srgb
from tintype.imaging.iptc import Dataset, block, datasets
from tintype.imaging.messages import Output, OutputFormat
from tintype.imaging.metadata import LARGEST, Kept, Metadata, kept, read
from tintype.imaging.xmp import CREATOR, rights

FORMATS: tuple[OutputFormat, ...] = ("jpeg", "png", "webp", "avif")
IPTC = block([Dataset(2, 80, b"Carl"), Dataset(2, 110, b"Agency"), Dataset(2, 90, b"SECRETTOWN")])


def original(image_format: str, **blobs: bytes) -> bytes:
    """A picture that Pillow and libvips wrote with metadata."""
    image = scene()
    for name, blob in blobs.items():
        image.set_type(pyvips.GValue.blob_type, f"{name}-data", blob)
    image = image.copy()
    save = {
        "jpeg": image.jpegsave_buffer,
        "png": image.pngsave_buffer,
        "webp": image.webpsave_buffer,
        "tiff": image.tiffsave_buffer,
    }
    if image_format == "avif":
        return bytes(image.heifsave_buffer(compression="av1", effort=0))
    return bytes(save[image_format]())


def variant(content: bytes, choice: Kept, output_format: OutputFormat, folder: Path) -> bytes:
    output = Output(format=output_format, metadata=choice)
    first, again = (rendered(folder, content, box(40, 30), output=output)[1] for _ in range(2))
    assert first == again
    return first


def opened(content: bytes) -> Any:
    return Image.open(io.BytesIO(content))


def packet_of(content: bytes) -> bytes:
    found = decoded(content)
    return bytes(found.get("xmp-data")) if found.get_typeof("xmp-data") else b""


CASES = list(itertools.product(["jpeg", "png", "webp", "avif"], FORMATS))


@pytest.mark.parametrize(("image_format", "output_format"), CASES)
def test_copyright_keeps_whose_it_is_and_nothing_else(
    image_format: str, output_format: OutputFormat, tmp_path: Path
) -> None:
    content = original(image_format, exif=CAMERA, xmp=PACKET)
    made = variant(content, "copyright", output_format, tmp_path)
    exif = opened(made).getexif()
    assert exif[ExifTags.Base.Artist] == "Ann; Bob"  # XMP goes before EXIF
    assert "Ann" in exif[ExifTags.Base.Copyright]
    assert not exif.get_ifd(ExifTags.IFD.GPSInfo)
    assert rights(packet_of(made)) == rights(PACKET)
    for secret in (b"SECRET", b"Maker", b"preview", b"12345", b"2026:01:02", b"GPS", b"52,30N"):
        assert secret not in made


@pytest.mark.parametrize(("image_format", "output_format"), CASES)
def test_keep_keeps_what_is_true_of_the_variant(
    image_format: str, output_format: OutputFormat, tmp_path: Path
) -> None:
    content = original(image_format, exif=CAMERA, xmp=PACKET)
    made = variant(content, "keep", output_format, tmp_path)
    exif = opened(made).getexif()
    assert exif[ExifTags.Base.Make] == "Maker"
    assert exif.get_ifd(ExifTags.IFD.GPSInfo)[2] == (52, 30, 0)
    assert exif.get_ifd(ExifTags.IFD.Exif)[0x9003] == "2026:01:02 03:04:05"
    assert exif.get(ExifTags.Base.Orientation, 1) == 1
    assert inspect(made, LIMITS).orientation == 1
    assert not exif.get_ifd(ExifTags.IFD.IFD1)
    assert b"xmp:Rating>5<" in packet_of(made)
    for secret in (b"SECRET", b"preview"):
        assert secret not in made


def preview() -> bytes:
    """A small picture, as cameras put one of the whole scene into a file."""
    return encoded(scene(16, 12).invert(), "jpeg", keep="none")


def with_preview(preview: bytes) -> bytes:
    """EXIF data with an artist in its first directory, and a JPEG in its second."""

    def entry(tag: int, kind: int, count: int, value: int) -> bytes:
        return struct.pack("<HHII", tag, kind, count, value)

    artist = b"Ann Artist\0\0"
    second = 8 + 2 + 12 + 4 + len(artist)
    at = second + 2 + 3 * 12 + 4
    return b"".join(
        (
            b"Exif\0\0II*\0\x08\0\0\0\1\0",
            entry(ExifTags.Base.Artist, 2, 11, 26),
            struct.pack("<I", second),
            artist,
            b"\3\0",
            entry(ExifTags.Base.Compression, 3, 1, 6),
            entry(ExifTags.Base.JpegIFOffset, 4, 1, at),
            entry(ExifTags.Base.JpegIFByteCount, 4, 1, len(preview)),
            bytes(4),
            preview,
        )
    )


def original_with_preview(image_format: str) -> bytes:
    """A picture that another library wrote, with a preview of something else."""
    file = io.BytesIO()
    picture = Image.frombytes("RGB", (96, 72), scene().write_to_memory())
    if image_format == "tiff":
        small = Image.frombytes("RGB", (16, 12), scene(16, 12).invert().write_to_memory())
        options: dict[str, Any] = {"save_all": True, "append_images": [small]}
        picture.save(file, "TIFF", tiffinfo={315: "Ann Artist"}, compression="jpeg", **options)
    else:
        picture.save(file, image_format, exif=with_preview(preview()))
        assert preview() in file.getvalue()
    return file.getvalue()


@pytest.mark.parametrize("choice", ["copyright", "keep"])
@pytest.mark.parametrize("image_format", ["jpeg", "png", "webp", "avif", "tiff"])
@pytest.mark.parametrize("output_format", FORMATS)
def test_no_preview_shows_what_was_cropped_away(
    choice: Kept, image_format: str, output_format: OutputFormat, tmp_path: Path
) -> None:
    content = original_with_preview(image_format)
    made = variant(content, choice, output_format, tmp_path)
    exif = opened(made).getexif()
    assert exif[ExifTags.Base.Artist] == "Ann Artist"
    assert ExifTags.Base.JpegIFOffset not in exif.get_ifd(ExifTags.IFD.IFD1)
    assert not [name for name in decoded(made).get_fields() if "thumbnail" in name]
    assert preview() not in made
    assert made.count(b"\xff\xd8\xff") == (output_format == "jpeg")


@pytest.mark.parametrize("choice", ["copyright", "keep"])
@pytest.mark.parametrize("output_format", FORMATS)
def test_resources_and_packets_keep_no_previews_either(
    choice: Kept, output_format: OutputFormat, tmp_path: Path
) -> None:
    """Photoshop's thumbnail, IPTC's, the object that IPTC may hold, and that of an ingredient."""
    iptc = block([Dataset(2, 80, b"Carl"), Dataset(2, 202, b"SECRET"), Dataset(8, 10, b"SECRET")])
    thumbnail = b"8BIM\x04\x0c\0\0\0\0\0\6SECRET"
    ingredient = b"<a:Pantry xmlns:a='urn:a'><rdf:Bag><rdf:li><rdf:Description g:image='SECRET'>"
    ingredient += b"<g:image>SECRET</g:image></rdf:Description></rdf:li></rdf:Bag></a:Pantry>"
    end = b"</rdf:Description></rdf:RDF>"
    assert end in PACKET
    packet = PACKET.replace(end, ingredient + end)
    packet = packet.replace(b"<rdf:RDF", b"<rdf:RDF xmlns:g='http://ns.adobe.com/xap/1.0/g/img/'")
    head = len(b"Photoshop 3.0\0")
    content = original("jpeg", xmp=packet, iptc=iptc[:head] + thumbnail + iptc[head:])
    made = variant(content, choice, output_format, tmp_path)
    assert b"SECRET" in content
    assert b"SECRET" not in made + packet_of(made)
    assert (b"Pantry" in packet_of(made)) is (choice == "keep")


@pytest.mark.parametrize("choice", ["copyright", "keep"])
@pytest.mark.parametrize("output_format", FORMATS)
def test_exif_says_which_colors_the_variant_has(
    choice: Kept, output_format: OutputFormat, tmp_path: Path
) -> None:
    content = original("jpeg", exif=CAMERA)
    exif = opened(variant(content, choice, output_format, tmp_path)).getexif()
    assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ColorSpace] == 1
    wide = scene().icc_transform("p3", input_profile="srgb")
    wide.set_type(pyvips.GValue.blob_type, "exif-data", CAMERA)
    output = Output(format=output_format, metadata=choice, color="keep")
    _, made = rendered(tmp_path, encoded(wide, "jpeg", profile="p3"), output=output)
    exif = opened(made).getexif()
    assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ColorSpace] == 0xFFFF


@pytest.mark.parametrize("output_format", [*FORMATS, "gif"])
def test_strip_keeps_nothing(output_format: OutputFormat, tmp_path: Path) -> None:
    content = original("jpeg", exif=CAMERA, xmp=PACKET, iptc=IPTC)
    made = variant(content, "strip", output_format, tmp_path)
    fields = decoded(made).get_fields()
    assert not [name for name in fields if name.startswith(("exif", "xmp", "iptc", "icc"))]


def test_iptc_is_kept_in_jpeg_and_its_rights_everywhere(tmp_path: Path) -> None:
    content = original("jpeg", iptc=IPTC)
    made = variant(content, "keep", "jpeg", tmp_path)
    assert datasets(bytes(decoded(made).get("iptc-data"))) == datasets(IPTC)
    for output_format in FORMATS:
        made = variant(content, "copyright", output_format, tmp_path)
        assert opened(made).getexif()[ExifTags.Base.Artist] == "Carl"
        assert b"<photoshop:Credit>Agency<" in packet_of(made)
        assert b"SECRETTOWN" not in made


def test_a_tiff_has_its_metadata_in_its_own_directory(tmp_path: Path) -> None:
    file = io.BytesIO()
    picture = Image.frombytes("RGB", (96, 72), scene().write_to_memory())
    picture.save(file, "TIFF", tiffinfo={315: "Ann", 33432: "(c) Ann", 271: "Maker"})
    made = opened(variant(file.getvalue(), "copyright", "jpeg", tmp_path)).getexif()
    assert (made[ExifTags.Base.Artist], made[ExifTags.Base.Copyright]) == ("Ann", "(c) Ann")
    assert ExifTags.Base.Make not in made
    made = opened(variant(file.getvalue(), "keep", "png", tmp_path)).getexif()
    assert made[ExifTags.Base.Make] == "Maker"
    assert 0x0111 not in made  # where the original's pixels were


@pytest.mark.parametrize("choice", ["copyright", "keep"])
@pytest.mark.parametrize("output_format", FORMATS)
def test_a_picture_turned_upright_is_not_turned_again(
    choice: Kept, output_format: OutputFormat, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Artist] = "Ann"
    file = io.BytesIO()
    picture = Image.frombytes("RGB", (96, 72), scene().write_to_memory())
    picture.save(file, "JPEG", exif=exif)
    output = Output(format=output_format, metadata=choice)
    _, made = rendered(tmp_path, file.getvalue(), output=output)
    assert opened(made).size == (72, 96)
    assert opened(made).getexif().get(ExifTags.Base.Orientation, 1) == 1
    assert opened(made).getexif()[ExifTags.Base.Artist] == "Ann"


@pytest.mark.parametrize("image_format", ["jpeg", "png", "webp", "tiff", "avif"])
@pytest.mark.parametrize("output_format", FORMATS)
def test_no_orientation_is_left_in_any_format(
    image_format: str, output_format: OutputFormat, tmp_path: Path
) -> None:
    """An AVIF says it twice, in its container and in EXIF."""
    image = tagged(scene(), 6)
    image.set_type(pyvips.GValue.blob_type, "exif-data", of_owner(b"Ann", b"", srgb=True))
    content = encoded(image, image_format)
    _, made = rendered(tmp_path, content, output=Output(format=output_format, metadata="keep"))
    assert psnr(decoded(made), image.autorot()) > 20
    assert opened(made).getexif().get(ExifTags.Base.Orientation, 1) == 1


def test_the_profile_of_srgb_goes_with_the_copyright_where_there_was_one(tmp_path: Path) -> None:
    image = scene().icc_transform("p3", input_profile="srgb")
    content = bytes(image.pngsave_buffer(profile="p3"))
    for choice, expected in (("strip", False), ("copyright", True), ("keep", True)):
        made = variant(content, choice, "webp", tmp_path)  # type: ignore[arg-type]
        assert is_srgb(opened(made).info.get("icc_profile", b"")) is expected
    plain = variant(original("png"), "copyright", "webp", tmp_path)
    assert "icc_profile" not in opened(plain).info
    gray = bytes(image.colourspace("b-w").pngsave_buffer(profile="none"))
    assert decoded(variant(gray, "copyright", "png", tmp_path)).bands == 1


def test_what_is_too_large_is_left_out(tmp_path: Path) -> None:
    large = b"x" * (LARGEST + 1)
    metadata = kept(Metadata(exif=of_owner(large, b"", srgb=True)), "keep", b"")
    assert metadata.exif == b""
    long = of_owner(b"A" * 30_000, b"B" * 30_000, srgb=True)
    assert 2000 < len(kept(Metadata(exif=long), "copyright", b"").exif) < 4100
    packet = PACKET.replace(b"5</xmp", b"5" * LARGEST + b"</xmp")
    content = original("png", xmp=packet)
    assert packet_of(content)
    assert packet_of(variant(content, "keep", "png", tmp_path)) == b""
    assert rights(packet_of(variant(content, "copyright", "png", tmp_path))) == rights(PACKET)


@pytest.mark.parametrize("choice", ["copyright", "keep"])
def test_hostile_metadata_is_no_reason_to_refuse_a_picture(choice: Kept, tmp_path: Path) -> None:
    for blobs in (
        {"xmp": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'},
        {"xmp": b"<a>" * 9000},
        {"iptc": b"Photoshop 3.0\x008BIM\x04\x04\0\0\xff\xff\xff\xff\x1c"},
        {"xmp": b"\0" * 50_000, "iptc": b"\x1c" * 50_000},
    ):
        content = original("jpeg", **blobs)
        assert len(variant(content, choice, "jpeg", tmp_path)) < 3_000


def test_control_characters_are_no_part_of_a_name() -> None:
    made = kept(Metadata(exif=of_owner(b"An\x1b[31mn\r\n\xff", b"", srgb=True)), "copyright", b"")
    assert rights(made.xmp) == {CREATOR: (("", "An [31mn \u00ff"),)}


@pytest.mark.corpus
def test_a_heic_has_metadata_too(corpus: Path) -> None:
    content = (corpus / "formats" / "ianare__IMG_5195.HEIC").read_bytes()
    assert read("heic", content).exif.startswith((b"Exif", b"II", b"MM"))
