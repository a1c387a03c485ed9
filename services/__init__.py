"""The services. None imports another: they share the events of `contracts`, nothing else."""
