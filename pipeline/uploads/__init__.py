"""What is new in the store, what it is called, and which datasets go into one run: values in, values out.

Reading and writing the store is `pipeline.store`; what is already known, and in which state, is `pipeline.catalog`.
"""
