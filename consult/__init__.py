"""Consult, the domain: photos scrubbed and wrapped, consults asked and answered.

Imports nothing from `api`. See README, "The house", for the map.
"""

__version__ = "0.1.0"
