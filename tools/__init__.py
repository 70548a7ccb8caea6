"""What the tasks of `./do` need beyond one command."""
