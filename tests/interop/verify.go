// Verifies each ROOT=FULLCHAIN=NAME triple; a line an answer.
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
)

func all(file string) []*x509.Certificate {
	data, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	var found []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			panic(err)
		}
		found = append(found, c)
	}
	return found
}

func main() {
	for _, arg := range os.Args[1:] {
		part := strings.SplitN(arg, "=", 3)
		roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
		roots.AddCert(all(part[0])[0])
		chain := all(part[1])
		for _, c := range chain[1:] {
			intermediates.AddCert(c)
		}
		options := x509.VerifyOptions{Roots: roots, Intermediates: intermediates, DNSName: part[2]}
		if _, err := chain[0].Verify(options); err != nil {
			fmt.Println("REFUSE", part[1], err)
		} else {
			fmt.Println("ACCEPT", part[1])
		}
	}
}
