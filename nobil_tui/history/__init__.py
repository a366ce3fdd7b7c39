"""The history of the stations: changes and occupancy by hour of the week, in one database."""
