"""What is nearly said twice in a file: near-duplicates with their clusters, and prompts with several answers."""
