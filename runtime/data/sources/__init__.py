"""Where pictures come from, one file each: `Settings`, and `read(settings, base, preprocess, wanted) -> Parts`."""
