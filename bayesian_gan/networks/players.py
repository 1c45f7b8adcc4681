"""The two players of the game, by the names that options, files and messages have for them."""

from typing import Literal, get_args

Player = Literal["generator", "discriminator"]
PLAYERS: tuple[Player, ...] = get_args(Player)
