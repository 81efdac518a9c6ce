"""`vitc`: the commands, and what every one does with errors."""

import json
import warnings
from enum import StrEnum
from typing import Annotated

import typer

from .errors import guarded
from .streams import standard_streams

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Form(StrEnum):
    """What is printed."""

    text = "text"
    json = "json"


class Rows(StrEnum):
    """What is printed where there is a row for each answer."""

    text = "text"
    json = "json"
    csv = "csv"


Format = Annotated[Form, typer.Option("--format", help="for people, or for machines")]
Part = Annotated[str | None, typer.Option(help="which part of the file of weights, like model_ema, where several fit")]
Trust = Annotated[bool, typer.Option("--trust", help="read weights that are a pickle, in a process of their own")]
Force = Annotated[bool, typer.Option("--force", help="write over a file that is there")]


def _part(part: str | None) -> list[str]:
    """`--part NAME` as the setting that a spec would have."""
    return [] if part is None else [f"weights.part={json.dumps(part, ensure_ascii=False)}"]


def _version(wanted: bool) -> None:
    if wanted:
        from .. import __version__

        print(f"vitc {__version__}")
        raise typer.Exit


@app.callback()
def about(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    """Compiles Vision Transformers written as `.vit` texts."""


@app.command()
def check(
    specs: Annotated[list[str], typer.Argument(help="paths, folders, names of bundled models; - is standard input")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE, like heads=16 or mlp.drop=0.1")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="make warnings errors")] = False,
    format: Format = Form.text,
) -> None:
    """Checks specs: names, types, shapes, expectations; warns of what has no effect.

    Examples: `vitc check mine.vit`, `vitc check specs/`, `vitc check vit_base_patch16_224 --set heads=16`.
    """
    from . import check as command

    command.run(specs, settings or [], strict, format)


@app.command()
def compile(
    spec: Annotated[str, typer.Argument(help="a path, the name of a bundled model, or - for standard input")],
    model: Annotated[str | None, typer.Option(help="which model of the file")] = None,
    out: Annotated[str | None, typer.Option("--out", "-o", help="the folder to write; out/NAME without it")] = None,
    to: Annotated[
        list[str] | None, typer.Option(help="torch, torchscript, onnx; what `export` asks for without it")
    ] = None,
    weights: Annotated[str | None, typer.Option(help="a file of weights, or its folder")] = None,
    part: Part = None,
    trust: Trust = False,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE, like heads=16 or mlp.drop=0.1")
    ] = None,
    seed: Annotated[int, typer.Option(help="of the weights that are drawn")] = 0,
    verify: Annotated[bool, typer.Option(help="compare the targets with each other")] = True,
    format: Format = Form.text,
) -> None:
    """Writes PyTorch, TorchScript and ONNX with their weights, and proves them equal.

    Examples: `vitc compile vit_tiny_patch16_224`, `vitc compile mine.vit --to onnx --weights mine.safetensors -o out/mine`.
    """
    from . import compile as command

    sets = [*(settings or []), *_part(part)]
    command.run(spec, model, out, to or [], weights, trust, sets, seed, verify, format)


@app.command()
def train(
    spec: Annotated[str, typer.Argument(help="a path, the name of a bundled model, or - for standard input")],
    model: Annotated[str | None, typer.Option(help="which model of the file")] = None,
    out: Annotated[str | None, typer.Option("--out", "-o", help="a new or empty folder; runs/NAME without it")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps")] = "auto",
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE, like mlp.drop=0.1 or train.epochs=3")
    ] = None,
    resume: Annotated[str | None, typer.Option(help="a run to continue after its last whole epoch")] = None,
    verify: Annotated[bool, typer.Option(help="compare the exported targets with each other")] = True,
    part: Part = None,
    trust: Trust = False,
    format: Format = Form.text,
) -> None:
    """Trains a model on the pictures that its spec names, and exports it.

    Examples: `vitc train digits`, `vitc train mine.vit --set train.epochs=3 -o runs/mine`.
    """
    from . import train as command

    command.run(spec, model, out, device, [*(settings or []), *_part(part)], resume, verify, trust, format)


@app.command()
def predict(
    model: Annotated[str, typer.Argument(help="a compiled folder or an .onnx file")],
    images: Annotated[
        list[str], typer.Argument(help="pictures, folders of pictures, or - for paths from standard input")
    ],
    top: Annotated[int, typer.Option(min=1, help="how many classes of each picture, at most")] = 5,
    format: Annotated[Rows, typer.Option("--format", help="for people, or for machines")] = Rows.text,
) -> None:
    """Names what is on pictures, on ONNX Runtime alone.

    Ends with status 3 if a picture has no answer. Examples: `vitc predict runs/digits/export seven.png --top 3`,
    `find photos -name '*.jpg' | vitc predict out/mine - --format csv`.
    """
    from . import predict as command

    command.run(model, images, top, format)


@app.command()
def show(
    spec: Annotated[str, typer.Argument(help="a path, the name of a bundled model, or - for standard input")],
    model: Annotated[str | None, typer.Option(help="which model of the file")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE, like heads=16 or mlp.drop=0.1")
    ] = None,
    layers: Annotated[bool, typer.Option("--layers", help="a row for each layer")] = False,
    flow: Annotated[
        bool, typer.Option("--flow", help="the shapes of one picture on its way through the model")
    ] = False,
    after: Annotated[str | None, typer.Option(help="the graph after a step: flatten, attention, local.cse, …")] = None,
    paths: Annotated[
        bool, typer.Option("--settings", help="all that can be set: paths, values, what they are, where they are set")
    ] = False,
    format: Format = Form.text,
) -> None:
    """Shows what a model is and costs: parameters, MACs, memory, tokens, receptive field.

    Examples: `vitc show vit_tiny_patch16_224 --layers`, `vitc show mine.vit --flow`, `vitc show mine.vit --after attention`,
    `vitc show mine.vit --settings`.
    """
    from . import show as command

    if paths:
        command.paths(spec, model, settings or [], format)
    else:
        command.run(spec, model, settings or [], layers, flow, after, format)


@app.command()
def explain(
    code: Annotated[
        str | None,
        typer.Argument(
            help="a code as in a message, V0412, or the name of a bundled block, fn or model; without it all codes are listed"
        ),
    ] = None,
    format: Format = Form.text,
) -> None:
    """Says what a code means, with a wrong example and a right one; or what a bundled definition does and takes.

    Examples: `vitc explain V0412`, `vitc explain vit`, `vitc explain`.
    """
    from . import explain as command

    command.run(code, format)


@app.command()
def fmt(
    files: Annotated[list[str], typer.Argument(help="paths; - is standard input")],
    check: Annotated[
        bool, typer.Option("--check", help="write nothing; end with status 1 where a file would change")
    ] = False,
    format: Format = Form.text,
) -> None:
    """Lays specs out: spaces, indentation, alignment, lines of at most 120 columns.

    Examples: `vitc fmt mine.vit`, `vitc fmt --check specs/*.vit`.
    """
    from . import fmt as command

    command.run(files, check, format)


@app.command()
def doctor(format: Format = Form.text) -> None:
    """Shows versions, which providers really load, and how to get what is missing.

    Example: `vitc doctor --format json`.
    """
    from . import doctor as command

    command.run(format)


@app.command("import")
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
    from ..runtime.importing.sheet import Asked
    from . import import_ as command
    from .specs import pixels

    size = None if image is None else pixels(image)
    command.run(source, out, Asked(name, heads, eps, act, pool, size), force, format, trust=trust)


weights = typer.Typer(
    no_args_is_help=True, help="Weights in other layouts: timm, Hugging Face, torchvision, JAX, open_clip."
)
app.add_typer(weights, name="weights")
Layout = Annotated[str, typer.Option(help="a name or family from `vitc weights layouts`, or auto")]
Model = Annotated[str, typer.Option(help="a bundled model, FILE.vit or FILE.vit:NAME")]
Settings = Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE, like heads=16 or mlp.drop=0.1")]
Out = Annotated[str, typer.Option("--out", "-o", help="the .safetensors or .npz file to write")]


@weights.command("import")
def weights_import(
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
    from . import weights as command

    command.bring(file, layout, model, out, [*(settings or []), *_part(part)], seed, trust, force, format)


@weights.command("export")
def weights_export(
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
    from . import weights as command

    command.give(file, layout, model, out, settings or [], force, format)


@weights.command("layouts")
def weights_layouts(format: Format = Form.text) -> None:
    """Lists the layouts.

    Example: `vitc weights layouts`.
    """
    from . import weights as command

    command.layouts(format)


def main() -> None:
    """The console script."""
    # Pillow's word on large pictures: vitc has a limit of its own, and says so.
    warnings.filterwarnings("ignore", message="Image size .* could be decompression bomb")
    with standard_streams():
        guarded(app)
