"""The words that all of `dataset/` speaks: a conversation, its columns' types, JSON, words."""
