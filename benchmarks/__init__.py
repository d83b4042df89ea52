"""What Ponty costs, side by side with its peers. `python -m benchmarks --help` tells how to ask for parts of it."""
