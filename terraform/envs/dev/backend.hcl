bucket = "tributary-dev-terraform"
prefix = "tributary"
