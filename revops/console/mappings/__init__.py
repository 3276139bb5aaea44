"""The grid of every map, its gaps and files, change sets, and the ownership matrix."""
