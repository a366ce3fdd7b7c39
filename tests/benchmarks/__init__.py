"""What the program costs, measured: ``python -m tests.benchmarks [NAME ...]``.

The real app in a real pseudo-terminal, a real server in a second process, and each figure beside a baseline from the
same run: a machine's own speed, and what else it does meanwhile, falls out of the ratio.
"""
