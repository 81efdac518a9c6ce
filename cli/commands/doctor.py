"""`vitc doctor`."""

import json
from dataclasses import asdict

from ..columns import columns
from ..options import Form, Format


def doctor(format: Format = Form.text) -> None:
    """Shows versions, which providers really load, and how to get what is missing.

    Example: `vitc doctor --format json`.
    """
    from ...application.doctor import installation

    found = installation()
    if format == "json":
        print(json.dumps(asdict(found), indent=2))
    else:
        rows = [("python", found.python, ""), ("vitc", found.vitc or "not installed: it runs from its folder", "")]
        rows += [(name, p.version or "missing", "" if p.version else p.how) for name, p in found.packages.items()]
        rows += [("CUDA in torch", found.cuda, ""), *((name, state, "") for name, state in found.providers.items())]
        rows.append(("telemetry", found.telemetry, ""))
        print(columns(rows))
    if not found.whole:
        raise SystemExit(3)
