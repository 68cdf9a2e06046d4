"""The part that thinks: conversations, profiles, catalog, lake, warehouse, commands.

Nothing here but `definitions.py` imports Dagster; assets, sensors and resources are thin layers above.
"""
