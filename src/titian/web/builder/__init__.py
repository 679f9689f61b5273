"""The builder of conditions: a tree of groups and rows that is nothing but a form.

Every press of a button sends the whole tree; the server changes it, counts its parts and sends it
back. Nothing is kept between requests, so any worker can answer, and a page works without scripts.
`tree` holds the tree and what can be done to it, `form` reads it, `view` makes it ready to show,
`finding` finds words to add. Pages: audiences (over tags and fields) and rule tags (over fields).
"""
