bucket = "tributary-prod-terraform"
prefix = "tributary"
