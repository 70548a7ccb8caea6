"""The entry points: each translates between the world outside and the one way in."""
