"""`vitc check`."""

import json
from math import prod

from ..compiler.elaborate import elaborate
from ..grammar.diagnostics import Diagnostic, Findings, VitError
from ..runtime import sections
from .specs import open_spec
from .specs import settings as read_settings


def run(specs: list[str], settings: list[str], format: str) -> None:
    """Checks every model of every spec and reports all that is wrong with all of them."""
    overrides = read_settings(settings)
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
                sections.check(program)
            except VitError as problem:
                findings.add(*problem.diagnostics)
                status = max(status, problem.exit_status)
                continue
            count = sum(prod(s.shape) for s in program.weights().values() if s.trainable)
            rows.append({"spec": spec, "model": name, "params": count})
    if findings.items:
        raise VitError(tuple(sorted(findings.items, key=_place)), status)
    if format == "json":
        print(json.dumps({"models": rows}, indent=2))
    else:
        for row in rows:
            print(f"{row['model']}: {row['params']:,} parameters")


def _place(found: Diagnostic) -> tuple[str, int]:
    """Mistakes of one file stand together, in the order of its text."""
    return (found.span.source.name, found.span.start) if found.span else (found.file, -1)
