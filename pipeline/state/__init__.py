"""What the system remembers, and where: catalog, lake, store and warehouse. What happens when is in `flow/`."""
