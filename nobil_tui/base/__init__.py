"""What any room may use: knows no charger and no Textual."""
