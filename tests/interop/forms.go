// Reads keys and certificates in the forms given as FORM=FILE; a line an answer.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
)

func read(form, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	switch form {
	case "combined":
		_, err = tls.X509KeyPair(data, data)
	case "cert.der":
		_, err = x509.ParseCertificate(data)
	case "pkcs8.der":
		_, err = x509.ParsePKCS8PrivateKey(data)
	case "pkcs1":
		block, _ := pem.Decode(data)
		_, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "sec1":
		block, _ := pem.Decode(data)
		_, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		err = fmt.Errorf("no form %s", form)
	}
	return err
}

func main() {
	for _, arg := range os.Args[1:] {
		form, file, _ := strings.Cut(arg, "=")
		if err := read(form, file); err != nil {
			fmt.Println("REFUSE", form, err)
		} else {
			fmt.Println("ACCEPT", form)
		}
	}
}
