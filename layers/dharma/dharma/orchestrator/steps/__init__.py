"""The steps of the state machine `deploy`, a module each.

    receive -> validate -> [guardrails] -> [generate] -> [cost] -> plan -> [guardrails]
            -> approve -> prepare -> execute -> monitor -> verify -> record -> notify
    undo -> undo_monitor -> undo_verify -> fail -> notify

Those in brackets belong to other capabilities, which read and write through the same `StepRun`.
A step gets identifiers, works on what is stored, and may be run again at any time.
"""
