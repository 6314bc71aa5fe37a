"""Speed and rightness, measured beside a floor or peer in the same run; `make bench` prints the ratios."""
