"""From a syntax tree to a checked program, a graph, and the files of every target; `driver` has the whole way."""
