package main

deny := true if count(input.pull_failures) > 0
