"""What varies pictures while training, one file each: `Settings`, and `vary(settings, images)` on [batch, C, H, W] in [0, 1].

Each picture is drawn for itself, from torch's generator, which the trainer seeds.
"""
