"""Pictures of the menu: kept by their content, shown in several sizes."""
