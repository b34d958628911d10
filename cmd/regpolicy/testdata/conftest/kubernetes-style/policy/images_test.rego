package main

test_moving_tag {
	deny["image registry.example/a:latest has a tag that moves"] with input as {"pods": {"a/b": {"images": ["registry.example/a:latest"]}}}
}

test_fixed_tag {
	count(deny) == 0 with input as {"pods": {"a/b": {"images": ["registry.example/a:1.2.3"]}}}
}
