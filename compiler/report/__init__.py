"""What a model is and costs, of its program and graph; nothing here changes either."""
