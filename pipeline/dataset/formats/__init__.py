"""From a file's bytes to its rows: containers, recognition, arrays, lines. The formats of a row are in `rows/`."""
