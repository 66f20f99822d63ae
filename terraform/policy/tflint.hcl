# The rules of the language itself; those for Google's resources are a plugin that is fetched from GitHub, which `npm test` does without.
config {
  # Each module is looked at by itself; from its callers it cannot be, for what they are given is only known when deploying.
  call_module_type = "none"
}

plugin "terraform" {
  enabled = true
  preset  = "all"
}

# Modules are divided by subject, such as access.tf and keys.tf; inputs, outputs and versions have the files that the rule wants.
rule "terraform_standard_module_structure" {
  enabled = false
}
