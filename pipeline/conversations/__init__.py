"""From bytes to verdicts: the rule for a line, the reader, the findings catalogue, the engine."""
