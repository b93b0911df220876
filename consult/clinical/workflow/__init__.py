"""The loop of a consult: its states, its clock, and who is on duty. Pure."""
