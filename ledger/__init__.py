"""Pure accounting: values, the rule, the recipes and statements; standard library only."""
