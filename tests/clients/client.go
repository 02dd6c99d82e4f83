package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
)

func ask(host, port, trust string) string {
	pem, err := os.ReadFile(trust)
	if err != nil {
		return err.Error()
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	conn, err := tls.Dial("tcp", "127.0.0.1:"+port, &tls.Config{ServerName: host, RootCAs: roots})
	if err != nil {
		return strings.ReplaceAll(err.Error(), "\n", " ")
	}
	conn.Close()
	return "OK"
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		parts := strings.Split(in.Text(), "\t")
		fmt.Println(ask(parts[0], parts[1], parts[2]))
	}
}
