"""Optimizers, one file each: `Settings` with `lr`, and `build(settings, groups)`."""
