"""The blueprint `remote_procedure`: a page that calls Python functions of its task."""

from mephisto_blueprints.remote_procedure.blueprint import RemoteProcedureBlueprint
from mephisto_blueprints.remote_procedure.caller import Caller

__all__ = ["Caller", "RemoteProcedureBlueprint"]
