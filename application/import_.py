"""Importing: the spec of a model of transformers, timm or open_clip."""

from dataclasses import dataclass
from pathlib import Path

from ..diagnostics import error
from ..runtime.importing import imported
from ..runtime.importing.proof import proven
from ..runtime.importing.sheet import Asked
from ..runtime.whole import refuse_taken, whole


@dataclass(frozen=True, slots=True)
class Spec:
    """The name of the model, the text of its spec, and what was decided or left out."""

    name: str
    text: str
    notes: tuple[str, ...]


def import_spec(
    source: str | Path,
    out: str | Path | None = None,
    asked: Asked | None = None,
    *,
    force: bool = False,
    trust: bool = False,
) -> Spec:
    """Translates a configuration, its folder or a file of weights into a spec that passes `check`, and writes it to `out`.

    `asked` says what the file does not tell. Raises V1008 where `out` is there already, without `force`, or can't be written.
    """
    place = Path(out) if out else None
    if place is not None:
        refuse_taken(place, force=force)
        if not place.parent.is_dir():
            raise error("V1008", f"there is no folder `{place.parent}` to write `{place.name}` into")
    sheet = imported(Path(source), asked or Asked(), place.parent if place else Path(), trust=trust)
    text = sheet.text()
    proven(sheet, text)
    if place is not None:
        with whole(place) as file:
            file.write(text.encode())
    return Spec(sheet.name, text, tuple(sheet.notes))
