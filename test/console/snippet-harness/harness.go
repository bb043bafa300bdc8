package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	input, _ := io.ReadAll(os.Stdin)
	for _, block := range strings.Split(string(input), "\n\n") {
		lines := strings.Split(block, "\n")
		headers := map[string]string{}
		for _, line := range lines[2:] {
			name, value, _ := strings.Cut(line, ": ")
			headers[strings.ToLower(name)] = value
		}
		header := func(name string) string { return headers[strings.ToLower(name)] }
		body, _ := base64.StdEncoding.DecodeString(lines[1])
		fmt.Println(snippets[lines[0]](header, body))
	}
}
