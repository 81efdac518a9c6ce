"""Pictures of every kind become 8 bits by the stated rule: the right values are computed here by hand."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from vitc.diagnostics import VitError
from vitc.runtime import pictures
from vitc.runtime.preprocess import Preprocess

GREY, COLOUR = Preprocess(1, 2, 4), Preprocess(3, 2, 4)


def read(path, preprocess=GREY):
    """The pixels, without the axis of a single channel, and what is remarked."""
    said = []
    pixels = preprocess.decoded(path, said.append)
    return pixels[..., 0] if preprocess is GREY else pixels, said


def refused(path, preprocess=GREY):
    with pytest.raises(VitError) as caught:
        preprocess.decoded(path)
    (found,) = caught.value.diagnostics
    assert found.code == "V0901" and caught.value.exit_status == 3
    return found


DEEP = np.array([[0, 1, 255, 256], [4095, 4096, 32768, 65535]])
TWELVE = np.array([[0, 1, 15, 16], [255, 256, 2048, 4095]])


@pytest.mark.parametrize("name", ["x.png", "x.tif"])
def test_of_sixteen_bits_the_upper_eight_count(tmp_path, name):
    Image.fromarray(DEEP.astype(np.uint16)).save(tmp_path / name)
    pixels, said = read(tmp_path / name)
    assert pixels.tolist() == [[0, 0, 0, 1], [15, 16, 128, 255]] and said == []


def test_of_sixteen_bits_in_the_other_order_of_bytes_too(tmp_path):
    big = struct.pack(">2sHI", b"MM", 42, 8)
    tags = [(256, 3, 4 << 16), (257, 3, 2 << 16), (258, 3, 16 << 16), (259, 3, 1 << 16), (262, 3, 1 << 16),
            (273, 4, 200), (277, 3, 1 << 16), (278, 3, 2 << 16), (279, 4, 16)]  # fmt: skip
    head = (
        big
        + struct.pack(">H", len(tags))
        + b"".join(struct.pack(">HHII", tag, kind, 1, value) for tag, kind, value in tags)
    )
    (tmp_path / "x.tif").write_bytes(head.ljust(200, b"\0") + DEEP.astype(">u2").tobytes())
    with Image.open(tmp_path / "x.tif") as image:
        assert image.mode == "I;16B"
    assert read(tmp_path / "x.tif")[0].tolist() == [[0, 0, 0, 1], [15, 16, 128, 255]]


def test_colour_of_sixteen_bits_is_cut_in_the_same_way(tmp_path):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = np.stack([DEEP, DEEP[::-1], DEEP], -1).astype(">u2")
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    head = struct.pack(">IIBBBBB", 4, 2, 16, 2, 0, 0, 0)
    (tmp_path / "x.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    )
    np.testing.assert_array_equal(read(tmp_path / "x.png", COLOUR)[0], rows.astype(int) >> 8)


@pytest.mark.parametrize("name", ["x.png", "x.tif"])
def test_twelve_bits_in_sixteen_fill_the_whole_range_and_are_told(tmp_path, name):
    Image.fromarray(TWELVE.astype(np.uint16)).save(tmp_path / name)
    pixels, said = read(tmp_path / name)
    assert pixels.tolist() == [[0, 0, 0, 1], [15, 16, 128, 255]]
    assert said == ["stored with 16 bits and read as 12: no value is above 4,095"]


def test_a_tiff_that_says_its_largest_value_is_taken_at_its_word(tmp_path):
    dark = TWELVE // 16
    Image.fromarray(dark.astype(np.uint16)).save(tmp_path / "x.tif", tiffinfo={281: 4095})
    pixels, said = read(tmp_path / "x.tif")
    assert pixels.tolist() == (dark >> 4).tolist() == [[0, 0, 0, 0], [0, 1, 8, 15]]
    assert said == ["nearly black: no value is above 16 of 255"]
    Image.fromarray(DEEP.astype(np.uint16)).save(tmp_path / "y.tif", tiffinfo={281: 4095})
    assert "have 12 bits, and one is 65535" in refused(tmp_path / "y.tif").message


def test_a_pgm_says_its_largest_value(tmp_path):
    (tmp_path / "x.pgm").write_bytes(b"P5 4 2 4095\n" + TWELVE.astype(">u2").tobytes())
    expected = np.rint(TWELVE / 4095 * 65535).astype(int) >> 8  # Pillow scales to 16 bits
    pixels, said = read(tmp_path / "x.pgm")
    assert pixels.tolist() == expected.tolist() and said == []
    (tmp_path / "y.pgm").write_bytes(b"P5 4 2 65535\n" + TWELVE.astype(">u2").tobytes())
    assert read(tmp_path / "y.pgm")[0].tolist() == (TWELVE >> 8).tolist()


@pytest.mark.parametrize(("values", "bits"), [(TWELVE // 16, 8), (TWELVE, 12), (DEEP, 16), (DEEP * 256, 24)])
def test_whole_numbers_of_32_bits_are_taken_as_deep_as_their_largest(tmp_path, values, bits):
    Image.fromarray(values.astype(np.int32)).save(tmp_path / "x.tif")
    pixels, said = read(tmp_path / "x.tif")
    assert pixels.tolist() == (values >> (bits - 8)).tolist() and pixels.max() == 255
    assert said == [f"stored with 32 bits and read as {bits}: no value is above {2**bits - 1:,}"]


def patched(path, tag, value):
    """A little-endian TIFF in which a SHORT has another value."""
    data = bytearray(path.read_bytes())
    start = struct.unpack_from("<I", data, 4)[0]
    for at in range(start + 2, start + 2 + 12 * struct.unpack_from("<H", data, start)[0], 12):
        if struct.unpack_from("<H", data, at)[0] == tag:
            struct.pack_into("<H", data, at + 8, value)
    path.write_bytes(data)


def test_numbers_of_32_bits_without_and_with_a_sign(tmp_path):
    values = np.array([[0, 1, 2**24, 2**31], [2**32 - 1, 2**30, 3, 2**28]], np.uint32)
    Image.fromarray(values.view(np.int32)).save(tmp_path / "x.tif")
    assert "negative" in refused(tmp_path / "x.tif").message
    patched(tmp_path / "x.tif", 339, 1)  # SampleFormat: unsigned
    pixels, said = read(tmp_path / "x.tif")
    assert pixels.tolist() == [[0, 0, 1, 128], [255, 64, 0, 16]] and said == []


def test_sixteen_bits_of_which_zero_is_white(tmp_path):
    Image.fromarray(DEEP.astype(np.uint16)).save(tmp_path / "x.tif")
    patched(tmp_path / "x.tif", 262, 0)
    assert read(tmp_path / "x.tif")[0].tolist() == ((65535 - DEEP) >> 8).tolist()


def test_floating_point_numbers_are_refused_with_what_to_do(tmp_path):
    Image.fromarray(np.zeros((2, 4), np.float32)).save(tmp_path / "x.tif")
    assert "convert it to integers of 8 or 16 bits" in refused(tmp_path / "x.tif").message


def test_one_bit_palettes_and_transparency(tmp_path):
    bits = np.array([[True, False, True, True], [False, False, True, False]])
    Image.fromarray(bits).save(tmp_path / "bits.png")
    assert read(tmp_path / "bits.png")[0].tolist() == (bits * 255).tolist()
    rgb = np.random.default_rng(0).integers(0, 256, (2, 4, 3), np.uint8)
    alpha = np.array([[0, 1, 128, 255]] * 2, np.uint8)
    Image.fromarray(np.dstack([rgb, alpha])).save(tmp_path / "alpha.png")
    Image.fromarray(np.dstack([rgb[..., 0], alpha])).save(tmp_path / "grey.png")
    palette = Image.fromarray(rgb).quantize(8)
    palette.save(tmp_path / "palette.png", transparency=bytes([0, 10, 200]))
    np.testing.assert_array_equal(read(tmp_path / "alpha.png", COLOUR)[0], rgb)
    np.testing.assert_array_equal(read(tmp_path / "grey.png")[0], rgb[..., 0])
    np.testing.assert_array_equal(read(tmp_path / "palette.png", COLOUR)[0], np.asarray(palette.convert("RGB")))


def test_a_picture_whose_pixels_are_equal_is_remarked(tmp_path):
    Image.new("RGB", (9, 9), (1, 200, 3)).save(tmp_path / "flat.png")
    Image.fromarray(np.arange(8, dtype=np.uint8).reshape(2, 4)).save(tmp_path / "dark.png")
    assert read(tmp_path / "flat.png", COLOUR)[1] == ["constant: all pixels are equal"]
    assert read(tmp_path / "dark.png")[1] == ["nearly black: no value is above 16 of 255"]
    assert pictures.odd(np.zeros((2, 1, 1, 3), np.uint8)) == pictures.odd(np.zeros((0, 8, 8, 3), np.uint8)) == {}


@pytest.mark.parametrize("suffix", [".heic", ".avif"])
def test_heic_and_avif_are_read_whatever_their_name(tmp_path, suffix):
    pytest.importorskip("pillow_heif").register_heif_opener()
    rgb = np.kron(
        np.array([[[250, 10, 10], [10, 250, 10]], [[10, 10, 250], [200, 200, 200]]], np.uint8),
        np.ones((32, 32, 1), np.uint8),
    )
    image = io.BytesIO()
    Image.fromarray(rgb).save(image, {".heic": "HEIF", ".avif": "AVIF"}[suffix], quality=95)
    for name in (f"x{suffix}", "x.jpg"):
        (tmp_path / name).write_bytes(image.getvalue())
        pixels = Preprocess(3, 64, 64).decoded(tmp_path / name).astype(int)
        assert np.abs(pixels - rgb)[8:24, 8:24].max() < 12 and np.abs(pixels - rgb)[40:56, 8:24].max() < 12
    (tmp_path / "half").write_bytes(image.getvalue()[:200])
    assert "can't be read as a picture" in refused(tmp_path / "half").message


@pytest.mark.parametrize(
    ("suffix", "kind", "help"),
    [(".HEIC", "HEIF", "pip install pillow-heif"), (".avif", "AVIF", "pip install --upgrade pillow")],
)
def test_a_decoder_that_is_missing_is_named(tmp_path, monkeypatch, suffix, kind, help):
    monkeypatch.setattr(pictures, "_readable", lambda kind: False)
    brand = {"HEIF": b"heic", "AVIF": b"avif"}[kind]
    (tmp_path / "x.jpg").write_bytes(struct.pack(">I", 24) + b"ftyp" + brand + bytes(4) + b"mif1" + b"miaf")
    found = refused(tmp_path / "x.jpg")
    assert f"is {kind}" in found.message and found.help == help == pictures.missing(suffix)
    assert pictures.missing(".jpg") == pictures.missing(".txt") == ""


def test_the_limit_of_pixels_holds_for_every_format(tmp_path, monkeypatch):
    pytest.importorskip("pillow_heif").register_heif_opener()
    for suffix in (".heic", ".avif", ".png", ".tif", ".webp"):
        Image.new("RGB", (64, 64), (9, 99, 200)).save(tmp_path / f"x{suffix}")
    monkeypatch.setattr(pictures, "LARGEST", 64 * 64 - 1)
    for path in tmp_path.iterdir():
        assert "has more than 4,095 pixels" in refused(path).message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\n<!DOCTYPE html><html>404", "a web page or XML"),
        (b"hello", "none of the formats"),
    ],
)
def test_what_is_there_instead_of_a_picture_is_said(tmp_path, content, words):
    (tmp_path / "x.jpg").write_bytes(content)
    assert words in refused(tmp_path / "x.jpg").message
