"""Measuring: how long a night takes, and how matching compares. Figures belong here and never in a test."""
