# The rules of the language itself; those for Google's resources are a plugin that is fetched from GitHub, which `npm test` does without.
config {
  call_module_type = "local"
}

plugin "terraform" {
  enabled = true
  preset  = "all"
}
