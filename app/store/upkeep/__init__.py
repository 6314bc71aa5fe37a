"""Keeping stored data whole: migrations, verification, backup."""
