"""The stream API, served: any program written for version 1 can be pointed at it."""
