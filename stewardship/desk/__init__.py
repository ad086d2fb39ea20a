"""The steward's desk: the web app in which people settle what the data cannot.

    guard.py      who is asking: sessions, forms, headers
    current.py    the snapshot and the verdicts of now
    rendering.py  templates and words
    answers.py    a page, or going on to one that says what was done
    entry.py      logging in and out
    tonight.py    what the night did and what waits, the page after logging in; todo.py counts it
    queue.py      what waits for a steward
    review.py     a case, a verdict
    people.py     looking somebody up, one resident
    moving.py     records that are somebody else's; moves.py lists what of that waits for a second person
    approvals.py  what waits before it goes to a platform
    refusals.py   what a platform did not take, batches in doubt
    intake.py     exports at the gate, rows in quarantine
    platforms.py  how each platform stands, going live
    enter.py      the office's own form
    audit.py      who looked at what, both books proven
    accounts.py   accounts, one's own password
    app.py        which address leads to which of these

Belongs here: requests and pages. Lives elsewhere: everything that could be done without a browser, in the modules of
`stewardship` above.
"""
