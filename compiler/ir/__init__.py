"""The one representation between the text and the targets: types, graphs, and the tree of layers that holds them."""
