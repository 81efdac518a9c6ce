"""Writes docs/zoo.md: `python tests/zoo/table.py build/zoo.json`, where the file holds the errors that `make zoo` measured.

The list of what timm has is of timm's own registry; the figures of a sheet are the compiler's.
"""

import json
import sys
from pathlib import Path
from typing import Any

import vitc
from kinds import KINDS
from vitc.compiler.elaborate.bundled import SPECS
from vitc.compiler.elaborate.library import load

COLUMNS = ("torch, unit", "torch, faint", "onnx, unit", "onnx, faint")


def main() -> None:
    """The whole page."""
    measured = json.loads(Path(sys.argv[1]).read_text())
    sheets = {path.stem: load(path).models() for path in sorted((SPECS / "zoo").glob("*.vit"))}
    theirs = set(measured["models"])
    ours = {name for names in sheets.values() for name in names}
    head = _head(len(theirs), len(theirs & ours), sorted(theirs - ours))
    lines = [*head, *_errors(measured["errors"]), *_sheets(sheets, theirs)]
    (SPECS.parent / "docs" / "zoo.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _head(count: int, held: int, missing: list[str]) -> list[str]:
    return [
        "# The zoo",
        "",
        "Written by `make zoo`; nothing here is written by hand.",
        "",
        f"`specs/zoo` holds {held} of the {count} models that timm 1.0.31 registers in its modules of plain Vision Transformers,",
        "under timm's names, each with its state-dict names and shapes (a test compares them all on the meta device).",
        f"Not there: {', '.join(f'`{name}`' for name in missing) if missing else 'none'}.",
        "",
    ]


def _errors(errors: dict[str, dict[str, Any]]) -> list[str]:
    """The largest errors, one model of each kind."""
    kinds = {name for _, _, name in KINDS}
    without = sorted(kinds - {name for name, found in errors.items() if len(found) == 1 + len(COLUMNS)})
    lines = [
        "## Numbers",
        "",
        "One model of every kind (the same operators with the same attributes on weights of the same names), the smallest, with",
        "timm's weights drawn anew: largest error relative to max(1, largest output), at most 1e-5. `unit`: matrices",
        "N(0, 1/fan-in), gains 1 ± 0.2, the rest 0.2; `faint`: what writes the residual stream is 300 times quieter, so that a wrong",
        "eps shows. Above 100 million parameters, and where attention is over thousands of tokens, both sides are smaller: what",
        "was set instead of the sheet's value stands in brackets.",
        f"Measured: {len(kinds) - len(without)} of {len(kinds)} kinds"
        + (f"; not yet {', '.join(f'`{name}`' for name in without)}." if without else "."),
        "",
        "| model | PyTorch, unit | faint | ONNX, unit | faint |",
        "|---|---|---|---|---|",
    ]
    for name, found in sorted(errors.items()):
        smaller = ", ".join(f"{key} = {value}" for key, value in found["smaller"].items())
        lines.append(
            f"| {name}{f' ({smaller})' if smaller else ''} | "
            + " | ".join(f"{found[c]:.0e}" if c in found else "" for c in COLUMNS)
            + " |"
        )
    return [*lines, ""]


def _sheets(sheets: dict[str, tuple[str, ...]], theirs: set[str]) -> list[str]:
    lines = ["## Sheets", ""]
    for family, names in sheets.items():
        known = [name for name in names if name in theirs]
        if not known:
            continue
        lines += [f"### {family}.vit", "", "| model | parameters | picture | GMACs |", "|---|---|---|---|"]
        for name in known:
            found = vitc.load(SPECS / "zoo" / f"{family}.vit", name)
            channels, height, width = found.graph.inputs[0].type.shape
            lines.append(f"| {name} | {found.params:,} | {height}x{width}x{channels} | {found.macs / 1e9:,.2f} |")
        lines.append("")
    return lines


if __name__ == "__main__":
    main()
