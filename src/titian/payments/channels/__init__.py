"""What each channel is doing now: a Bayesian vector autoregression over binned channel behaviour.

The line, one file a step: `series` (events → bins), `calendar` and `stabilise` (bins → normal
scores), `prior`, `fit` and `choose` (scores → model), `online` (recursive learning), `statistics`,
`conformal` and `fdr` (innovations → alarms), `contributions` (who is to blame), `monitor` (the
whole line, bin by bin), `state` (what decisions read). `gates` says whether the model may be
believed, `structure` serves analysts, `cohort` scores the behaviour of single customers.
`history` reads a bank's lake, `report` and `show` are the command's, `snapshot` keeps a monitor.

What it never does: block a payment. A channel's state is a feature and a bounded shift.
"""
