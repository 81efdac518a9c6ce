"""`vitc check`."""

import json
from math import prod
from pathlib import Path

from ..compiler.elaborate import elaborate
from ..compiler.elaborate.library import SPECS, Library, load
from ..grammar.diagnostics import Findings, VitError, error


def run(specs: list[str], settings: list[str], format: str) -> None:
    """Checks every model of every spec and reports all that is wrong with all of them."""
    overrides = dict(_setting(text) for text in settings)
    findings, status, rows = Findings(), 1, list[dict[str, object]]()
    for spec in specs:
        try:
            library, names = open_spec(spec)
        except VitError as problem:
            findings.add(*problem.diagnostics)
            status = max(status, problem.exit_status)
            continue
        for name in names:
            try:
                program = elaborate(library, name, overrides)
            except VitError as problem:
                findings.add(*problem.diagnostics)
                status = max(status, problem.exit_status)
                continue
            count = sum(prod(s.shape) for s in program.weights().values() if s.trainable)
            rows.append({"spec": spec, "model": name, "params": count})
    if findings.items:
        raise VitError(tuple(sorted(findings.items, key=lambda d: d.span.start if d.span else -1)), status)
    if format == "json":
        print(json.dumps({"models": rows}, indent=2))
    else:
        for row in rows:
            print(f"{row['model']}: {row['params']:,} parameters")


def open_spec(spec: str) -> tuple[Library, tuple[str, ...]]:
    """The library and the models of a path, or of the bundled file that defines a model of this name."""
    if spec.endswith(".vit"):
        library = load(Path(spec))
        return library, library.models()
    for path in sorted(SPECS.glob("*/*.vit")):
        if f"model {spec} " in path.read_text(encoding="utf-8"):
            return load(path, f"{path.parent.name}/{path.name}"), (spec,)
    raise error("V1001", f"`{spec}` is no bundled model; a file's name ends in .vit", exit_status=3)


def _setting(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or not key:
        raise error("V1004", f"--set takes KEY=VALUE, not `{text}`", exit_status=2)
    return key.strip(), value.strip()
