"""What people decide, and the desk at which they do. Every decision is a line in the ledger (`warehouse/ledger.py`)."""
