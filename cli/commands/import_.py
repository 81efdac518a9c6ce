"""`vitc import`."""

import json
from typing import Annotated

import typer

from ...diagnostics import error
from ..options import Force, Form, Format, Trust


def import_(
    source: Annotated[
        str, typer.Argument(help="a configuration of transformers, timm or open_clip, its folder, or a file of weights")
    ],
    out: Annotated[
        str | None, typer.Option("--out", "-o", help="the .vit file to write; it is printed without it")
    ] = None,
    name: Annotated[str, typer.Option(help="of the model")] = "imported",
    heads: Annotated[int | None, typer.Option(min=1, help="where only shapes are there")] = None,
    eps: Annotated[float | None, typer.Option(help="of the norms, likewise")] = None,
    act: Annotated[str | None, typer.Option(help="gelu, gelu_tanh, quick_gelu, …, likewise")] = None,
    pool: Annotated[str | None, typer.Option(help="token, mean, …, likewise")] = None,
    image: Annotated[
        str | None, typer.Option(help="HEIGHTxWIDTH, likewise, or where a configuration says two sizes")
    ] = None,
    trust: Trust = False,
    force: Force = False,
    format: Format = Form.text,
) -> None:
    """Writes the spec of a model of transformers, timm or open_clip, with how its checkpoint wants pictures prepared.

    Examples: `vitc import vit-base/config.json -o mine.vit`, `vitc import model.safetensors --image 224x224 --heads 12 --eps 1e-6 --act gelu --pool token`.
    """
    from ...application.import_ import Asked, import_spec

    asked = Asked(name, heads, eps, act, pool, None if image is None else _pixels(image))
    spec = import_spec(source, out, asked, force=force, trust=trust)
    if format == "json":
        print(json.dumps({"file": out, "model": spec.name, "text": spec.text, "notes": spec.notes}, indent=2))
    elif out is None:
        print(spec.text, end="")
    else:
        print(f"{out}: model {spec.name}")
        for note in spec.notes:
            print(f"# {note}")


def _pixels(text: str) -> tuple[int, int]:
    """Reads `224x160`, height and width; raises V1004."""
    sides = text.split("x")
    if len(sides) != 2 or not all(side.isdecimal() and 0 < int(side) <= 65536 for side in sides):
        raise error("V1004", f"--image takes HEIGHTxWIDTH, not `{text}`")
    return int(sides[0]), int(sides[1])
