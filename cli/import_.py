"""`vitc import`."""

import json
import os
from pathlib import Path

from ..grammar.diagnostics import error
from ..runtime.importing import imported
from ..runtime.importing.proof import proven
from ..runtime.importing.sheet import Asked


def run(source: str, out: str | None, asked: Asked, force: bool, format: str) -> None:
    """Writes the spec of a model, or prints it; it is checked before."""
    place = Path(out) if out else None
    if place is not None and os.path.lexists(place) and not force:
        raise error(
            "V1008", f"`{out}` is there already", exit_status=2, help="--force writes over it; -o takes another"
        )
    if place is not None and not place.parent.is_dir():
        raise error("V1008", f"there is no folder `{place.parent}` to write `{place.name}` into", exit_status=3)
    sheet = imported(Path(source), asked, place.parent if place else Path())
    text = sheet.text()
    proven(sheet, text)
    if place is not None:
        _write(place, text)
    if format == "json":
        print(json.dumps({"file": out, "model": sheet.name, "text": text, "notes": sheet.notes}, indent=2))
        return
    if out is None:
        print(text, end="")
        return
    print(f"{out}: model {sheet.name}")
    for note in sheet.notes:
        print(f"# {note}")


def _write(path: Path, text: str) -> None:
    """Writes the whole file beside its place and renames it; raises V0801 and leaves nothing where that fails."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            part.write_text(text, encoding="utf-8", newline="\n")
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as problem:
        raise error("V0801", f"`{path}` can't be written: {problem.strerror}", exit_status=3) from None
