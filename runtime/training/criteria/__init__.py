"""What is minimised, one file each: `Settings`, and `loss(settings, logits, labels)`, the mean over the batch."""
