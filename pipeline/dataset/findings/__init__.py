"""What can be said of a line: the catalogue of findings, and the finding. Who finds it: `reading/` and the rules."""
