"""The card of a dataset: one page that says what is in it, whether it can train a model, and what to mend.

`sources.py` gathers a `Card`, `page.py` draws it as one HTML file, `templates/` hold its words and looks, `write.py`
writes it whole. Nothing is imported here: who asks for its words alone does not wait for the templates.
"""
