"""The steward's desk: the web app in which people settle what the data cannot.

    guard.py      who is asking: sessions, forms, headers
    current.py    the snapshot and the verdicts of now
    rendering.py  templates and words
    entry.py      logging in and out
    review.py     the queue, a case, a verdict
    people.py     looking somebody up, one resident
    app.py        which address leads to which of these

Belongs here: requests and pages. Lives elsewhere: everything that could be done without a browser, in the modules of
`stewardship` above.
"""
