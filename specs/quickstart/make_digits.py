"""Makes `digits.npz` from the copy of the UCI digits inside scikit-learn's wheel: `python make_digits.py`.

Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998,
https://doi.org/10.24432/C50P49, CC BY 4.0. Changed: the counts of ink 0..16 are scaled to 0..255.
"""

import zipfile
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np


def main() -> None:
    """The same bytes on every run: no time stands in the archive."""
    digits: Any = import_module("sklearn.datasets").load_digits()
    arrays: dict[str, np.ndarray] = {
        "images": np.rint(digits.images * (255 / 16)).astype(np.uint8),
        "labels": digits.target.astype(np.uint8),
    }
    with zipfile.ZipFile(Path(__file__).with_name("digits.npz"), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            buffer = BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), buffer.getvalue(), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
