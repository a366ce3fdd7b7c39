"""Fault tests: faulty terminals, networks, disks and clocks.

A short form is part of the test run; ``--faults-long`` runs the long one and prints its table.
"""
