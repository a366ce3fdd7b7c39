"""The version of the program, from which the packages' own is read when they are built."""

VERSION = "0.1.0"
