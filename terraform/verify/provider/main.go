// Command terraform-provider-stand-in serves the schema of a Terraform provider where that provider cannot be fetched.
//
// It answers validate and plan as far as the schema and a few hand-written rules go, reaches no cloud, and refuses to apply. It serves the provider that
// its own file name names, terraform-provider-<name>_v<version>, from <name>.json in the folder that TRIBUTARY_PROVIDER_SCHEMAS names. With the argument "check"
// it only says whether it could: Terraform does not pass on why a provider did not start.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

const schemasVariable = "TRIBUTARY_PROVIDER_SCHEMAS"

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	match := regexp.MustCompile(`^terraform-provider-([a-z-]+)_v`).FindStringSubmatch(filepath.Base(os.Args[0]))
	if match == nil {
		return fmt.Errorf("%s is not named terraform-provider-<name>_v<version>, so there is no telling which provider it stands for", os.Args[0])
	}
	folder := os.Getenv(schemasVariable)
	if folder == "" {
		return fmt.Errorf("%s is not set; it names the folder of the provider schemas", schemasVariable)
	}
	document, err := readDocument(filepath.Join(folder, match[1]+".json"))
	if err != nil {
		return err
	}
	if len(os.Args) > 1 && os.Args[1] == "check" {
		return nil
	}
	provider := newProvider(document)
	return tf6server.Serve("registry.terraform.io/hashicorp/"+match[1], func() tfprotov6.ProviderServer { return provider })
}
