"""The platform's components: each one a file, made of Azure resources that belong together."""
