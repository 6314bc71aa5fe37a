"""Moving messages out of the tables that came before goal conversations."""
