"""Rules about the shape of conversations: conventions, structure, tool use. Those of their text are in `quality/`."""
