"""`vitc weights import`, `vitc weights export` and `vitc weights layouts`."""

import json
from typing import Annotated, Any

import typer

from ...diagnostics.messages import escape
from ..columns import columns
from ..options import Force, Form, Format, Part, Settings, Trust
from ..options import settings as read_settings

weights = typer.Typer(
    no_args_is_help=True, help="Weights in other layouts: timm, Hugging Face, torchvision, JAX, open_clip."
)
Layout = Annotated[str, typer.Option(help="a name or family from `vitc weights layouts`, or auto")]
Model = Annotated[str, typer.Option(help="a bundled model, FILE.vit or FILE.vit:NAME")]
Out = Annotated[str, typer.Option("--out", "-o", help="the .safetensors or .npz file to write")]


@weights.command("import")
def bring(
    file: Annotated[str, typer.Argument(help="a file of weights or its folder; a pickle only with --trust")],
    model: Model,
    layout: Layout = "auto",
    out: Out = "model.safetensors",
    settings: Settings = None,
    seed: Annotated[int, typer.Option(help="of the weights that the spec draws anew")] = 0,
    part: Part = None,
    trust: Trust = False,
    force: Force = False,
    format: Format = Form.text,
) -> None:
    """Brings weights from elsewhere into the names and shapes of a model.

    Examples: `vitc weights import vit.safetensors --layout hf --model vit_base_patch16_224 -o model.safetensors`,
    `vitc weights import B_16.npz --model mine.vit --set 'weights.resize=[pos_embed]'`.
    """
    from ...application import weights as application

    overrides = read_settings(settings, part)
    count, origin = application.bring(file, layout, model, out, overrides, seed=seed, trust=trust, force=force)
    _print(format, out, count, origin.as_data())


@weights.command("export")
def give(
    file: Annotated[str, typer.Argument(help="the model.safetensors of a model")],
    layout: Layout,
    model: Model,
    out: Out,
    settings: Settings = None,
    force: Force = False,
    format: Format = Form.text,
) -> None:
    """Writes the weights of a model in someone else's names and shapes.

    Example: `vitc weights export out/mine/model.safetensors --layout hf --model mine.vit -o vit.safetensors`.
    """
    from ...application import weights as application

    count, origin, chosen = application.give(file, layout, model, out, read_settings(settings), force=force)
    _print(format, out, count, {**origin.as_data(), "layout": chosen})


@weights.command("layouts")
def layouts(format: Format = Form.text) -> None:
    """Lists the layouts.

    Example: `vitc weights layouts`.
    """
    from ...runtime.weights.layouts import layouts as known

    if format == "json":
        print(json.dumps({one.name: {"family": one.family, "about": one.about} for one in known().values()}, indent=2))
    else:
        print(columns([(one.name, one.family, one.about) for one in known().values()]))


def _print(format: str, out: str, tensors: int, origin: dict[str, Any]) -> None:
    from ...runtime.weights.origin import lines

    if format == "json":
        print(json.dumps({"file": out, "tensors": tensors, **origin}, indent=2))
        return
    print(f"{escape(out)}: {tensors} tensors, layout {origin['layout']}")
    print("".join(f"{line}\n" for line in lines(origin)[1:]), end="")
