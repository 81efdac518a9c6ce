"""Compiling: from a spec to a folder of files that agree."""

# Imports inside functions are of what needs numpy or torch.

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..compiler import driver
from ..compiler.backends import BACKENDS, needed, ordered
from ..compiler.driver import Compiled
from ..compiler.ir.program import Program
from ..diagnostics import error
from ..diagnostics.suggest import suggestion
from ..runtime import artefact
from ..runtime.sections.data import Data
from ..runtime.sections.export import Export, outputs
from ..runtime.sections.input import preprocess
from ..runtime.sections.train import Train
from .specs import choose
from .weights import start

if TYPE_CHECKING:
    from ..runtime.weights.initial import Initial
    from ..runtime.weights.matched import Matched
    from ..runtime.weights.origin import Known, Origin


def load(spec: str | Path, model: str | None = None, settings: Mapping[str, str] | None = None) -> Compiled:
    """The program of a model and the optimised graph of what is exported, with its parameters and MACs; arguments and errors
    as in `check`.

    >>> import vitc
    >>> vitc.load("vit_base_patch16_224").params
    86567656
    """
    library, name = choose(str(spec), model)
    return driver.prepare(library, name, settings, outputs)


def compile(
    spec: str | Path,
    model: str | None = None,
    out: str | Path | None = None,
    *,
    to: tuple[str, ...] = (),
    weights: str | Path | Mapping[str, Any] | None = None,
    settings: Mapping[str, str] | None = None,
    seed: int = 0,
    verify: bool = True,
    classes: tuple[str, ...] = (),
    trust: bool = False,
    plain: bool = False,
    done: Callable[[str], None] = lambda step: None,
) -> dict[str, Any]:
    """Writes the artefact of a model into `out` (`out/NAME` without it) and gives its manifest.

    `to` limits the targets that the section `export` asks for. `weights` is a file, its folder, or a
    mapping of numpy arrays or torch tensors; without it the file of the section `weights`, else weights drawn with `seed`.
    The manifest says under `weights` where they came from. `trust` lets a file that is a pickle be read, in a process of its
    own. `plain` writes attention out in `model.py`, for those who learn it; the other files stay the same. `verify` compares each
    target with float64 and raises `VitError` where one differs; `done` hears of every step. Further arguments and errors as
    in `check`.

        >>> import vitc
        >>> manifest = vitc.compile("digits", out="out/digits", to=("onnx",), verify=False)
        >>> sorted(manifest["files"])
        ['model.onnx', 'model.safetensors']
    """
    unknown = [name for name in to if name not in BACKENDS.names()]
    if unknown:
        raise error("V1006", f"there is no target `{unknown[0]}`", help=suggestion(unknown[0], BACKENDS.names()))
    compiled = load(spec, model, settings)
    targets = _targets(compiled.program, to)
    if plain and "torch" not in needed(targets):
        raise error(
            "V1006", "--plain changes `model.py`, which is not written", help="add `--to torch`, or leave --plain out"
        )
    names = classes or tuple(_named(compiled, Path(spec).parent))
    tensors = start(compiled, spec, seed, weights, trust=trust)
    folder = Path(out) if out is not None else Path("out") / compiled.program.name
    return export(compiled, tensors, folder, targets, seed=seed, verify=verify, classes=names, plain=plain, done=done)


def export(
    compiled: Compiled,
    tensors: "Initial | Matched | Known",
    folder: Path,
    targets: tuple[str, ...] | None = None,
    *,
    seed: int = 0,
    verify: bool = True,
    classes: tuple[str, ...] = (),
    plain: bool = False,
    done: Callable[[str], None] = lambda step: None,
) -> dict[str, Any]:
    """Writes the artefact of a model that is prepared, with these weights; without `targets` those of its section `export`.
    Arguments, errors and manifest as in `compile`."""
    from ..runtime.weights.files import save

    program = compiled.program
    pixels = preprocess(program, Data.of(program))
    metadata = {
        "vitc.model": program.name,
        "vitc.preprocess": pixels.as_json(),
        "vitc.classes": json.dumps(classes),
        "vitc.activation": Train.of(program).criterion.activation,
    }
    with artefact.staged(folder) as stage:
        save(stage / "model.safetensors", tensors, program.weights())
        done("weights")
        wanted = _targets(program, ()) if targets is None else targets
        driver.write(compiled, tensors, stage, wanted, metadata, done, plain=plain)
        report = _verified(compiled, stage, tensors, done) if verify else None
        return artefact.publish(stage, folder, _about(compiled, metadata, seed, tensors.origin, report))


def _targets(program: Program, to: tuple[str, ...]) -> tuple[str, ...]:
    """Those that `export` asks for, limited to those of the command line; raises V1006 where the two have none in common."""
    wanted = Export.of(program).targets()
    refused = [name for name in to if name not in wanted]
    if refused:
        raise error("V1006", f"the section `export` turns `{refused[0]}` off",
                    help=f"--set export.{refused[0]}=true turns it on")  # fmt: skip
    return tuple(name for name in wanted if not to or name in to)


def _verified(compiled: Compiled, stage: Path, tensors: Any, done: Callable[[str], None]) -> dict[str, Any]:
    from ..runtime.verify import verify

    return verify(compiled, stage, tensors, done).as_data()


def _named(compiled: Compiled, base: Path) -> Sequence[str]:
    """The names of the section `data` as its `labels` display them, else those that the source knows without reading images.

    Raises V0818 where they are not as many as the numbers of the first output.
    """
    program, data = compiled.program, Data.of(compiled.program)
    names, key = data.classes, "classes"
    if not names and data.source is not None:
        names, key = data.source.class_names, "source"
    shape = compiled.graph.outputs[0].type.shape
    if names and shape != (len(names),):
        gives = f"{shape[0]} numbers" if len(shape) == 1 else f"an output of shape {list(shape)}"
        raise error("V0818", f"`{key}` gives {len(names)} class names, and `{program.name}` gives {gives}",
                    program.sections["data"].entries[key].span,
                    help=f"`--set data.{key}=none` compiles it without names")  # fmt: skip
    if data.classes and data.labels is not None:
        from ..runtime.data.classes import texts

        return texts(tuple(data.classes), (), data.labels, base, program.sections["data"].entries["labels"].span)[0]
    return names or ()


def _about(
    compiled: Compiled, metadata: Mapping[str, str], seed: int, weights: "Origin", report: Any
) -> dict[str, Any]:
    """What the manifest says besides the files."""
    from importlib.metadata import version

    libraries = [made for name in ordered() if (made := BACKENDS.get(name).made_with) is not None]
    shape = compiled.graph.inputs[0].type.shape
    graph = compiled.graph
    exported = {name: ["batch", *v.type.shape] for name, v in zip(graph.output_names, graph.outputs, strict=True)}
    return {
        "model": compiled.program.name,
        "spec_sha256": compiled.spec_hash,
        "versions": {name: version(name) for name in dict.fromkeys(["vitc", *libraries])},
        "seed": seed,
        "weights": weights.as_data(),
        "params": compiled.params,
        "macs": compiled.macs,
        "inputs": {"image": ["batch", *shape]},
        "outputs": exported,
        "preprocess": json.loads(metadata["vitc.preprocess"]),
        "classes": json.loads(metadata["vitc.classes"]),
        "activation": metadata["vitc.activation"],
        "verification": report,
    }
