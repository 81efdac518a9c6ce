"""Weights: opened from anyone's file, matched with a model by a layout, drawn, written."""
