"""`vitc import`."""

import json
from pathlib import Path

from ..compiler.elaborate import elaborate
from ..compiler.elaborate.library import loads
from ..grammar.diagnostics import error
from ..runtime.importing import imported
from ..runtime.importing.sheet import Asked


def run(source: str, out: str | None, asked: Asked, force: bool, format: str) -> None:
    """Writes the spec of a model, or prints it; it is checked before."""
    beside = Path(out).parent if out else Path()
    if out and Path(out).exists() and not force:
        raise error(
            "V1008", f"`{out}` is there already", exit_status=2, help="--force writes over it; -o takes another"
        )
    sheet = imported(Path(source), asked, beside)
    text = sheet.text()
    program = elaborate(loads(text, out or "<import>"), asked.name)
    if out:
        try:
            Path(out).write_text(text, encoding="utf-8")
        except OSError as problem:
            raise error("V0707", f"`{out}` can't be written: {problem.strerror}", exit_status=3) from None
    if format == "json":
        print(json.dumps({"file": out, "model": program.name, "text": text, "notes": sheet.notes}, indent=2))
        return
    print(text if out is None else f"{out}: model {program.name}")
    for note in sheet.notes:
        print(f"# {note}")
