"""Learning rates over time, one file each: `Settings` with `warmup`, and `factor(settings, done)` for `done` in [0, 1]."""
