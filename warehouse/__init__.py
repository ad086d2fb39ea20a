"""The warehouse: a site's files, the DuckDB tables, the ledger, golden values, and what each platform lacks.

Lives elsewhere: reading and writing platform files (`connectors`), who is who (`dedup`).
"""
