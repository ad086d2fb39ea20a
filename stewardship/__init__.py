"""What people decide: verdicts and, later, the review desk. Every decision is a line in the ledger (`warehouse/ledger.py`)."""
