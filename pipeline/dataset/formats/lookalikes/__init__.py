"""What a line, a row or a whole file seems to be that is of no format that we know, so that its report says the remedy.

Guesses for people: what is accepted does not depend on them. Each looks at a bounded sample, and says "may be" where
something else could be meant. What can be mended without asking anybody is in `repairs.py`.
"""
