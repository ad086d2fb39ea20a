"""Everything that touches a platform: its page of facts, reading its exports, landing, staging, and writing its files back.

Lives elsewhere: what a value means (`dedup/normalise`), who is who (`dedup`), what each platform lacks (`warehouse`).
"""
