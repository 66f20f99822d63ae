"""Makes the online store equal to the marts: what materialize.py runs."""
