"""The command ``kolmo``: reads arguments, calls the library, words results and errors."""
