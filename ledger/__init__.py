"""Pure accounting: values, the one rule, the recipes and the statements, on the standard library."""
