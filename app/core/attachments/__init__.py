"""What a file that was sent along may be called and may be: pure rules over names and first bytes."""
