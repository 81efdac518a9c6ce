"""Training: `train.train` from end to end; what a spec chooses by name stands in folders of plug-ins."""
