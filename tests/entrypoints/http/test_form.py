"""The file in a multipart form, whatever the pieces in which it arrives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tintype.entrypoints.http.form import FormFile
from tintype.errors import ParameterInvalidError, UploadIncompleteError

BOUNDARY = "frontier"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def part(disposition: str, content: bytes) -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


def read(body: bytes, size: int = 1 << 20) -> tuple[str, bytes]:
    taken: list[bytes] = []
    form = FormFile(CONTENT_TYPE, taken.append)
    for start in range(0, len(body), size):
        form.feed(body[start : start + size])
    form.close()
    return form.name, b"".join(taken)


@given(st.binary(max_size=300), st.integers(1, 80))
def test_the_file_arrives_unchanged_in_pieces_of_any_size(content: bytes, size: int) -> None:
    content = content.replace(b"\r\n--frontier", b"")
    body = part('name="note"', b"hello") + part('name="file"; filename="a.jpg"', content) + END
    assert read(body, size) == ("a.jpg", content)


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("plain.jpg", "plain.jpg"),
        ("a%22b.jpg", 'a"b.jpg'),
        ('a\\"b.jpg', 'a"b.jpg'),
        ("100%.jpg", "100%.jpg"),
        ("ü ñ 日本 🌄.jpg", "ü ñ 日本 🌄.jpg"),
        ("a;b=c.jpg", "a;b=c.jpg"),
        ("line%0D%0Abreak.jpg", "line\r\nbreak.jpg"),
    ],
)
def test_the_name_is_read_as_browsers_write_it(sent: str, name: str) -> None:
    assert read(part(f'name="file"; filename="{sent}"', b"x") + END)[0] == name


def test_a_name_that_is_no_utf8_is_read_as_latin_1() -> None:
    body = part('name="file"; filename="?.jpg"', b"x").replace(b"?", b"\xfc") + END
    assert read(body)[0] == "ü.jpg"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (END, "no field `file`"),
        (part('name="other"; filename="a.jpg"', b"x") + END, "no field `file`"),
        (part('name="file"', b"x") * 2 + END, "more than one `file`"),
        (part('name="n"', b"x") * 30 + END, "more than 20 fields"),
        (b"this is no form at all", "not valid multipart"),
        (part('name="file"\r\nX-Long: ' + "a" * 100_000, b"x") + END, "not valid multipart"),
        (part('name="file"' + "\r\nX-Many: a" * 100, b"x") + END, "not valid multipart"),
    ],
)
def test_a_form_without_exactly_one_file_is_refused_with_its_reason(body: bytes, told: str) -> None:
    with pytest.raises(ParameterInvalidError, match=told):
        read(body)


def test_a_form_that_is_cut_short_is_incomplete() -> None:
    with pytest.raises(UploadIncompleteError):
        read(part('name="file"; filename="a.jpg"', b"x" * 1000)[:-200])


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary="])
def test_a_form_needs_a_boundary(content_type: str) -> None:
    with pytest.raises(ParameterInvalidError, match="no boundary"):
        FormFile(content_type, lambda _: None)


def test_a_boundary_has_a_longest_length() -> None:
    with pytest.raises(ParameterInvalidError, match="too long"):
        FormFile(f"multipart/form-data; boundary={'b' * 5000}", lambda _: None)
