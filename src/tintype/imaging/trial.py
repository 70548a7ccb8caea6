"""Tries every codec on a tiny picture: for the doctor, in a process of its own."""

import base64
import json
from typing import get_args

from tintype.imaging import vips
from tintype.imaging.encode import encode
from tintype.imaging.messages import Output, OutputFormat

_GIF = base64.b64decode("R0lGODdhAQABAIAAAAAAAAAAACwAAAAAAQABAAAIBAABBAQAOw==")  # one black pixel


def main() -> None:
    """Print versions, and for each format why it does not work: nothing where it does; as JSON."""
    import pyvips

    vips.prepare()
    picture = pyvips.Image.black(16, 16, bands=3).copy(interpretation="srgb")
    samples = {"gif": lambda: _GIF, "tiff": picture.tiffsave_buffer}
    for name in get_args(OutputFormat):
        samples[name] = lambda name=name: encode(picture, Output(), name)
    formats = {}
    for name, sample in samples.items():
        try:
            vips.load(name, sample()).avg()
        except (pyvips.Error, AttributeError) as error:  # what is not built in is no attribute
            formats[name] = " ".join(str(error).split()) or "it is not built in"
        else:
            formats[name] = ""
    version = ".".join(str(pyvips.version(part)) for part in range(3))
    print(json.dumps({"libvips": version, "formats": formats, **_heic()}))  # noqa: T201 - its answer


def _heic() -> dict[str, str]:
    try:
        import pi_heif
    except ImportError:
        return {"libheif": "", "heic": "pi-heif is not installed"}
    told = pi_heif.libheif_info()
    decodes = any("HEVC" in each for each in told["decoders"].values())
    return {"libheif": told["libheif"], "heic": "" if decodes else "it has no HEVC decoder"}
