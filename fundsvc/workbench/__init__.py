"""The reconciliation workbench: lines of the bank are matched, decided and signed off."""
