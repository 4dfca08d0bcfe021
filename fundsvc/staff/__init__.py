"""Staff: who may sign in, what each role may open, and which units a person sees."""
