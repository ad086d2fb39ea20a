"""Who is who: normalising values (`normalise/`), matching records and resolving them into residents, households and dwellings.

Lives elsewhere: reading files (`connectors`), what people decided (`stewardship`), golden values (`warehouse`).
"""
