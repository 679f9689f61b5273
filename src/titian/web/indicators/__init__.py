"""The page of one indicator: at a bank by organisation, at the union by bank.

`shared` holds what both show (periods, comparisons, the trend); `bank` and `union` put a page
together; `ranking` is their list, `tree` the organisations one can go down.
"""
