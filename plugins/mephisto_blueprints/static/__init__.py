"""What the static blueprints share: data files, options, state, and the building of the site."""
