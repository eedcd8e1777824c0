"""lithostat materials: the cards, every number with its unit, source and tag."""

from __future__ import annotations

from typing import Annotated

import typer

from lithostat.commands.options import Json
from lithostat.terminal import card_json, open_console, print_card, print_cards, print_json


def materials(
    name: Annotated[str | None, typer.Argument(help="A card; all of them if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Show the material cards: every number with its unit, source and evidence tag."""
    from lithostat.materials.card import cards, find

    chosen = [find(name)] if name else list(cards().values())
    if as_json:
        print_json([card_json(card) for card in chosen])
    elif name:
        print_card(open_console(stderr=False), chosen[0])
    else:
        print_cards(open_console(stderr=False), chosen)
