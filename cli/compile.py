"""`vitc compile`."""

import json
from typing import Any

from ..diagnostics.messages import escape
from . import api
from .columns import columns, size
from .errors import warn
from .progress import steps
from .specs import choose, settings


def run(spec: str, model: str | None, out: str | None, to: list[str], weights: str | None, trust: bool, sets: list[str],
        seed: int, verify: bool, format: str) -> None:  # fmt: skip
    """Compiles and prints what was written and how near the targets are to each other."""
    _, name = choose(spec, model)
    given = settings(sets)
    with steps(f"compiling {name}", shown=format != "json") as done:
        manifest = api.compile(
            spec,
            name,
            out,
            to=tuple(to),
            weights=weights,
            settings=given,
            seed=seed,
            verify=verify,
            trust=trust,
            done=done,
        )
    if format == "json":
        print(json.dumps(manifest, indent=2))
    else:
        _print(manifest, out or f"out/{name}")
    _note(manifest)


def _note(manifest: dict[str, Any]) -> None:
    """Warns of what was assumed of pictures."""
    from ..runtime.preprocess import Preprocess

    if note := Preprocess.from_json(json.dumps(manifest["preprocess"])).note():
        warn(note)


def _print(manifest: dict[str, Any], folder: str) -> None:
    from ..runtime.weights.origin import lines

    print(
        f"{manifest['model']}: {manifest['params']:,} parameters, {size(manifest['macs'], '')} MACs, in {escape(folder)}/"
    )
    files = [(f"  {name}", f"{about['bytes']:,}") for name, about in manifest["files"].items()]
    print(columns([("  file", "bytes"), *files], {1}))
    print("\n".join(lines(manifest["weights"], way="pass --weights FILE for trained ones")))
    report = manifest["verification"]
    if report is None:
        print("not verified")
        return
    print(f"verified against {report['judge']}; error is max |y - judge| / max(1, max |judge|)")
    print(
        columns([("  target", "weights", "output", "batches", "error", "allowed"), *_compared(report["rows"])], {4, 5})
    )
    for note in report["notes"]:
        print(f"  {note}")
    for kind in report["ill_conditioned"]:
        print(
            f"  ill-conditioned: with {kind} weights float32 itself is more than 1e-4 away from float64, or not finite"
        )


def _compared(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """A line for each target, kind of weights and output, with the batches and the largest error."""
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["target"], row["weights"], row["output"]), []).append(row)
    return [
        (
            f"  {target}",
            weights,
            output,
            ", ".join(str(row["batch"]) for row in group),
            _most([row["error"] for row in group]),
            _most([row["bar"] for row in group]),
        )
        for (target, weights, output), group in groups.items()
    ]


def _most(values: list[float | None]) -> str:
    """The largest; the manifest has none where it is infinite."""
    numbers = [value for value in values if value is not None]
    return f"{max(numbers):.0e}" if len(numbers) == len(values) else "infinite"
