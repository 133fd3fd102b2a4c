"""Side-by-side measurements: Vigie, a bare pass-through, and its peers, in one run (`make bench`, `python -m bench`).

Every peer is started from its own packages, on loopback, in front of one instant provider stand-in (`upstream`), and
driven by one load generator (`load`) in rounds, so that drift of the machine is shared. `peers` says how each starts,
`rounds` measures, `report` and `plot` write the pages; `profile` shows where Vigie's own microseconds go.
"""
