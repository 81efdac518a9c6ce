"""What happens with files and numbers once a model is compiled: weights, data, training, prediction, verification."""
