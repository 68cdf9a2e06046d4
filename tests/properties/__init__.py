"""Promises that hold for every input, checked by hypothesis on inputs that it makes up."""
