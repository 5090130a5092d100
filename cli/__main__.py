"""Lets ``python -m kolmo_cli`` stand for ``kolmo``."""

from .main import main

main()
