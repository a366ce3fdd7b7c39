"""Benchmarks: ``python -m tests.benchmarks [NAME ...]``.

They run the real app in a pseudo-terminal and a real server in a second process. Each figure is
compared with a baseline from the same run, so that the ratio does not depend on the machine's speed
and load.
"""
