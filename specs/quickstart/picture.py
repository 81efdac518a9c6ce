"""Writes one of the pictures that the digits hold back from training as a PNG: `python picture.py OUT [INDEX]`."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

index = int(sys.argv[2]) if len(sys.argv) > 2 else 25
with np.load(Path(__file__).with_name("digits.npz"), allow_pickle=False) as data:
    pixels, label = data["images"][index], int(data["labels"][index])
Image.fromarray(pixels).save(sys.argv[1])
print(f"{sys.argv[1]}: picture {index} of the digits, held back from training; someone wrote a {label}")
