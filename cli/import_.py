"""`vitc import`."""

import json
import os
from pathlib import Path

from ..diagnostics import error
from ..runtime.importing import imported
from ..runtime.importing.proof import proven
from ..runtime.importing.sheet import Asked
from ..runtime.whole import whole


def run(source: str, out: str | None, asked: Asked, force: bool, format: str, *, trust: bool = False) -> None:
    """Writes the spec of a model, or prints it; it is checked before."""
    place = Path(out) if out else None
    if place is not None and os.path.lexists(place) and not force:
        raise error(
            "V1008", f"`{out}` is there already", exit_status=2, help="--force writes over it; -o takes another"
        )
    if place is not None and not place.parent.is_dir():
        raise error("V1008", f"there is no folder `{place.parent}` to write `{place.name}` into", exit_status=3)
    sheet = imported(Path(source), asked, place.parent if place else Path(), trust=trust)
    text = sheet.text()
    proven(sheet, text)
    if place is not None:
        with whole(place) as file:
            file.write(text.encode())
    if format == "json":
        print(json.dumps({"file": out, "model": sheet.name, "text": text, "notes": sheet.notes}, indent=2))
        return
    if out is None:
        print(text, end="")
        return
    print(f"{out}: model {sheet.name}")
    for note in sheet.notes:
        print(f"# {note}")
