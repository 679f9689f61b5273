"""In-flight payment risk: an event is judged before the money moves, and the judgement explained.

One event's path: decode -> intern keys -> windows -> profile -> channel state -> model -> policy ->
journal -> reply. The hot path touches no database and no lake; policies and models are compiled
once and swapped whole. This room may use `decide`, `data`, `lake` and `kernel`; it knows no page
and none of the other four systems.

Where things are
    model.py     the words: events, channels, outcomes, decisions      errors.py   refusals
    features/    velocity features: declared once, compiled twice      windows/    their kernel
    channels/    what each channel is doing: the vector autoregression
    engine/      the path of one event, intake and limits              journal/    durable decisions
    lists.py, graph/, rings/, cases/, reports/                         around the decision
    training/    labels that come late, training, evaluation           presets/    what ships
"""
