"""`python -m gateway.cli`, the same as `vigie`."""

from gateway.cli import main

main()
