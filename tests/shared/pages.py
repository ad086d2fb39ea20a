"""The beginning of a platform's page, the same for all platforms that tests make up.

Belongs here: what every page has to say first. Lives elsewhere: what each test's platform is about.
"""

HEAD = """
id = "P000"
title = "试验平台"
department = "社区"
level = "区"
tier = "T2"
entities = ["person"]
cadence = "日"
transport = "inbox"
basis = "modelled"
trust = 50
"""
