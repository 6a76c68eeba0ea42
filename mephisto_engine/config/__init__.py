"""From a launch config file to a checked LaunchConfig.

Hydra and OmegaConf take a quarter of a second to import; they are imported inside the functions
that compose, and never by importing this package.
"""

from mephisto_engine.config.launch import launch_config_from_dict, load_launch_config
from mephisto_engine.config.launch_config import LaunchConfig
from mephisto_engine.config.task_args import TaskArgs

__all__ = ["LaunchConfig", "TaskArgs", "launch_config_from_dict", "load_launch_config"]
