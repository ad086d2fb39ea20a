"""What people decide: verdicts today, the review desk to come. Every decision is a line in the ledger (`warehouse/ledger.py`)."""
