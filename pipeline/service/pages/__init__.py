"""The pages that people use: server-rendered HTML with one style sheet and one script of our own.

The view modules are pure: records in, values to show out. `render.py` turns those into HTML, `routes` answer
requests. What a person may see is decided in the service layer, never here.
"""
