package main

import "istio.io/istio/pkg/about"

func main() { about.Say("istioctl") }
