"""The cases, one file each: PEERS, USES_CORPORA, and run(context) -> CaseResult."""
