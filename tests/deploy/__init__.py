"""What deploy/ says is true of the code: names, ports, addresses and settings agree, and nothing runs as root."""
