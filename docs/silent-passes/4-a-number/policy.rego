package main

deny contains count(input.pull_failures) if count(input.pull_failures) > 0
