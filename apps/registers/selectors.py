"""Reading imports of registers, cut to what the actor may see."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.accounts.actors import Actor
from apps.registers.books import REGISTERS
from apps.registers.models import RegisterImport
from apps.registers.resources import Register


def registers_of(actor: Actor) -> list[Register]:
    """The registers that the actor reads as a whole."""
    return [register for register in REGISTERS if register.may_read(actor)]


def register_imports_visible_to(actor: Actor) -> QuerySet[RegisterImport]:
    """A file shows what its register shows: whoever reads the register sees its imports."""
    return RegisterImport.objects.filter(register__in=[register.slug for register in registers_of(actor)])
