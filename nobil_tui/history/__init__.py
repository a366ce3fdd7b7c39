"""What was observed of the stations: changes and occupancy by hour of the week, in one database."""
