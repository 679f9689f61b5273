"""The data platform: feeds in, jobs and checks over them, indicators, tags and parties out.

It may use `kernel`, `lake` and `decide`. It never imports a system, a page or the province.
`definitions` knows where definition files live; `presets/` holds those of the package.
"""
