"""Conducting: Dagster assets, checks, schedule, and the command line. The only folder that imports dagster."""
