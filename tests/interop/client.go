// Connects to each HOST:PORT, trusting one file; a line an answer.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
)

func main() {
	pem, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		panic("no certificate")
	}
	for _, target := range os.Args[2:] {
		host, _, _ := net.SplitHostPort(target)
		conn, err := tls.Dial("tcp", target, &tls.Config{RootCAs: roots, ServerName: host})
		if err != nil {
			fmt.Println("REFUSE", err)
			continue
		}
		conn.Close()
		fmt.Println("ACCEPT")
	}
}
