"""Has mail scanned for viruses by clamd, and holds what it cannot scan yet."""
