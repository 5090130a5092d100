"""The suites of `kolmo bench`: one file is one suite."""
