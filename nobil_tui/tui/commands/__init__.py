"""The commands of the main screen by group: a method for each command, named like its id."""
