"""Pictures that are not what they say, or more than they say; and those that are only unusual."""

import io
import json
import os
import struct
import zlib

import numpy as np
import pytest
import vitc
from PIL import Image, PngImagePlugin
from vitc.diagnostics import VitError
from vitc.runtime.pictures import LARGEST
from vitc.runtime.preprocess import Preprocess

SPEC = "vit 1\nmodel m = vit { image = 8x8x3, patch = 4, dim = 8, depth = 1, heads = 2, classes = 2 }\ndata { resize = 8, mean = 0.0, std = 1.0, interpolation = bilinear }\n"
PLAIN = Preprocess(3, 8, 8)


def png_of(width, height, data=b""):
    """A PNG that says how large it is and holds as much as it is given."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("model")
    (root / "m.vit").write_text(SPEC)
    classes = ("\x1b[2Jbad", "good")
    vitc.compile(root / "m.vit", out=root / "m", to=("onnx",), verify=False, classes=classes)
    return root / "m"


def test_pictures_that_are_refused(tmp_path, folder, run_all):
    rgb = Image.fromarray(np.arange(192, dtype=np.uint8).reshape(8, 8, 3))
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    text = PngImagePlugin.PngInfo()
    text.add_text("comment", "x" * 2**22, zip=True)
    files = {
        "a bomb of 4 G pixels.png": png_of(65_535, 65_535),
        "a little too large.png": png_of(8_000, 8_001),
        "of 2^31 pixels a side.png": png_of(2**31 - 1, 2**31 - 1),
        "empty.png": b"",
        "text.png": b"hello",
        "truncated.png": saved(noise, "PNG")[:4000],
        "truncated.jpg": saved(noise, "JPEG")[:1500],
        "no data.png": png_of(100, 100),
        "a text bomb.png": saved(rgb, "PNG", pnginfo=text),
        "float pixels.tiff": saved(Image.fromarray(np.zeros((8, 8), np.float32)), "TIFF"),
        "postscript.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n",
        "an icon.ico": saved(rgb.resize((16, 16)), "ICO"),
        "svg.png": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "a strip.png": saved(Image.new("L", (9_000_000, 1)), "PNG"),
        "evil\x1b[2J\r.png": b"",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "fifo.png")
    names = [*files, "fifo.png", "none.png", "x" * 300]
    pictures = [tmp_path / name for name in names]
    alone = [["predict", folder, picture] for picture in (pictures[0], tmp_path / "folder.png")]
    *single, (status, text, _), (_, data, _) = run_all(
        [*alone, ["predict", folder, *pictures], ["predict", folder, *pictures, "--format", "json"]]
    )
    assert status == 3
    for code, out, err in single:
        assert (code, out) == (3, "") and err.startswith("error[V0901]"), err
    assert text.count("error[V0901]") == len(names)
    assert "\x1b" not in text + data and "\r" not in text + data
    for name, answer in zip(names, json.loads(data), strict=True):
        assert answer["error"]["code"] == "V0901", name
        large = ("a bomb", "a little", "of 2^31")
        assert name.startswith(large) == ("has more than 64,000,000 pixels" in answer["error"]["message"]), answer


def test_the_largest_picture_stays_within_the_memory(tmp_path, folder, run_all):
    Image.new("RGB", (8000, LARGEST // 8000)).save(tmp_path / "large.png")
    ((status, out, _),) = run_all([["predict", folder, tmp_path / "large.png"]])
    assert status == 0
    assert "good" in out and "\\u001b[2Jbad" in out and "\x1b" not in out


def test_frames_channels_and_alpha(tmp_path):
    rgb = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    image = Image.fromarray(rgb)
    other = Image.fromarray(255 - rgb)
    image.save(tmp_path / "frames.png", save_all=True, append_images=[other])
    image.save(tmp_path / "frames.webp", save_all=True, append_images=[other], lossless=True)
    image.save(tmp_path / "frames.tiff", save_all=True, append_images=[other])
    Image.fromarray(np.dstack([rgb, np.full((8, 8), 7, np.uint8)])).save(tmp_path / "alpha.png")
    for name in ("frames.png", "frames.webp", "frames.tiff", "alpha.png"):
        np.testing.assert_array_equal(PLAIN.decoded(tmp_path / name), rgb, err_msg=name)
    palette = image.quantize(16)
    palette.save(tmp_path / "frames.gif", save_all=True, append_images=[other.quantize(16)])
    np.testing.assert_array_equal(PLAIN.decoded(tmp_path / "frames.gif"), np.asarray(palette.convert("RGB")))
    Image.new("CMYK", (8, 8), (255, 0, 0, 0)).save(tmp_path / "cmyk.jpg", quality=100)
    assert np.abs(PLAIN.decoded(tmp_path / "cmyk.jpg").astype(int) - [0, 255, 255]).max() < 5


@pytest.mark.parametrize(
    ("orientation", "turned"), [(1, "none"), (3, "half"), (6, "right"), (8, "left"), (2, "mirror")]
)
def test_a_picture_is_turned_as_its_exif_data_says(tmp_path, orientation, turned):
    rgb = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(rgb).save(tmp_path / "x.png", exif=exif)
    expected = {
        "none": rgb,
        "half": rgb[::-1, ::-1],
        "right": np.rot90(rgb, -1),
        "left": np.rot90(rgb),
        "mirror": rgb[:, ::-1],
    }
    np.testing.assert_array_equal(PLAIN.decoded(tmp_path / "x.png"), expected[turned])


def test_broken_exif_data_does_no_harm(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "x.jpg", exif=b"Exif\x00\x00MM\x00*" + b"\xff" * 100)
    try:
        assert PLAIN.decoded(tmp_path / "x.jpg").shape == (8, 8, 3)
    except VitError as problem:
        assert problem.diagnostics[0].code == "V0901"


def test_the_middle_is_cut_out_of_the_resized_picture(tmp_path):
    rgb = np.zeros((16, 32, 3), np.uint8)
    rgb[:, 8:24] = 255
    Image.fromarray(rgb).save(tmp_path / "x.png")
    found = Preprocess(3, 16, 16, resize=16).decoded(tmp_path / "x.png")
    assert found.shape == (16, 16, 3) and (found == 255).all()


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"channels": 3}', '{"channels": 3, "height": 8, "width": 8, "mean": ["x"]}',
     '{"channels": 3, "height": 99999999, "width": 99999999}', '{"channels": 0, "height": 8, "width": 8}',
     '{"channels": 3, "height": 8, "width": 8, "interpolation": "__class__"}',
     '{"channels": 3, "height": 8, "width": 8, "mean": [1, 2]}'],
)  # fmt: skip
def test_metadata_that_no_compile_writes(text):
    with pytest.raises(ValueError):
        Preprocess.from_json(text)


def test_metadata_survives_the_round_trip():
    given = Preprocess(3, 8, 9, (16, 20), "bicubic", (0.1, 0.2, 0.3), (1.0,), "squash")
    assert Preprocess.from_json(given.as_json()) == given
