"""The rules that find what is well-formed and should not be trained on; nothing of the engine is known here.

A rule is a function: its name is the public code, its docstring the entry in the catalogue. What it looks at says its
kind: the frames of conversations and turns (`conversation_rules.py`), a text (`text_rules.py`), an answer and its
question (`answer_rules.py`). The errors of rows are no rules; they are in `dataset/findings/`.
"""
