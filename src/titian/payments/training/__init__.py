"""Learning from labels that come late: datasets, models, and honest evaluation out of time.

`config` says how a file's columns are called, `dataset` reads it and computes the declared
features causally, `folds` is the protocol, `models` the learners, `scoring` the figures, and
`evaluate` puts them together for `titian payments evaluate`.
"""
