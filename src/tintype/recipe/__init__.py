"""The recipe: what to make of every image that arrives. Pure: text and variables in, values out."""
