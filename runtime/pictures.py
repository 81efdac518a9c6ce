"""Picture files: which formats are decoded, how a file is opened, and how deep pixels become 8 bits.

Depth: of b bits the upper 8 count, `value >> (b - 8)`, so that the largest value becomes 255. This is what Pillow does
with colour of 16 bits. How many bits a grey picture has is said by the file (TIFF: BitsPerSample, MaxSampleValue; PGM:
16, Pillow scales by its largest value); where the file says 16 or 32 and no value needs them, the smallest of 8, 12, 16
and 24 bits that holds the largest value is taken, and this is remarked.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..compiler.ops.base import Array, np
from ..diagnostics import VitError, error

#: A picture of more pixels, as it is stored or on its way to the model's size, is refused before it is made.
LARGEST = 64_000_000
#: What Pillow may decode; its other readers are old, rare or start programs. AVIF and HEIF come on top where they can.
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".webp", ".ppm", ".pgm", ".pbm", ".pnm", ".tif", ".tiff", ".gif")
)
#: Formats that need more than any Pillow brings, by suffix.
OPTIONAL = {".avif": "AVIF", ".heic": "HEIF", ".heif": "HEIF", ".hif": "HEIF"}
_GET = {"AVIF": "pip install --upgrade pillow", "HEIF": "pip install pillow-heif"}
_BRANDS = {
    "AVIF": {b"avif", b"avis"},
    "HEIF": {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"},
}
#: Depths that are taken where a file says more than its values need.
_DEPTHS = (8, 12, 16, 24, 32)
#: What is said of a picture that shows nothing.
CONSTANT = "constant: all pixels are equal"
#: Up to this value of 255 a picture is nearly black: values that were never scaled to 255 look so.
_FAINT = 16

_BITS_PER_SAMPLE, _PHOTOMETRIC, _MAX_SAMPLE_VALUE, _SAMPLE_FORMAT = 258, 262, 281, 339
_WHITE_IS_ZERO, _UNSIGNED = 0, 1

#: Hears what is odd about a picture that can be read.
Remark = Callable[[str], None]


def silent(remark: str) -> None:
    """Hears nothing."""


def missing(suffix: str) -> str:
    """How to get the decoder for a suffix that may need one; empty where it is there or no decoder reads such files."""
    kind = OPTIONAL.get(suffix.lower())
    return "" if kind is None or _readable(kind) else _GET[kind]


def odd(pixels: Array) -> dict[str, Array]:
    """What is odd about uint8 pictures [n, H, W, C], and for which that is so [n]: all pixels equal, or nearly black."""
    count, height, width, _ = pixels.shape
    if not count or height * width < 2:
        return {}
    constant = (pixels == pixels[:, :1, :1]).all((1, 2, 3))
    faint = (pixels.reshape(count, -1).max(1) <= _FAINT) & ~constant
    return {CONSTANT: constant, f"nearly black: no value is above {_FAINT} of 255": faint}


@contextmanager
def opened(path: Path) -> Generator[Any]:
    """A Pillow image whose header is read; what goes wrong, inside too, is V0901."""
    from PIL import Image, UnidentifiedImageError

    try:
        if not path.is_file():
            raise error("V0901", f"there is no picture `{path}`")
        with path.open("rb") as file:
            kind = _container(file.read(64))
            file.seek(0)
            if kind and not _readable(kind):
                raise error("V0901", f"`{path}` is {kind}, which needs a decoder that is not installed",
                            help=_GET[kind])  # fmt: skip
            with Image.open(file, formats=(*FORMATS, kind) if kind else FORMATS) as image:
                _check_size(path, image)
                if image.mode == "F":
                    raise ValueError("its pixels are floating-point numbers; convert it to integers of 8 or 16 bits")
                yield image
    except VitError:
        raise
    except Image.DecompressionBombError:
        raise _too_large(path) from None
    except UnidentifiedImageError:
        raise error("V0901", f"`{path}` can't be read as a picture: {_instead(path)}") from None
    except Exception as problem:  # decoders raise whatever comes at a file that is not what it says
        raise error("V0901", f"`{path}` can't be read as a picture: {str(problem)[:200]}") from None


def eight_bits(image: Any, remark: Remark = silent) -> Any:
    """A Pillow image of any depth with 8 bits for each value; raises ValueError for negative pixels."""
    from PIL import Image

    if image.mode == "P" and "transparency" in image.info:  # Pillow warns of the direct way to RGB
        return image.convert("RGBA")
    if not image.mode.startswith("I"):
        return image
    values = np.asarray(image).astype(np.int64)
    tags: Any = getattr(image, "tag_v2", {})
    if tags and _tag(tags, _SAMPLE_FORMAT, _UNSIGNED) == _UNSIGNED:
        values &= 0xFFFFFFFF  # Pillow reads unsigned numbers of 32 bits as signed ones
    if values.min() < 0:
        raise ValueError("its pixels are negative numbers")
    bits = _depth(image, tags, int(values.max()), remark)
    if tags and _tag(tags, _PHOTOMETRIC, 1) == _WHITE_IS_ZERO:  # Pillow inverts these for 8 bits only
        values = (1 << bits) - 1 - values
    return Image.fromarray((values >> (bits - 8)).astype(np.uint8))


def _depth(image: Any, tags: Any, largest: int, remark: Remark) -> int:
    """How many bits the values of a grey picture have."""
    if image.format == "PPM":
        return 16
    stored = _tag(tags, _BITS_PER_SAMPLE, 32 if image.mode == "I" else 16)
    said = _tag(tags, _MAX_SAMPLE_VALUE, 0).bit_length()
    if stored not in (16, 32) or said > 8:
        bits = said if said > 8 else stored
        if bits < largest.bit_length() or bits > 32:
            raise ValueError(f"it says that its pixels have {bits} bits, and one is {largest}")
        return bits
    bits = next(depth for depth in _DEPTHS if largest < 1 << depth)
    if bits < stored and largest:
        remark(f"stored with {stored} bits and read as {bits}: no value is above {(1 << bits) - 1:,}")
    return min(bits, stored)


def _tag(tags: Any, key: int, default: int) -> int:
    """A tag of a TIFF file that holds a whole number, or the first of several."""
    value = tags.get(key, default)
    value = value[0] if isinstance(value, tuple) and value else value  # type: ignore[reportUnknownVariableType] -- tags hold anything
    return value if isinstance(value, int) else default


def _check_size(path: Path, image: Any) -> None:
    if image.width * image.height > LARGEST:
        raise _too_large(path)


def _too_large(path: Path) -> VitError:
    return error("V0901", f"`{path}` has more than {LARGEST:,} pixels")


def _container(head: bytes) -> str:
    """AVIF or HEIF by the brands in the first bytes of a file, whatever its suffix; empty for other formats."""
    if head[4:8] != b"ftyp":
        return ""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, end, 4))}
    return next((kind for kind, known in _BRANDS.items() if brands & known), "")


def _readable(kind: str) -> bool:
    """Whether there is a decoder for AVIF or HEIF; makes pillow-heif known to Pillow."""
    from PIL import Image, features

    if kind == "AVIF":
        return bool(features.check("avif"))
    if kind not in Image.OPEN and find_spec("pillow_heif"):
        import pillow_heif

        pillow_heif.register_heif_opener()  # type: ignore[reportUnknownMemberType] -- its options are not typed
    return kind in Image.OPEN


def _instead(path: Path) -> str:
    """What a file is that no decoder knows."""
    with path.open("rb") as file:
        head = file.read(512)
    if not head:
        return "the file is empty"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:9].lower().startswith((b"<!doctype", b"<html", b"<?xml", b"<svg")):
        return "it is a web page or XML"
    return "it is in none of the formats that vitc reads"
