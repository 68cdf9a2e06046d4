"""What is in a dataset: statistics, words, duplicates, and the pictures of them."""
