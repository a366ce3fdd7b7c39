"""What a user can connect to: the simulation, a server of version 1, NOBIL Real-time, a recording."""
