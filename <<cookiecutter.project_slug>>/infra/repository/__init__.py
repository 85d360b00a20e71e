"""What the place where the code lives must know and enforce: people, branch, environments, variables of CI."""
