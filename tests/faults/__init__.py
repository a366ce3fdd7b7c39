"""The bench of faults: terminals, networks, disks and clocks as people have them.

A short form is part of the test run; ``--faults-long`` runs the long one and prints its table.
"""
