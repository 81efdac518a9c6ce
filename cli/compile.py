"""`vitc compile`."""

import json
from typing import Any

from . import api
from .specs import choose, settings


def run(spec: str, model: str | None, out: str | None, to: list[str], weights: str | None, sets: list[str], seed: int,
        verify: bool, format: str) -> None:  # fmt: skip
    """Compiles and prints what was written and how near the targets are to each other."""
    _, name = choose(spec, model)
    given = settings(sets)
    if format == "json":
        manifest = api.compile(spec, name, out, to=tuple(to), weights=weights, settings=given, seed=seed, verify=verify)
        print(json.dumps(manifest, indent=2))
        return
    from .progress import steps

    with steps(f"compiling {name}") as done:
        manifest = api.compile(
            spec, name, out, to=tuple(to), weights=weights, settings=given, seed=seed, verify=verify, done=done
        )
    _print(manifest, out or f"out/{name}")


def _print(manifest: dict[str, Any], folder: str) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    console.print(
        f"{manifest['model']}: {manifest['params']:,} parameters, {manifest['macs'] / 1e9:.2f} GMACs, in {folder}/"
    )
    files = Table("file", "bytes", box=None)
    for name, about in manifest["files"].items():
        files.add_row(name, f"{about['bytes']:,}")
    console.print(files)
    report = manifest["verification"]
    if report is None:
        console.print("not verified")
        return
    table = Table("target", "weights", "batch", "error", "allowed", box=None, title=f"against {report['judge']}")
    for row in report["rows"]:
        table.add_row(row["target"], row["weights"], str(row["batch"]), f"{row['error']:.1e}", f"{row['bar']:.1e}")
    console.print(table)
    if report["ill_conditioned"]:
        console.print("ill-conditioned: with these weights PyTorch itself is more than 1e-4 away from float64")
