package main

import data.lib.image

mutable_tags = {"latest", "1.0", "stable"}

images[ref] {
	ref := input.pods[_].images[_]
}

deny[msg] {
	ref := images[_]
	mutable_tags[image.tag(ref)]
	msg = sprintf("image %s has a tag that moves", [ref])
}

deny[msg] {
	ref := images[_]
	not image.host(ref)
	msg = sprintf("image %s does not name its registry", [ref])
}
