"""Language-model providers behind one interface. They know nothing of the application; nothing is imported here, so
that an idle server carries no SDK."""
